//! `rules learn`: a rule from samples of a token.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blackbar::{Pack, Redactor};
use clap::Args;

use super::diff::{described, over_log};
use super::made;
use crate::rim::config::ConfigError;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{reason, report};
use crate::rim::rules::difference::Counts;
use crate::rim::rules::infer::{Form, infer};
use crate::rim::rules::trace::Trace;
use crate::rim::rules::written::quoted;

/// Options of `rules learn`.
#[derive(Args)]
pub(super) struct LearnOptions {
    /// The rule's full id: the pack, a slash and a name, such as acme/api-key
    #[arg(long, value_name = "PACK/NAME")]
    id: String,
    /// The page that describes the token, https://…
    #[arg(long, value_name = "URL")]
    source: String,
    /// What the rule finds, in one line
    #[arg(long, value_name = "TEXT")]
    about: Option<String>,
    /// Write the pack to a new file, which must be called PACK.toml
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say how many lines of this log the rule would mask; it should hold no such token
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// The most that is read of samples, in bytes.
const MOST: u64 = 4 * 1024 * 1024;

/// Reads samples, writes a rule that finds them all and passes `rules check`.
pub(super) fn run(options: &LearnOptions) -> Result<Exit, Failure> {
    let (pack, id) = options.id.split_once('/').ok_or_else(|| {
        Failure::Usage("--id: give the pack and the name, such as acme/api-key".to_owned())
    })?;
    made::check_pack_name("--id", pack)?;
    made::check_name(options.output.as_deref(), pack)?;
    let samples = samples()?;
    let form = infer(&samples).map_err(|error| Failure::Usage(error.to_string()))?;
    refuse_short(&form, &samples)?;
    let about = options
        .about
        .clone()
        .unwrap_or_else(|| format!("Token of {pack} that begins with {}", form.prefix));
    let rule = form.rule(id, &about, &options.source).to_toml();
    let text = format!("about = {}\n\n{rule}", quoted(&about));
    let (parsed, problems) = made::checked(pack, &text)?;
    if !problems.is_empty() {
        for problem in &problems {
            report(problem);
        }
        report(&"the rule does not hold and was not written");
        return Ok(Exit::Configuration);
    }
    let redactor = alone(&parsed)?;
    if let Some(number) = samples
        .iter()
        .position(|sample| redactor.redact(sample) != b"[REDACTED]")
    {
        return Err(Failure::Usage(format!(
            "sample {}: the rule does not find all of it; write the rule by hand",
            number + 1
        )));
    }
    made::write(options.output.as_deref(), &text)?;
    report(&format_args!(
        "{}: finds all {} samples, and `rules check` finds no problem",
        options.id,
        samples.len()
    ));
    report(&format_args!(
        "it holds the first {} characters of the samples as they are, which all of them begin \
         with; look that they are no secret",
        form.prefix.len()
    ));
    say_known(&samples)?;
    match &options.log {
        Some(log) => say_hits(log, &redactor, &options.id),
        None => Ok(Exit::Done),
    }
}

/// A token of fewer characters behind its prefix is one of many words that begin so.
const LEAST_REST: usize = 8;

/// A rule for next to nothing behind a prefix would mask much that is no token.
fn refuse_short(form: &Form, samples: &[Vec<u8>]) -> Result<(), Failure> {
    if form.least() >= LEAST_REST {
        return Ok(());
    }
    let lengths = samples.iter().map(Vec::len).enumerate();
    let (index, length) = lengths.min_by_key(|&(_, length)| length).unwrap_or((0, 0));
    Err(Failure::Usage(format!(
        "sample {} has only {} characters behind what all samples begin with, and a rule for fewer \
         than {LEAST_REST} would mask much that is no token; leave the sample out if it is cut \
         off, or mask the field that holds the tokens with --field NAME",
        index + 1,
        length.saturating_sub(form.prefix.len())
    )))
}

fn alone(pack: &Pack) -> Result<Arc<Redactor>, ConfigError> {
    let builder = Redactor::builder().embedded(false).pack(pack.clone());
    Ok(Arc::new(builder.build()?))
}

/// The lines of standard input that are not blank, without the blanks around them.
fn samples() -> Result<Vec<Vec<u8>>, Failure> {
    let mut text = Vec::new();
    let read = io::stdin().lock().take(MOST + 1).read_to_end(&mut text);
    read.map_err(|error| Failure::Usage(format!("cannot read the samples: {}", reason(&error))))?;
    if text.len() as u64 > MOST {
        return Err(Failure::Usage(
            "the samples are more than 4 MiB; a few dozen tokens, one a line, are enough"
                .to_owned(),
        ));
    }
    Ok(text
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect())
}

/// Says so where the rule is not needed.
fn say_known(samples: &[Vec<u8>]) -> Result<(), ConfigError> {
    let redactor = Redactor::builder().build()?;
    let known = samples
        .iter()
        .filter(|sample| redactor.redact(sample) == b"[REDACTED]")
        .count();
    if known > 0 {
        report(&format_args!(
            "{known} of {} samples are found without this rule too",
            samples.len()
        ));
    }
    Ok(())
}

/// Says what the rule would mask in a log.
fn say_hits(log: &Path, redactor: &Arc<Redactor>, id: &str) -> Result<Exit, Failure> {
    let mut trace = Trace::new(redactor);
    let mut counts = Counts::default();
    let (mut hit, mut last) = (0u64, None);
    let extent = over_log(log, |block| {
        for masked in trace.masked(block) {
            let line = block.line_of(masked.range.start);
            hit += u64::from(last.replace(line) != Some(line));
            counts.add(id, &block.bytes[masked.range.clone()], line);
        }
    })?;
    report(&format_args!(
        "{hit} of {} lines of the log would be masked",
        extent.lines
    ));
    let mut text = String::new();
    described(&mut text, &counts, true);
    text.lines().for_each(|line| report(&line));
    Ok(Exit::Done)
}
