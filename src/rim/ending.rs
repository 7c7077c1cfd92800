//! What signals ask of a long-running command: to end, or to read its configuration again.

use std::io;

use signal_hook::consts::SIGHUP;
use tokio::sync::mpsc;

use crate::rim::transport::signals;

/// The signals that ask for something.
pub(crate) struct Ending {
    asked: mpsc::UnboundedReceiver<i32>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The end, by this signal.
    End(i32),
    /// A look at the configuration.
    Reload,
}

impl Ending {
    /// Listens for signals from here on.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, asked) = mpsc::unbounded_channel();
        signals::listen(move |signal| {
            // Nobody listens any more once the end has come.
            let _ = sender.send(signal);
        })?;
        Ok(Self { asked })
    }

    /// What is asked for next.
    pub(crate) async fn asked(&mut self) -> Asked {
        match self.asked.recv().await {
            Some(SIGHUP) => Asked::Reload,
            Some(signal) => Asked::End(signal),
            // The thread that listens has gone, which it never does.
            None => std::future::pending().await,
        }
    }

    /// The next signal that asks for the end. Until then there is nothing to reload.
    pub(crate) async fn last_signal(&mut self) -> i32 {
        loop {
            if let Asked::End(signal) = self.asked().await {
                return signal;
            }
        }
    }
}
