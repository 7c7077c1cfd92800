//! A naive implementation of `src/core/semantics.md`: the whole input at once, every
//! rule at every start, no prefilter, no chunks, no windows. Slow and plain, so that
//! the engine can be compared with it.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    clippy::pedantic,
    clippy::if_same_then_else,
    clippy::naive_bytecount,
    reason = "plain comes before elegant here"
)]

pub(crate) mod article;
pub(crate) mod blocks;
pub(crate) mod conditions;
pub(crate) mod control;
pub(crate) mod drive;
pub(crate) mod generate;
pub(crate) mod json;
pub(crate) mod logs;
pub(crate) mod placeholder;
pub(crate) mod random;
pub(crate) mod regex;
pub(crate) mod rules;
pub(crate) mod shapes;
pub(crate) mod spans;
pub(crate) mod tree;
pub(crate) mod units;
pub(crate) mod verify;

use std::fmt;
use std::ops::Range;

use blocks::Block;
use rules::{Framing, Options, Profile, Rule};
use spans::{Finding, Piece, Quotes, Spans, Style};

/// What comes out and what was counted.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    /// Findings by rule.
    pub(crate) findings: Vec<u64>,
    pub(crate) masks: u64,
    /// Findings that were overdue.
    pub(crate) undecided: u64,
    pub(crate) records: u64,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" (findings {:?}, masks {}, undecided {}, records {})",
            self.bytes.escape_ascii(),
            self.findings,
            self.masks,
            self.undecided,
            self.records
        )
    }
}

/// Redacts the whole input. In the article profile the rules are the article's seven,
/// in its order.
pub(crate) fn redact(rules: &[Rule], options: &Options, framing: Framing, input: &[u8]) -> Output {
    redact_with(rules, options, framing, input, &mut Extra::default())
}

/// A detector next to the rules: its findings in the next record, and the ids of what it
/// finds, which are numbered after the rules.
#[derive(Default)]
pub(crate) struct Extra<'a> {
    pub(crate) ids: Vec<String>,
    pub(crate) find: Option<&'a mut Find<'a>>,
}

/// The findings in a record's content.
type Find<'a> = dyn FnMut(&[u8]) -> Vec<Finding> + 'a;

/// The same with one more detector.
pub(crate) fn redact_with(
    rules: &[Rule],
    options: &Options,
    framing: Framing,
    input: &[u8],
    extra: &mut Extra<'_>,
) -> Output {
    let mut output = Output {
        bytes: Vec::new(),
        findings: vec![0; rules.len() + extra.ids.len()],
        masks: 0,
        undecided: 0,
        records: 0,
    };
    let mut block = None;
    for (content, terminator) in records(framing, input) {
        let is_article = options.profile == Profile::Article && content.len() <= options.max_record;
        if is_article {
            replace(rules, options, content, &mut output);
        } else {
            mask(rules, options, content, &mut block, extra, &mut output);
        }
        output.bytes.extend_from_slice(terminator);
        output.records += 1;
    }
    output
}

/// Cuts the input into records, each as its content and its terminator.
fn records(framing: Framing, input: &[u8]) -> Vec<(&[u8], &[u8])> {
    match framing {
        Framing::Document if input.is_empty() => Vec::new(),
        Framing::Document => vec![split_terminator(input)],
        Framing::Lines => input
            .split_inclusive(|&byte| byte == b'\n')
            .map(split_terminator)
            .collect(),
    }
}

fn split_terminator(record: &[u8]) -> (&[u8], &[u8]) {
    let length = if record.ends_with(b"\r\n") {
        2
    } else {
        usize::from(record.ends_with(b"\n"))
    };
    record.split_at(record.len() - length)
}

fn replace(rules: &[Rule], options: &Options, content: &[u8], output: &mut Output) {
    let masks = std::array::from_fn(|index| {
        placeholder::mask(
            options.labels.then_some(rules[index].id.as_str()),
            Quotes::None,
        )
    });
    let replaced = article::redact(content, &masks);
    output.bytes.extend_from_slice(&replaced.bytes);
    output.masks += replaced.masks;
    for (total, count) in output.findings.iter_mut().zip(replaced.counts) {
        *total += count;
    }
}

fn mask(
    rules: &[Rule],
    options: &Options,
    content: &[u8],
    block: &mut Option<Block>,
    extra: &mut Extra<'_>,
    output: &mut Output,
) {
    let cells = json::cells(content, options.reach);
    let mut findings = Vec::new();
    go_on(block, content, &mut findings);
    let mut openings = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let matches = find(rules, index, options, content, &mut findings);
        if rule.opens_blocks {
            openings.extend(matches.into_iter().map(|found| (index, found)));
        }
    }
    // The last match of the record may open a block.
    if let Some((index, found)) = openings.into_iter().max_by_key(|(_, found)| found.start) {
        *block = Block::opened_by(index, content, found).or(block.take());
    }
    if let Some(find) = &mut extra.find {
        findings.extend(find(content));
    }
    let id = |rule: usize| match rule.checked_sub(rules.len()) {
        None => rules[rule].id.clone(),
        Some(number) => extra.ids[number].clone(),
    };
    // Fields come after rules, in their own order.
    let order = |rule: usize| match rule.checked_sub(rules.len()) {
        None => id(rule),
        Some(number) => format!("{number:08}"),
    };
    let spans = Spans::new(&cells, findings, order);
    for finding in spans.counted() {
        output.findings[finding.rule] += 1;
        output.undecided += u64::from(finding.overdue);
    }
    for piece in spans.pieces() {
        match piece {
            Piece::Kept(range) => output.bytes.extend_from_slice(&content[range]),
            Piece::Mask { rule, quotes } => {
                let id = id(rule);
                let label = options.labels.then_some(id.as_str());
                output.bytes.extend(placeholder::mask(label, quotes));
                output.masks += 1;
            }
        }
    }
}

/// Finds what belongs to the open block, if one is open, and whether it stays so.
fn go_on(block: &mut Option<Block>, content: &[u8], findings: &mut Vec<Finding>) {
    let Some(open) = block else {
        return;
    };
    let line = open.line(content);
    findings.extend(line.masked.map(|range| Finding {
        rule: open.rule,
        range,
        overdue: line.overdue,
        style: Style::Text,
        within: None,
    }));
    if !line.goes_on {
        *block = None;
    }
}

/// Finds the secrets of one rule in one record. Returns the matches that hold them.
fn find(
    rules: &[Rule],
    index: usize,
    options: &Options,
    content: &[u8],
    findings: &mut Vec<Finding>,
) -> Vec<Range<usize>> {
    let rule = &rules[index];
    let mut matches = Vec::new();
    let reach = rule.reach.unwrap_or(options.reach);
    let behind = |start| control::behind(content, start, &rule.regex, reach);
    let mut start = 0;
    while start < content.len() {
        let before = rule.before.as_ref();
        if before.is_some_and(|class| !conditions::holds_before(class, content, start)) {
            start += 1;
            continue;
        }
        let outcome = rule.regex.run(content, start);
        if outcome.followed > reach {
            let end = start + outcome.followed;
            let secret = rule.regex.secret_start(content, start, reach);
            findings.push(Finding {
                rule: index,
                range: secret.max(behind(start))..end,
                overdue: true,
                style: Style::Text,
                within: None,
            });
            start = end;
            continue;
        }
        let after = rule.after.as_ref();
        let candidate = outcome.matched.filter(|found| {
            after.is_none_or(|class| conditions::holds_after(class, content, found.end))
        });
        let Some(found) = candidate else {
            start += 1;
            continue;
        };
        let secret = found.group.unwrap_or((start, found.end));
        let secret = secret.0..secret.1;
        let is_rejected = options.profile != Profile::Strict
            && rule.verify.as_ref().is_some_and(|verify| {
                verify.rejects(&content[start..found.end], &content[secret.clone()])
            });
        if is_rejected {
            start += 1;
            continue;
        }
        let from = secret.start.max(behind(start));
        let masked = from.min(secret.end)..secret.end;
        if !masked.is_empty()
            && !placeholder::is_placeholder(&content[secret])
            && !placeholder::is_placeholder(&content[masked.clone()])
        {
            findings.push(Finding {
                rule: index,
                range: masked,
                overdue: false,
                style: Style::Text,
                within: None,
            });
            matches.push(start..found.end);
        }
        assert!(found.end > start, "a rule can not match the empty string");
        start = found.end;
    }
    matches
}
