//! One client of Forward with an upstream connection of its own.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::rim::config::forward::{Forward, Login, Security};
use crate::rim::config::serve::Timeouts;
use crate::rim::http::budget::Budget;
use crate::rim::http::events::Gauges;
use crate::rim::payload::work::Thread;
use crate::rim::tcp::forward::forth::Forth;
use crate::rim::tcp::forward::framer::Framer;
use crate::rim::tcp::forward::handshake::{self, Disagreement, Guest, Host};
use crate::rim::tcp::forward::owed::Owed;
use crate::rim::tcp::intake::{Activity, GRACE};
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::setup::{Current, Setup};
use crate::rim::tcp::socket::{CHUNK, Dialer, Socket, read_with};
use crate::rim::tcp::tunnel::LAST;

/// What a connection needs to know of its listener.
pub(in crate::rim::tcp) struct Relay<'a> {
    pub(in crate::rim::tcp) name: String,
    pub(in crate::rim::tcp) timeouts: Timeouts,
    pub(in crate::rim::tcp) dialer: &'a Dialer,
    /// The rules of the present are looked up for each message.
    pub(in crate::rim::tcp) current: &'a Current,
    pub(in crate::rim::tcp) gauges: &'a Gauges,
    pub(in crate::rim::tcp) budget: &'a Arc<Budget>,
    pub(in crate::rim::tcp) ending: &'a watch::Receiver<bool>,
}

impl Relay<'_> {
    /// Serves one client to its end. Returns what went wrong. `setup` is what it begins
    /// with, and is not kept.
    pub(in crate::rim::tcp) async fn run(
        &self,
        mut client: Socket,
        setup: Arc<Setup>,
    ) -> Option<Reason> {
        let settings = setup.stream.forward.as_ref()?;
        let mut inward = Framer::new(handshake::LONGEST);
        if let Some(security) = &settings.security {
            let welcome = self.welcome(&mut client, &mut inward, security);
            let welcome = timeout(self.timeouts.head, welcome).await;
            match welcome.unwrap_or(Err(Some(Reason::Unauthorized))) {
                Ok(()) => {}
                Err(reason) => return reason,
            }
        }
        inward.limit(settings.policy.max_body);
        // Nothing is read from a client whose upstream is not there.
        let mut outward = Framer::new(handshake::LONGEST);
        let joined = self.join(&mut outward, settings).await;
        drop(setup);
        match joined {
            Ok(upstream) => self.pump(client, inward, upstream, outward).await,
            Err(reason) => Some(reason),
        }
    }

    /// Has a client prove that it knows the key. One that says nothing at all has only
    /// looked whether somebody listens.
    async fn welcome(
        &self,
        client: &mut Socket,
        framer: &mut Framer,
        security: &Security,
    ) -> Result<(), Option<Reason>> {
        let lost = |_| Some(Reason::ClientLost);
        let host = Host::new(security).map_err(|_| Reason::Internal)?;
        client.write_all(&host.helo()).await.map_err(lost)?;
        client.flush().await.map_err(lost)?;
        let ping = match next(client, framer).await {
            Ok(Some(ping)) => ping,
            Ok(None) if framer.has_begun() => return Err(Some(Reason::Unauthorized)),
            Ok(None) => return Err(None),
            Err(_) => return Err(Some(Reason::Unauthorized)),
        };
        let (answer, may_go_on) = host.answer(&ping);
        client.write_all(&answer).await.map_err(lost)?;
        client.flush().await.map_err(lost)?;
        may_go_on.then_some(()).ok_or(Some(Reason::Unauthorized))
    }

    /// A connection to the upstream that takes us.
    async fn join(&self, framer: &mut Framer, settings: &Forward) -> Result<Socket, Reason> {
        let (gauges, name) = (self.gauges, &self.name);
        let upstream = self.dialer.connect().await;
        gauges.note_upstream(name, upstream.is_ok());
        let mut upstream = upstream.map_err(|_| Reason::UpstreamUnreachable)?;
        let Some(login) = &settings.upstream_security else {
            return Ok(upstream);
        };
        let greeting = greet(&mut upstream, framer, login);
        let greeting = timeout(self.dialer.time, greeting).await;
        match greeting.unwrap_or(Ok(Err(Disagreement::NoHandshake))) {
            Ok(Ok(())) => Ok(upstream),
            Ok(Err(why)) => {
                gauges.note_upstream(name, false);
                tracing::warn!(route = name, "no agreement with the upstream: {why}");
                Err(Reason::UpstreamHandshake)
            }
            Err(_) => Err(Reason::UpstreamLost),
        }
    }

    async fn pump(
        &self,
        client: Socket,
        inward: Framer,
        upstream: Socket,
        outward: Framer,
    ) -> Option<Reason> {
        let (reader, client) = split(client);
        let (answers, upstream) = split(upstream);
        let (owed, activity) = (Owed::new(), Activity::new());
        let mut back = pin!(self.back(answers, outward, client, &owed, &activity));
        let mut forth = Forth {
            relay: self,
            reader,
            framer: inward,
            claim: self.budget.claim(),
            upstream,
            out: Vec::new(),
            thread: Thread::default(),
            owed: &owed,
            activity: &activity,
            ending: self.ending.clone(),
            deadline: None,
        };
        let reason = tokio::select! {
            reason = forth.run() => reason,
            // What is not acknowledged stays with the client.
            ended = &mut back => return Some(ended),
            () = owed.overdue(self.timeouts.response) => return Some(Reason::UpstreamAnswer),
            () = self.ended() => return Some(Reason::UpstreamLost),
        };
        let patience = match reason {
            Some(_) => LAST,
            None => self.timeouts.response,
        };
        // What the upstream has got is still acknowledged to a client that waits for it.
        tokio::select! {
            ended = &mut back => return reason.or(Some(ended)),
            () = owed.settled() => {}
            () = sleep(patience) => return reason.or(Some(Reason::UpstreamAnswer)),
        }
        if forth.upstream.shutdown().await.is_ok() {
            let _ = timeout(LAST, back).await;
        }
        reason
    }

    /// Returns when the end was asked for, and a message that had begun should have been
    /// passed on since.
    async fn ended(&self) {
        let _ = self.ending.clone().wait_for(|&ending| ending).await;
        sleep(GRACE + LAST).await;
    }

    /// Passes acknowledgements on. Returns why there are no more.
    async fn back(
        &self,
        mut answers: impl AsyncRead + Unpin,
        mut framer: Framer,
        mut client: impl AsyncWrite + Unpin,
        owed: &Owed,
        activity: &Activity,
    ) -> Reason {
        let mut out = Vec::new();
        loop {
            // What came with the upstream's last words of the handshake comes first.
            let failed = settle_all(&mut framer, owed, &mut out).err();
            let told = async {
                client.write_all(&out).await?;
                client.flush().await
            };
            if told.await.is_err() {
                return Reason::ClientLost;
            }
            out.clear();
            if let Some(reason) = failed {
                if reason == Reason::UpstreamHandshake {
                    let name = &self.name;
                    tracing::warn!(
                        route = name,
                        "the upstream asks for a shared key; write upstream_security"
                    );
                }
                return reason;
            }
            let read = read_with(&mut answers, CHUNK, |chunk| framer.write(chunk)).await;
            if !matches!(read, Ok(Some(()))) {
                // A client that has gone cannot be told.
                let _ = timeout(LAST, client.shutdown()).await;
                return Reason::UpstreamLost;
            }
            activity.note();
        }
    }
}

/// Turns what the upstream has said into what the client gets.
fn settle_all(framer: &mut Framer, owed: &Owed, out: &mut Vec<u8>) -> Result<(), Reason> {
    while let Some(said) = framer.next().map_err(|_| Reason::UpstreamAnswer)? {
        out.extend_from_slice(&owed.settle(framer.bytes(said))?);
    }
    Ok(())
}

/// Proves to an upstream that we know the key, and has it do the same.
///
/// # Errors
///
/// The connection is broken.
pub(in crate::rim::tcp) async fn greet(
    upstream: &mut Socket,
    framer: &mut Framer,
    login: &Login,
) -> io::Result<Result<(), Disagreement>> {
    let Some(helo) = next(upstream, framer).await? else {
        return Ok(Err(Disagreement::NoHandshake));
    };
    let (guest, ping) = match Guest::greet(login, &helo) {
        Ok(greeting) => greeting,
        Err(why) => return Ok(Err(why)),
    };
    upstream.write_all(&ping).await?;
    upstream.flush().await?;
    // Who does not like the key may also just go.
    let Some(answer) = next(upstream, framer).await? else {
        return Ok(Err(Disagreement::Refused));
    };
    Ok(guest.check(&answer))
}

/// The next message of a handshake; `None` at the end.
///
/// # Errors
///
/// The connection is broken, or it is no message.
async fn next(socket: &mut Socket, framer: &mut Framer) -> io::Result<Option<Vec<u8>>> {
    loop {
        match framer.next() {
            Ok(Some(message)) => return Ok(Some(framer.bytes(message).to_vec())),
            Ok(None) => {}
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
        let read = read_with(socket, CHUNK, |chunk| framer.write(chunk)).await?;
        if read.is_none() {
            return Ok(None);
        }
    }
}
