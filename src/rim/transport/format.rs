//! How an input is cut into records, and telling that by its beginning.

use blackbar::Framing;

/// How inputs are cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Every input in the same way.
    Fixed(Framing),
    /// Lines; but a file `*.json` that begins like an indented document is one record.
    Auto,
}

impl Format {
    /// How an input is cut before anything of it has been seen.
    pub(crate) fn first_guess(self) -> Framing {
        match self {
            Self::Fixed(framing) => framing,
            Self::Auto => Framing::Lines,
        }
    }

    /// How an input is cut that begins with `head`. One that is still being written is cut
    /// into lines, for its end may never come, and so is one that is not named as JSON, for
    /// other lines may follow (`lines_only`).
    pub(crate) fn framing(self, head: &[u8], lines_only: bool) -> Framing {
        match self {
            Self::Fixed(framing) => framing,
            Self::Auto if !lines_only && is_indented_document(head) => Framing::Document,
            Self::Auto => Framing::Lines,
        }
    }
}

/// Whether the first line opens a value of JSON that it does not close, and the next one
/// goes on like an indented document.
fn is_indented_document(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start();
    if !matches!(head.first(), Some(b'{' | b'[')) {
        return false;
    }
    let Some(newline) = head.iter().position(|&byte| byte == b'\n') else {
        return false;
    };
    let next = head.get(newline + 1);
    is_open(&head[..newline])
        && matches!(
            next,
            Some(b' ' | b'\t' | b'{' | b'[' | b'"' | b'\r' | b'\n')
        )
}

/// Whether more brackets open than close, strings aside.
fn is_open(line: &[u8]) -> bool {
    let (mut depth, mut string, mut escaped) = (0_i64, false, false);
    for &byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            b'{' | b'[' if !string => depth += 1,
            b'}' | b']' if !string => depth -= 1,
            _ => {}
        }
    }
    depth > 0 && !string
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indented_document_is_told_from_lines() {
        for document in [
            "{\n  \"a\": 1\n}\n",
            "\u{feff}[\r\n  1\r\n]",
            "[{\n\t\"a\": 1}]",
            "\n[\n{\"a\":1}]",
        ] {
            let framing = Format::Auto.framing(document.as_bytes(), false);
            assert_eq!(framing, Framing::Document, "{document:?}");
            assert_eq!(
                Format::Auto.framing(document.as_bytes(), true),
                Framing::Lines
            );
        }
        for lines in [
            "",
            "{",
            "{}\n  x",
            "{\"a\":1}\n{\"a\":2}\n",
            "{\"a\":[1,2\nplain",
            "[INFO] x\n  y",
            "{\"a\":\"{\n  ",
            "text {\n  x\n}",
        ] {
            assert_eq!(
                Format::Auto.framing(lines.as_bytes(), false),
                Framing::Lines,
                "{lines:?}"
            );
        }
    }
}
