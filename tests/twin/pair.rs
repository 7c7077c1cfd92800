//! The engine and the twin side by side: what is asked of them, and smaller inputs for
//! what is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use blackbar::{Limits, Pack, Redactor, Values};

use crate::oracle::drive::{self, shown};
use crate::oracle::random::Random;
use crate::oracle::rules::{Framing, Options};
use crate::oracle::{self, Output};
use crate::{fields, names};

/// The names of `patterns/fields.toml`.
pub(crate) fn pack() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/fields.toml");
    std::fs::read_to_string(path).unwrap()
}

/// The names of a pack and nothing else.
pub(crate) fn engine_of(
    text: &str,
    max_record: usize,
    values: Values,
    labels: bool,
) -> Arc<Redactor> {
    let limits = Limits {
        max_record,
        max_document: max_record,
        ..Limits::default()
    };
    let redactor = Redactor::builder()
        .embedded(false)
        .pack(Pack::parse("fields", "fields.toml", text).unwrap())
        .values(values)
        .labels(labels)
        .limits(limits)
        .build()
        .unwrap();
    Arc::new(redactor)
}

pub(crate) fn engine(max_record: usize, values: Values, labels: bool) -> Arc<Redactor> {
    engine_of(&pack(), max_record, values, labels)
}

/// The oracle with the twin of the detector.
pub(crate) struct Twin {
    fields: fields::Fields,
    ids: Vec<String>,
    labels: bool,
}

impl Twin {
    pub(crate) fn new(text: &str, values: Values, labels: bool) -> Self {
        let fields = fields::Fields::new(names::parse("fields", text), values == Values::Typed);
        Self {
            ids: fields.ids(),
            fields,
            labels,
        }
    }

    pub(crate) fn redact(&mut self, framing: Framing, input: &[u8]) -> Output {
        self.fields.reset();
        let options = Options {
            labels: self.labels,
            ..Options::DEFAULT
        };
        let mut extra = oracle::Extra {
            ids: self.ids.clone(),
            find: Some(&mut |content| self.fields.find(content, 0)),
        };
        oracle::redact_with(&[], &options, framing, input, &mut extra)
    }
}

/// Engines that differ in what they hold of a record alone.
pub(crate) struct Sizes {
    pub(crate) whole: Arc<Redactor>,
    small: Vec<Arc<Redactor>>,
}

impl Sizes {
    pub(crate) fn new(values: Values, labels: bool) -> Self {
        Self {
            whole: engine(1 << 20, values, labels),
            small: [1, 4, 100]
                .map(|size| engine(size, values, labels))
                .to_vec(),
        }
    }

    /// What is wrong with the engine's output, if something is.
    pub(crate) fn problem(&self, framing: Framing, input: &[u8], seed: u64) -> Option<String> {
        catch_unwind(AssertUnwindSafe(|| self.difference(framing, input, seed)))
            .unwrap_or_else(|_| Some("panic".to_owned()))
    }

    pub(crate) fn difference(&self, framing: Framing, input: &[u8], seed: u64) -> Option<String> {
        let whole = drive::whole(&self.whole, framing, input);
        let mut random = Random::new(seed);
        let differs = |what: &str, got: &Output| {
            (*got != whole).then(|| format!("G2 {what}\n  got   {got:?}\n  whole {whole:?}"))
        };
        let chunks = random.chunks(input, 4);
        let cut = drive::run(&self.whole, framing, chunks);
        if let Some(problem) = differs("cut", &cut) {
            return Some(problem);
        }
        for redactor in &self.small {
            let size = redactor.limits().max_record;
            let got = drive::whole(redactor, framing, input);
            if let Some(problem) = differs(&format!("whole chunk, max_record {size}"), &got) {
                return Some(problem);
            }
            let got = match random.below(3) {
                0 => drive::bytewise(redactor, framing, input),
                1 => drive::run(redactor, framing, input.chunks(random.between(2, 40))),
                _ => drive::run(redactor, framing, random.chunks(input, 6)),
            };
            if let Some(problem) = differs(&format!("chunks, max_record {size}"), &got) {
                return Some(problem);
            }
        }
        let again = drive::whole(&self.whole, framing, &whole.bytes);
        if again.bytes != whole.bytes {
            return Some(format!("G5 again\n  once  {whole:?}\n  twice {again:?}"));
        }
        broken_json(framing, input, &whole.bytes)
            .map(|record| format!("broken JSON {record}\n  whole {whole:?}"))
    }
}

/// Whether a text is a document; a scalar alone is none.
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(text)
        .is_ok_and(|value| value.is_object() || value.is_array() || value.is_string())
}

/// A record that was valid JSON and no longer is.
pub(crate) fn broken_json(framing: Framing, before: &[u8], after: &[u8]) -> Option<String> {
    let valid = is_json;
    match framing {
        Framing::Document => (valid(before) && !valid(after)).then(|| shown(before)),
        Framing::Lines => {
            let split = |text: &[u8]| -> Vec<Vec<u8>> {
                text.split(|&byte| byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect()
            };
            let (before, after) = (split(before), split(after));
            before
                .iter()
                .zip(&after)
                .find(|(before, after)| valid(before) && !valid(after))
                .map(|(before, _)| shown(before))
        }
    }
}

/// A smaller input with a problem of the same kind.
pub(crate) fn shrunk(input: &[u8], has_problem: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut input = input.to_vec();
    let mut size = input.len() / 2;
    while size > 0 {
        let mut at = 0;
        let mut changed = false;
        while at < input.len() {
            let mut shorter = input.clone();
            shorter.drain(at..input.len().min(at + size));
            if has_problem(&shorter) {
                input = shorter;
                changed = true;
            } else {
                at += size;
            }
        }
        if !(changed && size == 1) {
            size /= 2;
        }
    }
    input
}
