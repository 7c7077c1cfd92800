//! Files that may be in non-blocking mode or be interrupted by signals.
//!
//! Another process can set `O_NONBLOCK` on a pipe that we share with it. To wait is
//! then our part; a filter that dies of "Resource temporarily unavailable" loses logs.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A file whose reads and writes return only with bytes, an end or a real error.
pub(crate) struct Patient(pub(crate) File);

impl Patient {
    fn retry<T>(
        &self,
        ready: PollFlags,
        mut attempt: impl FnMut(&File) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            match attempt(&self.0) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(ready)?,
                other => return other,
            }
        }
    }

    fn wait(&self, ready: PollFlags) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.0, ready)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A stream that is silent for so long gets what can leave of its unfinished line. Less would
/// take a line that is written in parts apart; nobody who watches notices so much.
pub(crate) const PAUSE: Duration = Duration::from_millis(10);

/// Waits for [`PAUSE`]; whether nothing has come meanwhile.
pub(crate) fn is_silent(file: &File) -> bool {
    poll(
        &mut [PollFd::new(file, PollFlags::IN)],
        Some(&timespec(PAUSE)),
    ) == Ok(0)
}

/// A time as the system calls have it.
pub(crate) fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: time.as_secs().cast_signed(),
        tv_nsec: time.subsec_nanos().into(),
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.retry(PollFlags::IN, |mut file| file.read(buffer))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.retry(PollFlags::OUT, |mut file| file.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.retry(PollFlags::OUT, |mut file| file.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
