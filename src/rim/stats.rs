//! What was done, in numbers (`--stats`): counters and rule ids, never payload.

use std::fmt::Write as _;
use std::time::Duration;

use blackbar::Tally;
use serde::Serialize;

/// How the numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StatsFormat {
    /// A table for people.
    Text,
    /// One line of JSON.
    Json,
}

/// Totals over all inputs of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    /// What the sessions counted.
    pub(crate) tally: Tally,
    /// Inputs of which at least the start was accepted.
    pub(crate) inputs: u64,
    /// Inputs that were refused, or could not be read to their end.
    pub(crate) failed_inputs: u64,
    /// Bytes masked because the input was ended by force.
    pub(crate) forced_bytes: u64,
}

impl Totals {
    /// Adds those of another run.
    pub(crate) fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.inputs += other.inputs;
        self.failed_inputs += other.failed_inputs;
        self.forced_bytes += other.forced_bytes;
    }
}

/// The report that `--stats` writes.
#[derive(Serialize)]
struct Stats<'a> {
    inputs: u64,
    failed_inputs: u64,
    records: u64,
    bytes_in: u64,
    bytes_out: u64,
    masks: u64,
    /// Findings masked without a decision: overdue, or cut by a forced end.
    undecided: u64,
    /// Findings masked although their verification failed.
    unverified: u64,
    seconds: f64,
    #[serde(serialize_with = "as_map")]
    findings: Vec<(&'a str, u64)>,
}

/// Writes the totals in the format that was asked for. `ids` are the redactor's, in
/// its order. The text ends with a newline.
pub(crate) fn render<'a>(
    format: StatsFormat,
    totals: &Totals,
    ids: impl Iterator<Item = &'a str>,
    elapsed: Duration,
) -> String {
    let tally = &totals.tally;
    let findings = ids
        .zip(tally.findings())
        .filter(|(_, count)| **count > 0)
        .map(|(id, count)| (id, *count))
        .collect();
    let stats = Stats {
        inputs: totals.inputs,
        failed_inputs: totals.failed_inputs,
        records: tally.records(),
        bytes_in: tally.bytes_in(),
        bytes_out: tally.bytes_out(),
        masks: tally.masks(),
        undecided: tally.undecided(),
        unverified: tally.unverified(),
        seconds: (elapsed.as_secs_f64() * 1e6).round() / 1e6,
        findings,
    };
    match format {
        StatsFormat::Text => text(&stats),
        StatsFormat::Json => json(&stats),
    }
}

fn json(stats: &Stats<'_>) -> String {
    let mut line = serde_json::to_string(stats)
        .unwrap_or_else(|_| unreachable!("numbers and ids are always JSON"));
    line.push('\n');
    line
}

fn text(stats: &Stats<'_>) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(lines, "{name:<14} {value}");
    };
    line("inputs", &stats.inputs);
    line("failed inputs", &stats.failed_inputs);
    line("records", &stats.records);
    line("bytes in", &stats.bytes_in);
    line("bytes out", &stats.bytes_out);
    line("masks", &stats.masks);
    line("undecided", &stats.undecided);
    line("unverified", &stats.unverified);
    line("seconds", &format_args!("{:.3}", stats.seconds));
    let widest = stats
        .findings
        .iter()
        .map(|(id, _)| id.len())
        .max()
        .unwrap_or(0);
    for (id, count) in &stats.findings {
        let _ = writeln!(lines, "  {id:<widest$}  {count}");
    }
    lines
}

fn as_map<S: serde::Serializer>(
    findings: &[(&str, u64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(findings.iter().copied())
}
