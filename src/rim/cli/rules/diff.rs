//! `rules diff`: what a new set of rules would mask or stop masking.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blackbar::{Profile, Redactor};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::print;
use crate::rim::cli::detection::profile_parser;
use crate::rim::config::{ConfigError, read_packs};
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::report;
use crate::rim::rules::difference::{Counts, Difference};
use crate::rim::rules::trace::{Extent, Trace, blocks};
use crate::rim::transport::charset::Charset;
use crate::rim::transport::input::{Input, Reading};

/// Options of `rules diff`.
#[derive(Args)]
pub(super) struct DiffOptions {
    /// The rules as they are: a pack, a directory of packs, or the word `embedded`; several
    /// with commas between
    #[arg(value_name = "OLD")]
    old: String,
    /// The rules as they would be
    #[arg(value_name = "NEW")]
    new: String,
    /// A log to compare them on; - is standard input
    #[arg(long, value_name = "FILE")]
    corpus: PathBuf,
    /// Which of the rules run, on both sides
    #[arg(short, long, default_value_t, value_parser = profile_parser())]
    profile: Profile,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    report: ReportFormat,
    /// Also say on which lines, the first ten of each shape
    #[arg(long)]
    lines: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// How many shapes of a rule people are shown.
const SHOWN: usize = 10;

/// Runs both sets over the corpus and reports what differs.
pub(super) fn run(options: &DiffOptions) -> Result<Exit, Failure> {
    let old = side(&options.old, options.profile)?;
    let new = side(&options.new, options.profile)?;
    let (difference, extent) = compare(&options.corpus, &old, &new)?;
    let text = match options.report {
        ReportFormat::Text => text(&difference, extent, options.lines),
        ReportFormat::Json => json(&difference, extent, options.lines).to_string() + "\n",
    };
    print(&text)?;
    Ok(if difference.is_empty() {
        Exit::Done
    } else {
        Exit::Found
    })
}

/// The redactor of `embedded,acme.toml`.
fn side(names: &str, profile: Profile) -> Result<Arc<Redactor>, ConfigError> {
    let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
    let paths: Vec<PathBuf> = names
        .iter()
        .filter(|&&name| name != EMBEDDED)
        .map(PathBuf::from)
        .collect();
    let mut builder = Redactor::builder()
        .profile(profile)
        .embedded(names.contains(&EMBEDDED));
    for pack in read_packs(&paths)? {
        builder = builder.pack(pack);
    }
    Ok(Arc::new(builder.build()?))
}

/// The word for the rules that blackbar brings along.
const EMBEDDED: &str = "embedded";

fn compare(
    corpus: &Path,
    old: &Arc<Redactor>,
    new: &Arc<Redactor>,
) -> Result<(Difference, Extent), Failure> {
    let ids = |redactor: &Redactor| redactor.ids().map(str::to_owned).collect::<Vec<_>>();
    let (old_ids, new_ids) = (ids(old), ids(new));
    let (mut old, mut new) = (Trace::new(old), Trace::new(new));
    let mut difference = Difference::default();
    let extent = over_log(corpus, |block| {
        let (old, new) = (old.masked(block), new.masked(block));
        difference.compare(block, (old, &old_ids), (new, &new_ids));
    })?;
    Ok((difference, extent))
}

/// Reads a log, compressed or not, in blocks of whole lines.
pub(super) fn over_log(
    log: &Path,
    each: impl FnMut(&crate::rim::rules::trace::Block<'_>),
) -> Result<Extent, Failure> {
    let input = Input::from_argument(log);
    let reading = Reading {
        decompress: true,
        charset: Some(Charset::Auto),
    };
    let reader = input.reader(input.open()?, reading)?;
    let extent = blocks(reader, each).map_err(|error| input.unreadable(&error))?;
    if extent.cuts > 0 {
        report(&format_args!(
            "{input}: lines of more than 8 MiB were looked at in parts ({} cuts)",
            extent.cuts
        ));
    }
    Ok(extent)
}

fn text(difference: &Difference, extent: Extent, lines: bool) -> String {
    let mut text = String::new();
    for (title, counts) in [
        ("newly masked", &difference.added),
        ("no longer masked", &difference.removed),
    ] {
        let _ = writeln!(text, "{title}: {}", counts.total());
        described(&mut text, counts, lines);
    }
    if difference.renamed > 0 {
        let _ = writeln!(text, "masked by another rule: {}", difference.renamed);
    }
    let _ = writeln!(text, "lines: {}", extent.lines);
    text
}

/// Rules with their shapes, indented.
pub(super) fn described(text: &mut String, counts: &Counts, lines: bool) {
    for (rule, count, shapes) in counts.rules() {
        let _ = writeln!(text, "  {rule}: {count}");
        for (shape, seen) in shapes.iter().take(SHOWN) {
            let _ = write!(text, "    {:>6}  {shape}", seen.count);
            if lines {
                let _ = write!(text, "  on {}", numbers(&seen.lines, seen.count));
            }
            text.push('\n');
        }
        if shapes.len() > SHOWN {
            let _ = writeln!(text, "    and {} shapes more", shapes.len() - SHOWN);
        }
    }
}

fn numbers(lines: &[u64], count: u64) -> String {
    let mut text: Vec<String> = lines.iter().map(u64::to_string).collect();
    if count > lines.len() as u64 {
        text.push("…".to_owned());
    }
    format!("line {}", text.join(", "))
}

fn json(difference: &Difference, extent: Extent, lines: bool) -> Value {
    json!({
        "lines": extent.lines,
        "newly_masked": counts_json(&difference.added, lines),
        "no_longer_masked": counts_json(&difference.removed, lines),
        "masked_by_another_rule": difference.renamed,
    })
}

fn counts_json(counts: &Counts, lines: bool) -> Value {
    let rules = counts.rules().map(|(rule, count, shapes)| {
        let shapes = shapes.into_iter().map(|(shape, seen)| {
            let mut entry = json!({ "shape": shape, "count": seen.count });
            if lines {
                entry["lines"] = json!(seen.lines);
            }
            entry
        });
        json!({ "rule": rule, "count": count, "shapes": shapes.collect::<Vec<_>>() })
    });
    rules.collect()
}
