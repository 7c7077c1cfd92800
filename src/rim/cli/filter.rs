//! `blackbar [OPTIONS] [FILE]...`: files or standard input, redacted.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use blackbar::{Framing, Redactor};
use clap::{Args, ValueEnum};
use encoding_rs::Encoding;

use crate::rim::cli::detection::DetectionOptions;
use crate::rim::cli::similar_command;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{reason, report};
use crate::rim::stats::{StatsFormat, Totals, render};
use crate::rim::transport::charset::Charset;
use crate::rim::transport::filter::{Ending, Filter};
use crate::rim::transport::format::Format;
use crate::rim::transport::input::{Input, Reading};
use crate::rim::transport::output::{Destination, Output};

/// Options of the plain filter.
#[derive(Args)]
pub(crate) struct FilterOptions {
    /// Files to redact, one after the other; "-" or none is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Write to FILE instead of standard output
    ///
    /// Where all inputs are regular files, a regular FILE is replaced only when
    /// everything has succeeded. With a pipe as input it is written as the bytes come.
    #[arg(short, long, value_name = "FILE", help_heading = "Input and output")]
    output: Option<PathBuf>,

    /// What the input is, which says how it is cut into records
    ///
    /// Everything is looked at in the same way: JSON in lines of text is seen as well.
    /// What differs is where a record ends. With auto a line is a record, but a file that
    /// is named *.json and begins like an indented document is one record.
    #[arg(
        long,
        value_enum,
        default_value_t = FormatName::Auto,
        env = "BLACKBAR_FORMAT",
        hide_env = true,
        help_heading = "Input and output"
    )]
    format: FormatName,

    /// The same by the name of the cut: lines or document
    #[arg(
        long,
        value_enum,
        env = "BLACKBAR_FRAMING",
        hide_env = true,
        conflicts_with = "format",
        help_heading = "Input and output"
    )]
    framing: Option<FramingName>,

    /// Decompress gzip, zstd, xz and bzip2 input, told by its first bytes
    ///
    /// Other input passes as it is; the output is not compressed. Without this option
    /// compressed input is refused, since no secret can be seen in it.
    #[arg(short = 'z', long, help_heading = "Input and output")]
    decompress: bool,

    /// Decode the input from this encoding; the output is UTF-8
    ///
    /// The labels of the WHATWG Encoding Standard: utf-16, utf-16le, utf-16be,
    /// windows-1252, euc-kr and so on. A byte order mark wins over the label and is
    /// dropped. What cannot be decoded becomes U+FFFD. "auto" decodes only what begins
    /// with a byte order mark of UTF-16.
    #[arg(
        long,
        value_name = "LABEL",
        value_parser = parse_charset,
        help_heading = "Input and output"
    )]
    encoding: Option<Charset>,

    /// Write counters to standard error at the end
    ///
    /// Records, bytes, masks, findings by rule, seconds. Never a byte of the input.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        env = "BLACKBAR_STATS",
        hide_env = true,
        help_heading = "Input and output"
    )]
    stats: Option<StatsFormat>,

    #[command(flatten)]
    detection: DetectionOptions,
}

/// [`Framing`] as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FramingName {
    /// A record is a line
    Lines,
    /// Each input is one record
    Document,
}

impl From<FramingName> for Framing {
    fn from(name: FramingName) -> Self {
        match name {
            FramingName::Lines => Self::Lines,
            FramingName::Document => Self::Document,
        }
    }
}

/// [`Format`] as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatName {
    /// Lines; a file *.json that begins like an indented document is one
    Auto,
    /// Lines of text
    Lines,
    /// One document of JSON an input, indented or not
    Json,
    /// A document of JSON a line
    Ndjson,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Auto => Self::Auto,
            FormatName::Lines | FormatName::Ndjson => Self::Fixed(Framing::Lines),
            FormatName::Json => Self::Fixed(Framing::Document),
        }
    }
}

/// Runs the filter to its end.
pub(crate) fn run(options: &FilterOptions) -> Result<Exit, Failure> {
    let started = Instant::now();
    let redactor = Arc::new(options.detection.detection().redactor()?);
    let inputs = options.inputs()?;
    let output = Output::open(options.destination(), &inputs)?;
    let filter = Filter {
        redactor: Arc::clone(&redactor),
        format: options.format(),
        reading: options.reading(),
        inputs,
    };
    let (ending, totals) = filter
        .run(output)
        .map_err(|error| Failure::Start(reason(&error)))?;
    if let (Some(format), Some(totals)) = (options.stats, &totals) {
        write_stats(format, totals, &redactor, started);
    }
    exit_of(ending, &totals.unwrap_or_default())
}

impl FilterOptions {
    /// The inputs in order. Without any, standard input, unless a person sits there.
    fn inputs(&self) -> Result<Vec<Input>, Failure> {
        if self.files.is_empty() && io::stdin().is_terminal() {
            return Err(Failure::Usage(NOTHING_TO_READ.to_owned()));
        }
        if let Some(hint) = self.files.first().and_then(|file| misspelt_command(file)) {
            return Err(Failure::Usage(hint));
        }
        if self.files.is_empty() {
            return Ok(vec![Input::Stdin]);
        }
        Ok(self
            .files
            .iter()
            .map(|file| Input::from_argument(file))
            .collect())
    }

    fn format(&self) -> Format {
        match self.framing {
            Some(framing) => Format::Fixed(framing.into()),
            None => self.format.into(),
        }
    }

    fn destination(&self) -> Destination {
        match &self.output {
            Some(path) if path.as_os_str() != "-" => Destination::Path(path.clone()),
            _ => Destination::Stdout,
        }
    }

    fn reading(&self) -> Reading {
        Reading {
            decompress: self.decompress,
            charset: self.encoding,
        }
    }
}

pub(crate) const NOTHING_TO_READ: &str = "no FILE, and standard input is a terminal; \
    pipe something in (app | blackbar), name a FILE, or give \"-\" to type; see --help";

/// A first FILE that is not there and looks like a command was meant as one.
fn misspelt_command(file: &Path) -> Option<String> {
    let word = file.to_str()?;
    if file.exists() {
        return None;
    }
    let command = similar_command(word)?;
    Some(format!(
        "no file or command `{word}`; did you mean `blackbar {command}`?"
    ))
}

pub(crate) fn parse_charset(label: &str) -> Result<Charset, String> {
    if label.eq_ignore_ascii_case("auto") {
        return Ok(Charset::Auto);
    }
    // "replacement" would turn any input into one U+FFFD.
    Encoding::for_label_no_replacement(label.as_bytes())
        .map(Charset::Label)
        .ok_or_else(|| {
            "no such encoding; use auto, utf-16, utf-16le, utf-16be, windows-1252 or another \
             label of the WHATWG Encoding Standard"
                .to_owned()
        })
}

fn write_stats(format: StatsFormat, totals: &Totals, redactor: &Redactor, started: Instant) {
    let text = render(format, totals, redactor.ids(), started.elapsed());
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Says what has to be said of the ending, and picks the exit code.
fn exit_of(ending: Ending, totals: &Totals) -> Result<Exit, Failure> {
    match ending {
        Ending::Output(error) if !error.is_closed_pipe() => return Err(error.into()),
        Ending::Interrupted { signal } => {
            report(&format_args!(
                "ended by signal {signal} before the end of the input; \
                 undecided bytes that were masked: {}",
                totals.forced_bytes
            ));
            return Ok(Exit::Signal(signal));
        }
        Ending::Stalled { signal } => {
            report(&format_args!(
                "ended by signal {signal}; the output takes no more bytes, and what was waiting is lost"
            ));
            return Ok(Exit::Signal(signal));
        }
        Ending::Killed { signal } => return Ok(Exit::Signal(signal)),
        Ending::Panicked => return Ok(Exit::Panic),
        Ending::Complete | Ending::Output(_) => {}
    }
    Ok(if totals.failed_inputs > 0 {
        Exit::Io
    } else {
        Exit::Done
    })
}
