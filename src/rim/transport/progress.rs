//! How far the inputs have been read, for a person who waits at a terminal.

use std::fs::File;
use std::io::Seek;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner needs no bar.
pub(crate) const QUIET: Duration = Duration::from_millis(500);

/// How long the bar stands as it is.
const STILL: Duration = Duration::from_millis(300);

/// Without colours; the terminal's width decides how long the bar is.
const TEMPLATE: &str = "{percent:>3}% [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";

/// One bar on standard error over all inputs. Clones are the same bar.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// When it is drawn next, in milliseconds since the start.
    next: Arc<AtomicU64>,
    /// The lengths of the inputs that were begun.
    begun: Arc<AtomicU64>,
}

/// An input that is being read. Its file shares its offset with the one that is read, so
/// that bytes are counted before they are unpacked.
pub(crate) struct Place {
    file: File,
    base: u64,
}

impl Progress {
    /// A bar over so many bytes, which shows itself when it takes long.
    pub(crate) fn over(total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            started: Instant::now(),
            next: Arc::new(AtomicU64::new(QUIET.as_millis() as u64)),
            begun: Arc::default(),
        }
    }

    /// Begins an input; none where it cannot be followed, which is no reason to fail.
    pub(crate) fn begin(&self, file: &File) -> Option<Place> {
        let file = file.try_clone().ok()?;
        let length = file.metadata().ok()?.len();
        let base = self.begun.fetch_add(length, Ordering::Relaxed);
        Some(Place { file, base })
    }

    /// Something of the input was read.
    pub(crate) fn advance(&self, place: &mut Place) {
        let now = self.started.elapsed();
        if now < Duration::from_millis(self.next.load(Ordering::Relaxed)) {
            return;
        }
        let next = (now + STILL).as_millis() as u64;
        self.next.store(next, Ordering::Relaxed);
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if let Ok(read) = place.file.stream_position() {
            self.bar.set_position(place.base + read);
        }
    }

    /// Takes the bar away, so that messages have their line.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Says something while the bar stands.
    pub(crate) fn aside(progress: Option<&Self>, say: impl FnOnce()) {
        match progress {
            Some(progress) => progress.bar.suspend(say),
            None => say(),
        }
    }
}
