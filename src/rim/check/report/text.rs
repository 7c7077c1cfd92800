//! Lines for people: `path:line:column: rule-id  about  (N bytes, fp xxxxxxxx)`.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Entry, Report, Summary};
use crate::rim::check::NOTES;

/// Digits of a fingerprint that people are shown; the other forms have all of them.
const DIGITS: usize = 8;

const PATH: Style = AnsiColor::Magenta.on_default();
const RULE: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default();

/// Whether it is a line of such a report.
pub(super) fn is_line(line: &str) -> bool {
    let line = NOTES
        .iter()
        .find_map(|note| {
            let line = line.strip_suffix(note)?;
            line.strip_suffix("  ")
        })
        .unwrap_or(line);
    let parts = || {
        let (finding, fingerprint) = line.strip_suffix(')')?.rsplit_once(" bytes, fp ")?;
        let (finding, length) = finding.rsplit_once("  (")?;
        let (finding, _about) = finding.rsplit_once("  ")?;
        let (place, rule) = finding.rsplit_once(": ")?;
        let mut place = place.rsplitn(3, ':');
        let numbers = [length, place.next()?, place.next()?];
        let is_number = |text: &str| text.parse::<u64>().is_ok();
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
        let is_hex = |byte: u8| byte.is_ascii_hexdigit();
        Some(
            numbers.into_iter().all(is_number)
                && rule.bytes().all(is_id)
                && fingerprint.len() == DIGITS
                && fingerprint.bytes().all(is_hex),
        )
    };
    parts().unwrap_or(false)
}

/// Keeps nothing. Styles are taken out again where the output is no terminal.
pub(super) struct Text;

impl Report for Text {
    fn finding(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()> {
        let Entry {
            path, rule, secret, ..
        } = entry;
        let (id, about) = (&rule.id, &rule.about);
        let fingerprint = &secret.fingerprint[..DIGITS];
        write!(
            out,
            "{PATH}{path}{PATH:#}:{}:{}: {RULE}{id}{RULE:#}  {about}  ({} bytes, fp {fingerprint})",
            secret.place.line, secret.place.column, secret.length,
        )?;
        if let Some(note) = entry.note {
            write!(out, "  {NOTE}{note}{NOTE:#}")?;
        }
        writeln!(out)
    }

    fn finish(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_reports_are_known() {
        let line = "a: b/x  y.txt:2:12: fields/password  Passwords (all)  (16 bytes, fp 0123abcd)";
        assert!(is_line(line));
        assert!(is_line(&format!("{line}  {}", NOTES[0])));
        for other in [
            "",
            "password=x",
            &format!("{line} x"),
            &format!("{line}  x"),
            &line.replace("0123", "012x"),
            &line.replace(":12:", ":x:"),
            &line[..line.len() - 1],
        ] {
            assert!(!is_line(other), "{other}");
        }
    }
}
