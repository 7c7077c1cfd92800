//! Dockerfiles: `ENV NAME value`, the older form without an equals sign.
//!
//! `ENV NAME=value` and `ARG NAME=value` are assignments that the engine knows. In the
//! older form the blank after the name stands for the sign, so the look writes one there;
//! every offset stays what it was.

/// The text with each such blank replaced, where there is any.
pub(crate) fn with_assignments(text: &[u8]) -> Option<Vec<u8>> {
    let mut blanks = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        blanks.extend(blank_after_name(line).map(|blank| at + blank));
        at += line.len();
    }
    if blanks.is_empty() {
        return None;
    }
    let mut text = text.to_vec();
    for blank in blanks {
        text[blank] = b'=';
    }
    Some(text)
}

/// Where in `ENV NAME value` the blank before the value is.
fn blank_after_name(line: &[u8]) -> Option<usize> {
    let instruction = blanks(line, 0);
    let name = instruction + 3;
    if !line.get(instruction..name)?.eq_ignore_ascii_case(b"env") {
        return None;
    }
    let start = blanks(line, name);
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = start + line[start..].iter().take_while(is_name).count();
    let value = blanks(line, end);
    let given = !matches!(line.get(value), None | Some(b'=' | b'\\' | b'\r' | b'\n'));
    // The blank nearest to the value, so that nothing comes between sign and value.
    (start > name && end > start && value > end && given).then(|| value - 1)
}

/// The offset of the first byte from `at` on that is no blank.
fn blanks(line: &[u8], at: usize) -> usize {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    at + line[at..].iter().take_while(is_blank).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_form_becomes_an_assignment() {
        let text = b"FROM x\nENV A_PASSWORD  open\n  env B c d\r\nENV C=d E f\nENV D\nENVY x y\n";
        let expected =
            b"FROM x\nENV A_PASSWORD =open\n  env B=c d\r\nENV C=d E f\nENV D\nENVY x y\n";
        assert_eq!(with_assignments(text).as_deref(), Some(&expected[..]));
        assert_eq!(with_assignments(b"FROM x\nENV A=b\nARG TOKEN=x\n"), None);
    }
}
