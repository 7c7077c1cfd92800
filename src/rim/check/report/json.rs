//! One object: the findings, then the counters.

use std::io::{self, Write};

use serde::Serialize;

use super::{Entry, Report, Summary, item};

/// What every report begins with.
pub(super) const HEAD: &[u8] = b"{\"version\":1,\"findings\":[";

pub(super) struct Json {
    begun: bool,
    first: bool,
}

impl Default for Json {
    fn default() -> Self {
        Self {
            begun: false,
            first: true,
        }
    }
}

impl Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        out.write_all(HEAD)
    }
}

#[derive(Serialize)]
struct Finding<'a> {
    path: &'a str,
    line: u64,
    column: u64,
    offset: u64,
    length: u64,
    rule: &'a str,
    about: &'a str,
    fingerprint: &'a str,
    doubtful: bool,
    note: Option<&'a str>,
}

impl Report for Json {
    fn finding(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()> {
        self.begin(out)?;
        let finding = Finding {
            path: entry.path,
            line: entry.secret.place.line,
            column: entry.secret.place.column,
            offset: entry.secret.offset,
            length: entry.secret.length,
            rule: &entry.rule.id,
            about: &entry.rule.about,
            fingerprint: &entry.secret.fingerprint,
            doubtful: entry.secret.doubtful,
            note: entry.note,
        };
        item(out, &mut self.first, &finding)
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        self.begin(out)?;
        let Summary {
            files,
            bytes,
            findings,
            known,
            allowed,
            tracked,
            binary,
            unseen,
            refused,
            unreadable,
        } = summary;
        writeln!(
            out,
            "\n],\"summary\":{{\"files\":{files},\"bytes\":{bytes},\"findings\":{findings},\
             \"known\":{known},\"allowed\":{allowed},\"tracked_although_ignored\":{tracked},\
             \"skipped_binary\":{binary},\"skipped_unseen\":{unseen},\
             \"named_but_not_checked\":{refused},\"unreadable\":{unreadable}}}}}"
        )?;
        out.flush()
    }
}
