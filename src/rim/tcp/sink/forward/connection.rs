//! A connection that carries one message after the other, each acknowledged.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::Settings;
use crate::rim::message::reason;
use crate::rim::tcp::forward::{
    Disagreement, Framer, LONGEST_GREETING, acknowledged, greet, is_helo,
};
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::socket::{CHUNK, Socket, read_with};

/// How long it may take to end a connection when everything is acknowledged.
const LAST: Duration = Duration::from_secs(1);

/// A connection that takes messages.
pub(super) struct Connection {
    /// By which it was made.
    settings: Arc<Settings>,
    socket: Socket,
    framer: Framer,
}

/// Why a message was not acknowledged.
pub(super) struct Failed {
    pub(super) reason: Reason,
    pub(super) why: String,
    /// The upstream may have got it.
    pub(super) was_sent: bool,
}

/// Sends a message once: over the connection that stands, if there is one, else over a new one.
/// Returns the one that has carried it.
///
/// # Errors
///
/// It was not acknowledged, and the connection has ended.
pub(super) async fn attempt(
    standing: Option<Connection>,
    settings: &Arc<Settings>,
    message: &[u8],
    chunk: &str,
) -> Result<Connection, Failed> {
    let kept = match standing {
        Some(standing) => standing.keep(settings).await,
        None => None,
    };
    let mut connection = match kept {
        Some(kept) => kept,
        None => Connection::new(settings.clone()).await?,
    };
    let sent = timeout(settings.time, connection.send(message, chunk)).await;
    sent.unwrap_or_else(|_| Err(Failed::lost("it does not acknowledge in time")))?;
    Ok(connection)
}

impl Connection {
    /// One to an upstream that takes us.
    async fn new(settings: Arc<Settings>) -> Result<Self, Failed> {
        let not_sent = |reason, why| Failed {
            reason,
            why,
            was_sent: false,
        };
        let connected = settings.dialer.connect().await;
        let mut socket =
            connected.map_err(|error| not_sent(Reason::UpstreamUnreachable, reason(&error)))?;
        let mut framer = Framer::new(LONGEST_GREETING);
        if let Some(login) = &settings.login {
            let greeting = greet(&mut socket, &mut framer, login);
            let greeting = timeout(settings.dialer.time, greeting).await;
            let why = match greeting.unwrap_or(Ok(Err(Disagreement::NoHandshake))) {
                Ok(Ok(())) => None,
                Ok(Err(why)) => Some(why.to_string()),
                Err(error) => Some(reason(&error)),
            };
            if let Some(why) = why {
                return Err(not_sent(Reason::UpstreamHandshake, why));
            }
        }
        Ok(Self {
            settings,
            socket,
            framer,
        })
    }

    /// Itself, if it was made by these settings and the upstream has not ended it, as some do
    /// where nothing comes for a while.
    async fn keep(mut self, settings: &Arc<Settings>) -> Option<Self> {
        if Arc::ptr_eq(&self.settings, settings) && self.is_quiet().await {
            return Some(self);
        }
        self.close().await;
        None
    }

    /// Whether nothing has come that was not waited for, and it has not ended.
    async fn is_quiet(&mut self) -> bool {
        let read = read_with(&mut self.socket, 1, |_| ());
        timeout(Duration::ZERO, read).await.is_err() && !self.framer.has_begun()
    }

    /// Sends a message and waits until it is acknowledged.
    async fn send(&mut self, message: &[u8], chunk: &str) -> Result<(), Failed> {
        let broken = |error: io::Error| Failed::lost(&reason(&error));
        self.socket.write_all(message).await.map_err(broken)?;
        self.socket.flush().await.map_err(broken)?;
        loop {
            let said = self.framer.next();
            if let Some(said) = said.map_err(|_| Failed::answered("what is no msgpack"))? {
                return judge(self.framer.bytes(said), chunk);
            }
            let framer = &mut self.framer;
            let read = read_with(&mut self.socket, CHUNK, |chunk| framer.write(chunk)).await;
            if read.map_err(broken)?.is_none() {
                return Err(Failed::lost("it closes without an acknowledgement"));
            }
        }
    }

    /// Ends it in order; everything is acknowledged.
    pub(super) async fn close(mut self) {
        let _ = timeout(LAST, self.socket.shutdown()).await;
    }
}

impl Failed {
    /// The connection broke, or was given up.
    pub(super) fn lost(why: &str) -> Self {
        Self {
            reason: Reason::UpstreamLost,
            why: why.to_owned(),
            was_sent: true,
        }
    }

    fn answered(what: &str) -> Self {
        Self {
            reason: Reason::UpstreamAnswer,
            why: format!("it answers {what}"),
            was_sent: true,
        }
    }
}

/// Whether what an upstream says acknowledges this chunk.
fn judge(said: &[u8], chunk: &str) -> Result<(), Failed> {
    if is_helo(said) {
        return Err(Failed {
            reason: Reason::UpstreamHandshake,
            why: "it asks for a shared key; write upstream_security".to_owned(),
            was_sent: false,
        });
    }
    match acknowledged(said) {
        Some(name) if name == chunk.as_bytes() => Ok(()),
        Some(_) => Err(Failed::answered("that it has got another chunk")),
        None => Err(Failed::answered("what acknowledges nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_chunk_that_was_sent_is_acknowledged() {
        assert!(judge(b"\x81\xa3ack\xa2c1", "c1").is_ok());
        assert!(judge(b"\x81\xa3ack\xc4\x02c1", "c1").is_ok());
        for (said, reason) in [
            (&b"\x81\xa3ack\xa2c2"[..], Reason::UpstreamAnswer),
            (b"\x81\xa3ack\xc0", Reason::UpstreamAnswer),
            (b"\xc0", Reason::UpstreamAnswer),
            (b"\x92\xa4HELO\x81\xa5nonce\xa1n", Reason::UpstreamHandshake),
        ] {
            let failed = judge(said, "c1").err().map(|failed| failed.reason);
            assert_eq!(failed, Some(reason), "{said:?}");
        }
    }
}
