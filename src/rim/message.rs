//! What we say on standard error: one line each, and never a byte of payload (G7).

use std::fmt::Display;
use std::io::{self, Write};
use std::panic;
use std::path::Path;

/// Writes `blackbar: message` as one line to standard error.
///
/// A standard error that cannot be written to is not worth dying for.
pub(crate) fn report(message: &dyn Display) {
    let line = printable(&format!("blackbar: {message}"));
    let _ = writeln!(io::stderr(), "{line}");
}

/// The text of an I/O error without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

/// A path as messages show it.
pub(crate) fn name(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// Panics say where the defect is and nothing else: a panic's own text may hold what
/// it was looking at.
pub(crate) fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        report(&format_args!(
            "internal error{place}; the output ends here, please report it"
        ));
    }));
}

/// Keeps a message on its line and a terminal unharmed.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_line() {
        assert_eq!(
            name(Path::new("a\nb\x1b[31m.log")),
            "a\u{fffd}b\u{fffd}[31m.log"
        );
    }

    #[test]
    fn reasons_have_no_numbers() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(reason(&missing), "No such file or directory");
        assert_eq!(reason(&io::Error::other("odd")), "odd");
    }
}
