//! Lines for people: `path:line:column: rule-id  about  (N bytes, fp xxxxxxxx)`.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Entry, Report, Summary};

/// Digits of a fingerprint that people are shown; the other forms have all of them.
const DIGITS: usize = 8;

const PATH: Style = AnsiColor::Magenta.on_default();
const RULE: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default();

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
