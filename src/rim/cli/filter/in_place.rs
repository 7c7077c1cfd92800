//! `blackbar --in-place FILE...`: each file is redacted where it stands.

use std::path::Path;
use std::sync::Arc;

use blackbar::Redactor;

use super::{Colour, FilterOptions, cannot_start, misspelt_command};
use crate::rim::exit::Failure;
use crate::rim::message::report;
use crate::rim::stats::Totals;
use crate::rim::transport::filter::{Ending, Events};
use crate::rim::transport::in_place;
use crate::rim::transport::input::Input;
use crate::rim::transport::progress::Progress;

/// File by file. One that fails is left as it was and does not keep the others back.
pub(super) fn run(
    options: &FilterOptions,
    redactor: &Arc<Redactor>,
    progress: Option<&Progress>,
) -> Result<(Ending, Option<Totals>), Failure> {
    refuse_nonsense(options)?;
    let events = Events::listen().map_err(cannot_start)?;
    let mut totals = Totals::default();
    for path in &options.files {
        if let Some(signal) = events.signal() {
            return Ok((Ending::Interrupted { signal }, Some(totals)));
        }
        match one(options, redactor, path, &events, progress)? {
            Some((ending, counted)) => {
                totals.add(&counted.unwrap_or_default());
                match ending {
                    Ending::Complete => {}
                    Ending::Output(error) => {
                        Progress::aside(progress, || report(&error));
                        totals.failed_inputs += 1;
                    }
                    other => return Ok((other, Some(totals))),
                }
            }
            None => totals.failed_inputs += 1,
        }
    }
    Ok((Ending::Complete, Some(totals)))
}

/// How one file ended; none where it could not be begun, which has been said.
fn one(
    options: &FilterOptions,
    redactor: &Arc<Redactor>,
    path: &Path,
    events: &Events,
    progress: Option<&Progress>,
) -> Result<Option<(Ending, Option<Totals>)>, Failure> {
    let output = match in_place::open(path) {
        Ok(output) => output,
        Err(error) => {
            Progress::aside(progress, || report(&error));
            return Ok(None);
        }
    };
    let filter = options.filter(redactor, vec![Input::Path(path.to_owned())], progress);
    filter.run(output, events).map(Some).map_err(cannot_start)
}

/// What cannot be meant is refused before any file is touched.
fn refuse_nonsense(options: &FilterOptions) -> Result<(), Failure> {
    let reason = if options.files.is_empty() {
        "names no FILE; name the files to rewrite"
    } else if options.files.iter().any(|file| file.as_os_str() == "-") {
        "cannot rewrite standard input (\"-\"); name files, or leave --in-place out"
    } else if options.output.is_some() {
        "and -o name two places for the result; choose one"
    } else if options.color == Colour::Always {
        "and --color always would leave escape sequences in the file; leave one out"
    } else if options.decompress {
        "and -z would replace a compressed file by one that is not; use -o"
    } else if options.encoding.is_some() {
        "and --encoding would change the encoding of the file to UTF-8; use -o"
    } else if let Some(hint) = options
        .files
        .first()
        .and_then(|file| misspelt_command(file))
    {
        return Err(Failure::Usage(hint));
    } else {
        return Ok(());
    };
    Err(Failure::Usage(format!("--in-place {reason}")))
}
