//! The end of a long-running command: signals ask for it, and the work is finished.

use std::io;

use tokio::sync::{mpsc, watch};

use crate::rim::transport::signals;

/// The signals that ask for the end.
pub(crate) struct Ending {
    asked: mpsc::UnboundedReceiver<i32>,
    end: watch::Sender<bool>,
}

impl Ending {
    /// Listens for signals from here on.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, asked) = mpsc::unbounded_channel();
        signals::listen(move |signal| {
            // Nobody listens any more once the end has come.
            let _ = sender.send(signal);
        })?;
        let (end, _) = watch::channel(false);
        Ok(Self { asked, end })
    }

    /// Becomes true when everything is to end.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.end.subscribe()
    }

    /// The next signal.
    pub(crate) async fn signal(&mut self) -> i32 {
        match self.asked.recv().await {
            Some(signal) => signal,
            // The thread that listens has gone, which it never does.
            None => std::future::pending().await,
        }
    }

    /// From now on nothing new is begun.
    pub(crate) fn begin(&self) {
        self.end.send_replace(true);
    }
}
