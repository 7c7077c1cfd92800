//! `--pty`: a terminal for the program, and ours meanwhile.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::ioctl_fionbio;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, Winsize, tcgetattr,
    tcgetwinsize, tcsetattr, tcsetwinsize,
};

use crate::rim::transport::descriptor::Descriptor;
use crate::rim::transport::patient::{Patient, timespec};

/// A new terminal.
pub(super) struct Pty {
    /// Where what the program writes is read, and what somebody types is written.
    pub(super) master: OwnedFd,
    /// The program's end.
    pub(super) slave: OwnedFd,
}

/// So long room for keys is waited for at a time.
const MOMENT: Duration = Duration::from_millis(100);

/// A special character of a terminal that there is none of (`_POSIX_VDISABLE`).
const NONE: u8 = 0;

impl Pty {
    /// Opens one, of the size of ours.
    ///
    /// # Errors
    ///
    /// Where the system has none to give.
    pub(super) fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(ptsname(&master, Vec::new())?, flags, Mode::empty())?;
        if let Some(size) = own_size() {
            tcsetwinsize(&master, size)?;
        }
        Ok(Self { master, slave })
    }
}

/// Our side of the program's terminal, for as long as its stream holds that. When it is
/// dropped our own is as it was before.
pub(super) struct Console {
    master: Weak<File>,
    /// The program's end, so that there is one while the program runs: a terminal is not gone
    /// for it when it closes what it has of that.
    programs: Option<OwnedFd>,
    raw: Option<RawMode>,
}

impl Console {
    /// From here on what is typed is the program's: also Ctrl-C. It is copied on a thread
    /// that ends with our input or with us.
    ///
    /// # Errors
    ///
    /// Where there is no thread or no descriptor to be had.
    pub(super) fn attach(master: &Arc<File>, programs: OwnedFd) -> io::Result<Self> {
        let raw = RawMode::of_stdin();
        let typed = Patient(Descriptor::Own(0).file()?);
        ioctl_fionbio(master, true)?;
        let master = Arc::downgrade(master);
        let to = master.clone();
        thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || copy(typed, &to))?;
        Ok(Self {
            master,
            programs: Some(programs),
            raw,
        })
    }

    /// The program has ended: so does what it writes, unless others have its end, too.
    pub(super) fn release(&mut self) {
        self.programs = None;
    }

    /// Our terminal has a new size: so has the program's, whose kernel side tells it.
    pub(super) fn resize(&self) {
        if let (Some(size), Some(master)) = (own_size(), self.master.upgrade()) {
            let _ = tcsetwinsize(master, size);
        }
    }

    /// Runs `stop` while our terminal is as it was.
    pub(super) fn aside(&self, stop: impl FnOnce()) {
        if let Some(raw) = &self.raw {
            raw.leave();
        }
        stop();
        if let Some(raw) = &self.raw {
            raw.enter();
        }
        self.resize();
    }
}

/// To the end of what is typed; a terminal that is gone ends it, too.
fn copy(mut typed: Patient, to: &Weak<File>) {
    let mut buffer = [0; 4096];
    let mut last = None;
    loop {
        match typed.read(&mut buffer) {
            Ok(0) => {
                // The master answers for the terminal of which it is the other end.
                let modes = to.upgrade().and_then(|master| tcgetattr(master).ok());
                if let Some(modes) = modes {
                    press(to, &end_of_input(&modes, last));
                }
                return;
            }
            Ok(length) if press(to, &buffer[..length]) => {
                last = Some(buffer[length - 1]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

/// Presses keys. False where the terminal is gone. While they find no room the terminal is
/// held for a moment only: it has to end with its stream, though nobody reads the keys.
fn press(to: &Weak<File>, mut keys: &[u8]) -> bool {
    while !keys.is_empty() {
        let Some(master) = to.upgrade() else {
            return false;
        };
        match (&*master).write(keys) {
            Ok(length) => keys = &keys[length..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let room = PollFd::new(&*master, PollFlags::OUT);
                let _ = poll(&mut [room], Some(&timespec(MOMENT)));
            }
            Err(_) => return false,
        }
    }
    true
}

/// What is typed on a terminal for the end of the input, behind the byte `last`: the key for
/// it, Ctrl-D as a rule. In the middle of a line it only sends off what there is of that, and
/// the end takes a second one.
fn end_of_input(modes: &Termios, last: Option<u8>) -> Vec<u8> {
    let key = modes.special_codes[SpecialCodeIndex::VEOF];
    if key == NONE {
        return Vec::new();
    }
    let has_lines = modes.local_modes.contains(LocalModes::ICANON);
    let in_line = last.is_some_and(|byte| !ends_line(modes, byte));
    vec![key; if has_lines && in_line { 2 } else { 1 }]
}

/// Whether a line ends with this byte, where it is typed on a terminal (termios(3)).
fn ends_line(modes: &Termios, byte: u8) -> bool {
    let is_key = |index| byte != NONE && modes.special_codes[index] == byte;
    match byte {
        b'\n' => !modes.input_modes.contains(InputModes::INLCR),
        b'\r' => modes.input_modes.contains(InputModes::ICRNL),
        _ => {
            is_key(SpecialCodeIndex::VEOF)
                || is_key(SpecialCodeIndex::VEOL)
                || is_key(SpecialCodeIndex::VEOL2)
        }
    }
}

/// Our terminal, without line editing, echo and keys that signal.
struct RawMode {
    terminal: File,
    before: Termios,
}

impl RawMode {
    /// None where our input is no terminal.
    fn of_stdin() -> Option<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let terminal = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
        let before = tcgetattr(&terminal).ok()?;
        let raw = Self { terminal, before };
        raw.enter();
        Some(raw)
    }

    fn enter(&self) {
        let mut raw = self.before.clone();
        raw.make_raw();
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &raw);
    }

    fn leave(&self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.before);
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The size of the first of our standard streams that is a terminal.
fn own_size() -> Option<Winsize> {
    let of = |stream: &dyn AsFd| tcgetwinsize(stream.as_fd()).ok();
    of(&io::stdin())
        .or_else(|| of(&io::stdout()))
        .or_else(|| of(&io::stderr()))
}
