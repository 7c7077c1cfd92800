//! `blackbar [OPTIONS] [FILE]...`: files or standard input, redacted.

mod in_place;

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use blackbar::{Framing, Redactor};
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use encoding_rs::Encoding;

use crate::rim::cli::detection::DetectionOptions;
use crate::rim::cli::similar_command;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{reason, report};
use crate::rim::stats::{StatsFormat, Totals, render};
use crate::rim::transport::charset::Charset;
use crate::rim::transport::filter::{Ending, Events, Filter};
use crate::rim::transport::format::Format;
use crate::rim::transport::input::{Input, Reading};
use crate::rim::transport::jobs::Jobs;
use crate::rim::transport::output::{Destination, Output};
use crate::rim::transport::progress::Progress;

/// Options of the plain filter.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args)]
pub(crate) struct FilterOptions {
    /// Files to redact, one after the other; "-" or none is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Write to FILE instead of standard output
    ///
    /// Where all inputs are regular files, a regular FILE is replaced only when
    /// everything has succeeded. With a pipe as input it is written as the bytes come, and
    /// so are pipes, devices, and descriptors such as /dev/stdout or /dev/fd/3.
    #[arg(short, long, value_name = "FILE", help_heading = "Input and output")]
    output: Option<PathBuf>,

    /// Rewrite each FILE itself, and only if a secret is in it
    ///
    /// The result replaces FILE by one rename when it is complete; mode, owner, group and
    /// access lists stay. A symbolic link stays and its target is rewritten. A FILE with
    /// several hard links, or that is written to meanwhile, is left as it was, and the
    /// others go on. A program that holds FILE open goes on writing to the old one: let it
    /// reopen its log, or stop it before.
    #[arg(long, help_heading = "Input and output")]
    in_place: bool,

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
    /// compressed input is refused, since no secret can be seen in it. So is zip, 7z, rar,
    /// lz4, snappy and .Z input in any case: these are not decompressed here.
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

    /// Redact each large file on N threads; 0: as many as there are processors
    ///
    /// The output is the same, in the same order. For regular files of lines that are
    /// longer than a mebibyte, also with -z and --encoding; what comes through a pipe, and
    /// a document, is worked on by one thread. Each thread takes some 5 MiB of memory.
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = parse_jobs,
        default_value = "1",
        env = "BLACKBAR_JOBS",
        hide_env = true,
        hide_short_help = true,
        help_heading = "Input and output"
    )]
    jobs: Jobs,

    /// Do not wait for a line's end where a pipe is silent
    ///
    /// What cannot lie in a secret any more then leaves at once: prompts, progress bars. The
    /// output is the same. Not with the profiles of the article.
    #[arg(
        long,
        env = "BLACKBAR_EAGER",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        hide_short_help = true,
        help_heading = "Input and output"
    )]
    eager: bool,

    /// Make masks stand out, with light and dark swapped
    ///
    /// auto: where standard output is a terminal, `NO_COLOR` is not set and TERM is not dumb.
    /// always: for a pager, as in `blackbar --color always app.log | less -R`; the output
    /// then holds escape sequences around masks and is not the plain redaction.
    #[arg(
        long,
        visible_alias = "colour",
        value_name = "WHEN",
        value_enum,
        default_value_t = Colour::Auto,
        hide_possible_values = true,
        help_heading = "Input and output"
    )]
    color: Colour,

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

    /// Show no progress
    ///
    /// Shown on standard error, where that is a terminal, for regular files that take
    /// longer than half a second, and where the output goes into a file: not into a
    /// terminal, and not into a pipe, whose reader may be using the terminal (less).
    #[arg(long, hide_short_help = true, help_heading = "Input and output")]
    no_progress: bool,

    #[command(flatten)]
    detection: DetectionOptions,
}

/// When masks stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal
    Auto,
    /// In pipes and files too
    Always,
    /// Nowhere
    Never,
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
    let redactor = Arc::new(options.detection.redactor()?);
    // Never taken apart: the process ends with the filter, and hundreds of rules take time.
    std::mem::forget(Arc::clone(&redactor));
    let progress = options.progress();
    let result = if options.in_place {
        in_place::run(options, &redactor, progress.as_ref())
    } else {
        options.one_output(&redactor, progress.as_ref())
    };
    if let Some(progress) = progress {
        progress.clear();
    }
    let (ending, totals) = result?;
    if let (Some(format), Some(totals)) = (options.stats, &totals) {
        write_stats(format, totals, &redactor, started);
    }
    exit_of(ending, &totals.unwrap_or_default())
}

impl FilterOptions {
    /// All inputs into one output.
    fn one_output(
        &self,
        redactor: &Arc<Redactor>,
        progress: Option<&Progress>,
    ) -> Result<(Ending, Option<Totals>), Failure> {
        let inputs = self.inputs()?;
        let mut output = Output::open(self.destination(), &inputs)?;
        output.sink = output.sink.coloured(self.is_coloured());
        let events = Events::listen().map_err(cannot_start)?;
        self.filter(redactor, inputs, progress)
            .run(output, &events)
            .map_err(cannot_start)
    }

    fn filter(
        &self,
        redactor: &Arc<Redactor>,
        inputs: Vec<Input>,
        progress: Option<&Progress>,
    ) -> Filter {
        Filter {
            redactor: Arc::clone(redactor),
            format: self.format(),
            reading: self.reading(),
            jobs: self.jobs,
            eager: self.eager,
            inputs,
            progress: progress.cloned(),
        }
    }

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
            Some(path) => Destination::from_argument(path),
            None => Destination::Stdout,
        }
    }

    /// A bar, where somebody sees it, it disturbs nobody, and the end is known.
    fn progress(&self) -> Option<Progress> {
        let aside =
            self.in_place || self.destination() != Destination::Stdout || stdout_is_hidden();
        let wanted = !self.no_progress && aside;
        let inputs = self.inputs().ok()?;
        if !wanted || !stderr_takes_a_bar() || !inputs.iter().all(Input::is_stored) {
            return None;
        }
        Some(Progress::over(
            inputs.iter().filter_map(Input::length).sum(),
        ))
    }

    fn is_coloured(&self) -> bool {
        match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                self.destination() == Destination::Stdout
                    && io::stdout().is_terminal()
                    && terminal_takes_colour()
            }
        }
    }

    fn reading(&self) -> Reading {
        Reading {
            decompress: self.decompress,
            charset: self.encoding,
        }
    }
}

/// Whether what is written to standard output appears on no terminal: a file, /dev/null.
fn stdout_is_hidden() -> bool {
    let stdout = io::stdout();
    let file = stdout.as_fd().try_clone_to_owned().map(File::from);
    let kind = file.and_then(|file| file.metadata());
    !stdout.is_terminal()
        && kind.is_ok_and(|kind| kind.is_file() || kind.file_type().is_char_device())
}

fn stderr_takes_a_bar() -> bool {
    io::stderr().is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// What the environment says of terminals: <https://no-color.org>, and TERM.
fn terminal_takes_colour() -> bool {
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_colour && env::var_os("TERM").is_some_and(|term| term != "dumb" && !term.is_empty())
}

/// More threads than any machine of today has processors are a slip.
const MOST_JOBS: usize = 1024;

fn parse_jobs(text: &str) -> Result<Jobs, String> {
    match text.parse() {
        // Where the processors cannot be counted, one will be there.
        Ok(0) => Ok(Jobs::new(
            thread::available_parallelism().map_or(1, NonZero::get),
        )),
        Ok(threads @ 1..=MOST_JOBS) => Ok(Jobs::new(threads)),
        _ => Err(format!("a number of threads, at most {MOST_JOBS}, or 0")),
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

#[allow(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn cannot_start(error: io::Error) -> Failure {
    Failure::Start(reason(&error))
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
