//! What became of each suspect of the fields: the same judgement, told.

use super::ends::End;
use super::judge::{self, AFTER, Around, BEFORE};
use super::{Fields, form, name, pair, quote, reference, separator};
use crate::core::explain::{Considered, Outcome, Reason};
use crate::core::mask::is_placeholder;
use crate::core::scanner::prefilter::Suspect;
use crate::core::scanner::{Detector, View};

/// What of a record is looked at for one suspect.
struct Place<'a> {
    around: Around<'a>,
    /// The offset in the record of what is around.
    from: usize,
    /// The suspect, as an index in what is around.
    at: usize,
}

impl Fields {
    /// Tells what becomes of the suspects in a whole record, without what earlier records
    /// have left.
    pub(in crate::core::scanner) fn trace(
        &self,
        record: &[u8],
        suspects: &[Suspect],
        out: &mut Vec<Considered>,
    ) {
        let view = View::whole(record);
        let mut state = self.state();
        let mut found = Vec::new();
        // Two anchors in one name are one place.
        let mut last = None;
        for suspect in suspects {
            let at = suspect.at as u64;
            if suspect.anchor < self.first_anchor || at < state.next {
                continue;
            }
            self.suspect(at, view, &mut state, &mut found);
            state.next = at + 1;
            let anchor = &self.anchors[(suspect.anchor - self.first_anchor) as usize].bytes;
            let mut tell = |rule: Option<u32>, outcome| {
                out.push(Considered {
                    rule: rule.map(|rule| rule as usize),
                    anchor: Some(anchor.clone()),
                    at: suspect.at,
                    outcome,
                });
            };
            if found.is_empty() {
                // An escape is in any text that has escapes.
                let escape = matches!(anchor[0], b'\\' | b'%');
                // And these are common words.
                let common = escape || matches!(&anchor[..], b"access" | b"private");
                let passed = self.passed(&place(view, suspect.at), view);
                if let Some((start, rule, reason)) = passed
                    && last != Some(start)
                    && !(common && reason == Reason::Name)
                {
                    last = Some(start);
                    tell(rule, Outcome::Passed(reason));
                }
            }
            for finding in found.drain(..) {
                let secret = finding.start as usize..finding.end.min(view.end()) as usize;
                let outcome = Outcome::Found {
                    secret,
                    verified: None,
                    undecided: finding.undecided,
                };
                tell(Some(finding.rule), outcome);
            }
        }
    }

    /// Why nothing is found, with the start of the name and its entry. None where the
    /// value is told already, for another suspect.
    fn passed(&self, place: &Place<'_>, view: View<'_>) -> Option<(usize, Option<u32>, Reason)> {
        let bytes = place.around.bytes;
        if form::is_in_mask(bytes, place.at) {
            return Some((place.from + place.at, None, Reason::Placeholder));
        }
        let mut claims = Vec::new();
        let mut senses = |name: &[u8]| self.names.sense(name);
        let left = judge::judge(
            &self.names,
            &mut senses,
            place.around,
            place.at,
            &mut claims,
        );
        if !claims.is_empty() {
            let allowed = claims.iter().find(|claim| {
                let start = (place.from + claim.start) as u64;
                self.is_allowed(claim.extent, start, view)
            })?;
            let rule = self.first_rule + allowed.entry;
            return Some((place.from + allowed.start, Some(rule), Reason::Allowed));
        }
        let reasons = name::read(bytes, place.at)
            .into_iter()
            .flatten()
            .map(|found| {
                let (entry, reason) = self.reason(bytes, &found);
                let ends = left.is_some() && entry.is_some();
                let reason = if ends { Reason::Next } else { reason };
                let rule = entry.map(|entry| self.first_rule + entry);
                (place.from + found.start, rule, reason)
            });
        // The reading of the name that comes the furthest.
        let none = (place.from + place.at, None, Reason::Name);
        Some(reasons.max_by_key(|told| told.2).unwrap_or(none))
    }

    fn reason(&self, bytes: &[u8], found: &name::Found) -> (Option<u32>, Reason) {
        let mut buffer = [0; 4 * name::EXTENT];
        let text = name::decoded(&bytes[found.start..found.end], &mut buffer);
        let Some(sense) = self.names.sense(text) else {
            let benign = self.names.is_exception(text);
            return (None, if benign { Reason::Benign } else { Reason::Name });
        };
        let entry = Some(sense.entry);
        let follows = pair::value_of(bytes, found).or_else(|| separator::read(bytes, found));
        let Some(separator) = follows else {
            return (entry, Reason::Separator);
        };
        let value = separator.value;
        let opening = quote::opening(bytes, value);
        let inside = (value + opening.map_or(0, |(_, length)| length)).min(bytes.len());
        let end = opening.map_or(End::Word, |(quote, _)| End::Quote(quote));
        let text = match end.find(bytes, inside, true) {
            Ok(end) => &bytes[inside..end],
            Err(to) => &bytes[inside..to],
        };
        // A placeholder or a reference, which may go on where a word ends.
        let leading = [value, inside].into_iter().find_map(|at| {
            let rest = bytes.get(at..)?;
            reference::leading(rest, sense.thorough).map(|length| &rest[..length])
        });
        let nothing = match opening {
            Some(_) => form::is_nothing_quoted(text, sense.thorough),
            None => form::is_nothing(text, sense.thorough),
        };
        let reason = if is_placeholder(text) || leading.is_some_and(is_placeholder) {
            Reason::Placeholder
        } else if nothing || leading.is_some() {
            Reason::Nothing
        } else {
            Reason::Unlikely
        };
        (entry, reason)
    }
}

/// The bytes that are judged for the suspect at `at`.
fn place(view: View<'_>, at: usize) -> Place<'_> {
    let from = at.saturating_sub(BEFORE);
    let to = view.bytes.len().min(at + AFTER);
    Place {
        around: Around {
            bytes: &view.bytes[from..to],
            begins: from == 0,
            ends: to == view.bytes.len(),
        },
        from,
        at: at - from,
    }
}
