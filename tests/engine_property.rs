//! Random rules over random inputs in random chunks, against the oracle; and what
//! must hold of any output. `BLACKBAR_CASES` sets how many, `BLACKBAR_SEED` where the
//! seeds begin.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use oracle::drive::{Pair, shown};
use oracle::generate::{self, Setting};
use oracle::random::Random;
use oracle::rules::{Framing, Spec};
use oracle::tree;

/// Inputs that one set of rules is tried on.
const INPUTS: u64 = 25;

#[test]
fn the_engine_equals_the_oracle_on_random_rules_inputs_and_chunks() {
    let seen = run(&Plan {
        cases: 100_000,
        setting: generate::setting,
        input: generate::input,
    });
    // The cases are worth something only if they are about something.
    if seen.cases >= 10_000 {
        assert!(seen.masked * 3 > seen.cases, "{seen:?}");
        assert!(seen.overdue * 20 > seen.cases, "{seen:?}");
        assert!(seen.json * 20 > seen.cases, "{seen:?}");
        assert!(seen.inert * 20 > seen.cases, "{seen:?}");
    }
}

#[test]
fn the_engine_equals_the_oracle_on_long_repetitive_inputs() {
    let seen = run(&Plan {
        cases: 4000,
        setting: generate::wide_setting,
        input: generate::repetitive_input,
    });
    if seen.cases >= 4000 {
        assert!(seen.masked * 3 > seen.cases, "{seen:?}");
        assert!(seen.overdue * 20 > seen.cases, "{seen:?}");
    }
}

/// What to try, how often.
struct Plan {
    /// Where the environment says nothing.
    cases: u64,
    setting: fn(&mut Random) -> Setting,
    input: fn(&mut Random, &[Spec]) -> Vec<u8>,
}

/// Tries seed after seed on all cores.
fn run(plan: &Plan) -> Seen {
    let number = |name: &str, default| match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number")),
        Err(_) => default,
    };
    let first: u64 = number("BLACKBAR_SEED", 0);
    let last = first + number("BLACKBAR_CASES", plan.cases).div_ceil(INPUTS);
    let next = AtomicU64::new(first);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let work = || {
        let mut seen = Seen::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= last {
                return seen;
            }
            if let Err(report) = try_seed(plan, seed, &mut seen) {
                next.store(last, Ordering::Relaxed);
                panic!("BLACKBAR_SEED={seed}: {report}");
            }
        }
    };
    let seen = thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .fold(Seen::default(), Seen::plus)
    });
    println!("{seen:?}");
    seen
}

/// How many cases were about what.
#[derive(Debug, Default)]
struct Seen {
    cases: u64,
    masked: u64,
    overdue: u64,
    json: u64,
    inert: u64,
}

impl Seen {
    fn plus(self, other: Self) -> Self {
        Self {
            cases: self.cases + other.cases,
            masked: self.masked + other.masked,
            overdue: self.overdue + other.overdue,
            json: self.json + other.json,
            inert: self.inert + other.inert,
        }
    }
}

fn try_seed(plan: &Plan, seed: u64, seen: &mut Seen) -> Result<(), String> {
    let mut random = Random::new(seed);
    let setting = (plan.setting)(&mut random);
    let pair = Pair::new(setting.specs.clone(), setting.options, setting.framing)?;
    for _ in 0..INPUTS {
        let input = (plan.input)(&mut random, &setting.specs);
        let chunks = random.chunks(&input, 6);
        let problem = problem(&pair, &setting, &input, &chunks, seen);
        if problem.is_some() {
            return Err(smallest(setting, &input, &chunks));
        }
    }
    Ok(())
}

/// What is wrong with the engine on this input, if anything is.
fn problem(
    pair: &Pair,
    setting: &Setting,
    input: &[u8],
    chunks: &[&[u8]],
    seen: &mut Seen,
) -> Option<String> {
    let expected = pair.oracle(input);
    seen.cases += 1;
    seen.masked += u64::from(expected.masks > 0);
    seen.overdue += u64::from(expected.undecided > 0);
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    for chunks in [&[input], chunks, &bytes] {
        if let Some(report) = pair.difference(&expected, chunks) {
            return Some(report);
        }
    }
    if setting.is_inert {
        seen.inert += 1;
        let twice = pair.engine([expected.bytes.as_slice()]);
        if twice.bytes != expected.bytes {
            return Some(format!(
                "redacting twice changed more\n  input {}\n  once  {}\n  twice {}",
                shown(input),
                shown(&expected.bytes),
                shown(&twice.bytes)
            ));
        }
    }
    // Where a scalar or the blanks before a document are longer than the reach, the
    // record is text.
    if setting.options.reach >= input.len() {
        for (before, after) in records(setting.framing, input, &expected.bytes) {
            seen.json += u64::from(tree::parse(before).is_some());
            if let Some(damage) = tree::damage(before, after) {
                return Some(format!("{damage}\n  record {}", shown(before)));
            }
        }
    }
    None
}

/// The records before and after. Masks hold no newline, so there are as many.
fn records<'a>(framing: Framing, before: &'a [u8], after: &'a [u8]) -> Vec<(&'a [u8], &'a [u8])> {
    match framing {
        Framing::Document => vec![(before, after)],
        Framing::Lines => {
            let lines = |text: &'a [u8]| text.split(|&byte| byte == b'\n');
            lines(before).zip(lines(after)).collect()
        }
    }
}

/// Takes bytes and rules away while something stays wrong; tells what.
fn smallest(mut setting: Setting, input: &[u8], chunks: &[&[u8]]) -> String {
    let still = |setting: &Setting, input: &[u8]| -> Option<String> {
        let pair = Pair::new(setting.specs.clone(), setting.options, setting.framing).ok()?;
        let mut seen = Seen::default();
        (0..=input.len()).find_map(|at| {
            let (head, tail) = input.split_at(at);
            problem(&pair, setting, input, &[head, tail], &mut seen)
        })
    };
    let Some(mut report) = still(&setting, input) else {
        let pair = Pair::new(setting.specs.clone(), setting.options, setting.framing).unwrap();
        return problem(&pair, &setting, input, chunks, &mut Seen::default())
            .unwrap_or_else(|| "the problem came and went".to_owned());
    };
    let mut input = input.to_vec();
    for at in (0..setting.specs.len()).rev() {
        let removed = setting.specs.remove(at);
        match still(&setting, &input) {
            Some(smaller) if !setting.specs.is_empty() => report = smaller,
            _ => setting.specs.insert(at, removed),
        }
    }
    for size in [512, 128, 32, 8, 4, 2, 1, 1] {
        let mut at = 0;
        while at + size <= input.len() {
            let mut shorter = input.clone();
            shorter.drain(at..at + size);
            match still(&setting, &shorter) {
                Some(smaller) => (input, report) = (shorter, smaller),
                None => at += 1,
            }
        }
    }
    format!("input {}\n{report}", shown(&input))
}
