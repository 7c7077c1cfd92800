//! Which entry of `[detect]`, or of a route, is at fault where rules do not compile.
//!
//! # How is it found?
//!
//! The engine says what is wrong, but not where that stood in a file. So each entry is left
//! out in turn: without the one at fault, the engine has nothing to say or something else.

use std::sync::Arc;
use std::time::SystemTime;

use blackbar::Redactor;

use super::Building;
use crate::rim::config::file::KeyPath;
use crate::rim::config::file::schema::{File, Relax, Strengthen};
use crate::rim::config::{ConfigError, Detection};

/// A part of a [`Detection`] that may be at fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Rules,
    Patterns,
    Fields,
    AllowedFields,
    AllowedValues,
    Enabled,
    Disabled,
    Only,
    Mask,
    Labels,
}

/// An entry of a part.
pub(super) struct Entry {
    part: Part,
    index: usize,
    place: KeyPath,
}

impl Entry {
    fn take_out(&self, detection: &mut Detection) {
        let texts = match self.part {
            Part::Rules => {
                detection.rules.remove(self.index);
                return;
            }
            Part::Mask => {
                detection.mask = None;
                return;
            }
            Part::Labels => {
                detection.labels = false;
                return;
            }
            Part::Patterns => &mut detection.patterns,
            Part::Fields => &mut detection.fields,
            Part::AllowedFields => &mut detection.allowed_fields,
            Part::AllowedValues => &mut detection.allowed_values,
            Part::Enabled => &mut detection.enabled,
            Part::Disabled => &mut detection.disabled,
            Part::Only => &mut detection.only,
        };
        texts.remove(self.index);
    }

    fn is_at_fault(&self, detection: &Detection, error: &str) -> bool {
        let mut without = detection.clone();
        self.take_out(&mut without);
        let other = without.redactor().err();
        other.is_none_or(|other| told(&other) != error)
    }
}

/// What is wrong, without the number that a pattern has on a command line: its place says
/// more, and the number is another one as soon as a pattern is left out.
fn told(error: &ConfigError) -> String {
    let text = error.to_string();
    let of_pattern = text.strip_prefix("--pattern:");
    let told = of_pattern.and_then(|numbered| numbered.split_once(": "));
    told.map_or(text.as_str(), |(_, told)| told).to_owned()
}

/// So many entries of a part, the first of which has this index.
fn entries(part: Part, first: usize, count: usize, key: &KeyPath) -> Vec<Entry> {
    let entry = |index| Entry {
        part,
        index: first + index,
        place: key.index(index),
    };
    (0..count).map(entry).collect()
}

/// The entries of `[detect]`.
pub(super) fn of_detect(file: &File, now: SystemTime) -> Vec<Entry> {
    let detect = &file.detect;
    let path = KeyPath::default().key("detect");
    let lists = [
        (Part::Rules, "rules", detect.rules.len()),
        (Part::Patterns, "patterns", detect.patterns.len()),
        (Part::Fields, "fields", detect.fields.len()),
        (
            Part::AllowedFields,
            "allow_fields",
            detect.allow_fields.len(),
        ),
        (
            Part::AllowedValues,
            "allow_values",
            detect.allow_values.len(),
        ),
        (Part::Enabled, "packs", detect.packs.len()),
        (Part::Only, "only", detect.only.len()),
    ];
    let mut all: Vec<Entry> = lists
        .into_iter()
        .flat_map(|(part, key, count)| entries(part, 0, count, &path.key(key)))
        .collect();
    let disable = detect.disable.iter().enumerate();
    let holds = disable.filter(|(_, disable)| disable.until.is_none_or(|day| day.start() > now));
    all.extend(holds.enumerate().map(|(index, (at, _))| Entry {
        part: Part::Disabled,
        index,
        place: path.key("disable").index(at).key("id"),
    }));
    for (part, key, is_given) in [
        (Part::Mask, "mask", detect.mask.is_some()),
        (Part::Labels, "labels", detect.labels),
    ] {
        all.extend(is_given.then(|| Entry {
            part,
            index: 0,
            place: path.key(key),
        }));
    }
    all
}

/// The entries that a route or a listener adds to `detect`, behind those of `base`.
pub(super) fn of_route(
    base: &Detection,
    more: &Strengthen,
    exceptions: &[Relax],
    path: &KeyPath,
    now: SystemTime,
) -> Vec<Entry> {
    let detect = path.key("detect");
    let lists = [
        (Part::Rules, "rules", base.rules.len(), more.rules.len()),
        (
            Part::Patterns,
            "patterns",
            base.patterns.len(),
            more.patterns.len(),
        ),
        (Part::Fields, "fields", base.fields.len(), more.fields.len()),
        (Part::Enabled, "packs", base.enabled.len(), more.packs.len()),
    ];
    let mut all: Vec<Entry> = lists
        .into_iter()
        .flat_map(|(part, key, first, count)| entries(part, first, count, &detect.key(key)))
        .collect();
    let mut next = [
        base.disabled.len(),
        base.allowed_fields.len(),
        base.allowed_values.len(),
    ];
    for (at, relax) in exceptions.iter().enumerate() {
        if relax.until.start() <= now {
            continue;
        }
        let place = path.key("relax").index(at);
        let given = [
            (Part::Disabled, "disable", relax.disable.is_some()),
            (
                Part::AllowedFields,
                "allow_field",
                relax.allow_field.is_some(),
            ),
            (
                Part::AllowedValues,
                "allow_value",
                relax.allow_value.is_some(),
            ),
        ];
        for ((part, key, is_given), next) in given.into_iter().zip(&mut next) {
            if is_given {
                all.push(Entry {
                    part,
                    index: *next,
                    place: place.key(key),
                });
                *next += 1;
            }
        }
    }
    all
}

impl Building<'_> {
    /// Compiles. Of each of the entries that is at fault it is kept in mind what is wrong
    /// with it; what is wrong with the whole stands at `table`.
    pub(super) fn compiled(
        &mut self,
        mut detection: Detection,
        mut entries: Vec<Entry>,
        table: &KeyPath,
    ) -> Option<Arc<Redactor>> {
        let mut is_right = true;
        loop {
            let error = match self.rules.of(detection.clone(), &mut self.files) {
                Ok(redactor) => return is_right.then_some(redactor),
                Err(error) => told(&error),
            };
            is_right = false;
            let mut all = entries.iter();
            let at = all.position(|entry| entry.is_at_fault(&detection, &error));
            let place = at.map_or(table, |at| &entries[at].place);
            let wrong = self.wrong(place, error);
            self.keep::<()>(Err(wrong));
            let entry = entries.remove(at?);
            entry.take_out(&mut detection);
            let behind = |later: &&mut Entry| later.part == entry.part && later.index > entry.index;
            for later in entries.iter_mut().filter(behind) {
                later.index -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
