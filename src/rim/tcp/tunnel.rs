//! One client with an upstream connection of its own: masked towards the upstream, as it
//! comes back.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::framing::Output;
use crate::rim::tcp::intake::{Activity, Came, Intake};
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::socket::{CHUNK, read_with};

/// How long what is left may take once one side is gone, or everything is to end.
pub(crate) const LAST: Duration = Duration::from_secs(2);

/// The client's half of a tunnel.
pub(crate) struct Forward<R, W> {
    pub(crate) intake: Intake<R>,
    pub(crate) upstream: W,
    pub(crate) counters: Arc<Counters>,
    pub(crate) out: Output,
    /// So much of `out` has been written.
    pub(crate) written: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Forward<R, W> {
    /// Passes on until the client's end, which the upstream sees. Stopped in between, it
    /// can [`Self::flush`] what it holds.
    async fn run(&mut self) -> Option<Reason> {
        loop {
            let came = self.intake.next(&mut self.out).await;
            if self.flush().await.is_err() {
                return Some(Reason::UpstreamLost);
            }
            if let Came::End(reason) = came {
                let ended = self.upstream.shutdown().await;
                return reason.or(ended.is_err().then_some(Reason::UpstreamLost));
            }
        }
    }

    /// Writes what is masked.
    async fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.bytes.len() {
            let wrote = self.upstream.write(&self.out.bytes[self.written..]).await?;
            if wrote == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.written += wrote;
            self.counters.bytes_out.inc_by(wrote as u64);
        }
        self.upstream.flush().await?;
        self.out.clear();
        self.written = 0;
        Ok(())
    }
}

/// Serves both directions to their ends. Returns what went wrong.
pub(crate) async fn run<R, W>(
    mut forward: Forward<R, W>,
    answers: impl AsyncRead + Unpin,
    client: impl AsyncWrite + Unpin,
    activity: &Activity,
    idle: Option<Duration>,
    mut ending: watch::Receiver<bool>,
) -> Option<Reason>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut back = pin!(back(answers, client, activity));
    let reason = tokio::select! {
        reason = forward.run() => reason,
        // An upstream that has ended reads no more: the client has to know, and what it
        // has not sent stays with it.
        ended = &mut back => {
            // What had come may still arrive.
            let _ = timeout(LAST, forward.flush()).await;
            return Some(match ended {
                Ok(()) => Reason::UpstreamLost,
                Err(_) => Reason::ClientLost,
            });
        }
    };
    if reason.is_some() {
        // Answers to what was right before still have a moment.
        let _ = timeout(LAST, back).await;
        return reason;
    }
    // The client has only ended its own direction.
    tokio::select! {
        _ = &mut back => None,
        () = activity.quiet(idle) => Some(Reason::Idle),
        () = ended(&mut ending) => None,
    }
}

/// Once everything is to end, the upstream has a moment to end too.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // Without a sender everything has ended.
    let _ = ending.wait_for(|&ending| ending).await;
    tokio::time::sleep(LAST).await;
}

/// Passes answers on as they come, and their end.
async fn back(
    mut answers: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    activity: &Activity,
) -> io::Result<()> {
    let mut held = Vec::new();
    loop {
        let read = read_with(&mut answers, CHUNK, |chunk| held.extend_from_slice(chunk)).await;
        // A broken upstream ends its direction as a good one does: no byte of it is ours.
        if !matches!(read, Ok(Some(()))) {
            return client.shutdown().await;
        }
        activity.note();
        client.write_all(&held).await?;
        client.flush().await?;
        held = Vec::new();
    }
}
