//! Connections of every kind: TCP, unix sockets, TLS; both sides.

use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::ready;
use std::time::Duration;

use rustix::net::sockopt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::rim::config::stream::{Destination, Entry};
use crate::rim::tls::Shown;

/// So many bytes are read at a time.
pub(crate) const CHUNK: usize = 64 * 1024;

/// After so long without a byte the other side is asked whether it is still there, and
/// then so often; after that many times without an answer the connection is lost.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_EACH: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TRIES: u32 = 6;

/// A connection.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Sync + Unpin {
    /// Whether the system has seen it break since its last error was told.
    fn has_broken(&self) -> bool;
}

impl Connection for TcpStream {
    fn has_broken(&self) -> bool {
        !matches!(self.take_error(), Ok(None))
    }
}

impl Connection for UnixStream {
    fn has_broken(&self) -> bool {
        !matches!(self.take_error(), Ok(None))
    }
}

impl Connection for tokio_rustls::server::TlsStream<TcpStream> {
    fn has_broken(&self) -> bool {
        self.get_ref().0.has_broken()
    }
}

impl Connection for tokio_rustls::client::TlsStream<TcpStream> {
    fn has_broken(&self) -> bool {
        self.get_ref().0.has_broken()
    }
}

/// Any connection.
pub(crate) type Socket = Box<dyn Connection>;

/// Where streams come in.
pub(crate) enum Listener {
    /// By TCP.
    Tcp(TcpListener),
    /// By a unix socket, whose file goes with it.
    Unix(UnixListener, SocketFile),
}

/// Removes the file of a unix socket when it is dropped.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody else may have removed it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A connection before its handshake.
pub(crate) enum Incoming {
    /// By TCP.
    Tcp(TcpStream),
    /// By a unix socket.
    Unix(UnixStream),
}

impl Listener {
    /// Listens. Datagrams do not come in here.
    pub(crate) async fn bind(entry: &Entry) -> io::Result<Self> {
        match entry {
            Entry::Tcp(address) | Entry::Udp(address) => {
                TcpListener::bind(address).await.map(Self::Tcp)
            }
            Entry::Unix(path) => {
                remove_if_left_behind(path).await;
                let listener = UnixListener::bind(path)?;
                Ok(Self::Unix(listener, SocketFile(path.clone())))
            }
        }
    }

    /// Where it listens, as the system says.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .map_or_else(|_| String::new(), |address| address.to_string()),
            Self::Unix(_, file) => format!("unix:{}", file.0.display()),
        }
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Incoming> {
        match self {
            Self::Tcp(listener) => Ok(Incoming::Tcp(listener.accept().await?.0)),
            Self::Unix(listener, _) => Ok(Incoming::Unix(listener.accept().await?.0)),
        }
    }
}

/// A socket that nobody listens on any more is in the way.
async fn remove_if_left_behind(path: &PathBuf) {
    let refused = match UnixStream::connect(path).await {
        Ok(_) => false,
        Err(error) => error.kind() == io::ErrorKind::ConnectionRefused,
    };
    if refused {
        // What cannot be removed is told by the attempt to bind.
        let _ = std::fs::remove_file(path);
    }
}

impl Incoming {
    /// A connection whose handshake, if there has to be one, is done within `time`.
    pub(crate) async fn open(self, tls: Option<&Shown>, time: Duration) -> io::Result<Socket> {
        let stream = match self {
            Self::Unix(stream) => return Ok(Box::new(stream)),
            Self::Tcp(stream) => stream,
        };
        stream.set_nodelay(true)?;
        keep_alive(&stream)?;
        match tls {
            None => Ok(Box::new(stream)),
            Some(shown) => {
                let handshake = TlsAcceptor::from(shown.current()).accept(stream);
                Ok(Box::new(tokio::time::timeout(time, handshake).await??))
            }
        }
    }
}

/// Makes connections to an upstream.
pub(crate) struct Dialer {
    /// Where to.
    pub(crate) to: Destination,
    /// With it, TLS is spoken.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// How long it may take, the handshake included.
    pub(crate) time: Duration,
    /// What the system may hold of bytes that were not acknowledged; left to it if none.
    pub(crate) send_buffer: Option<usize>,
}

impl Dialer {
    /// A new connection.
    pub(crate) async fn connect(&self) -> io::Result<Socket> {
        let connected = tokio::time::timeout(self.time, self.open()).await;
        connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn open(&self) -> io::Result<Socket> {
        let (host, port) = match &self.to {
            Destination::Unix(path) => {
                let stream = UnixStream::connect(path).await?;
                return Ok(Box::new(stream));
            }
            Destination::Tcp { host, port }
            | Destination::Udp { host, port }
            | Destination::Forward { host, port } => (host, *port),
            Destination::Stdout | Destination::File(_) | Destination::Http(_) => {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        };
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        keep_alive(&stream)?;
        if let Some(bytes) = self.send_buffer {
            sockopt::set_socket_send_buffer_size(&stream, bytes)?;
        }
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(config) => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(config.clone());
                Ok(Box::new(connector.connect(name, stream).await?))
            }
        }
    }
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEP_ALIVE)?;
    sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE_EACH)?;
    sockopt::set_tcp_keepcnt(stream, KEEP_ALIVE_TRIES)?;
    Ok(())
}

thread_local! {
    /// What is read goes here, and is worked on before anything else is read: so a
    /// connection without traffic needs no buffer of its own.
    static READ: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; CHUNK]);
}

/// Reads at most `most` bytes and has them worked on. `None` at the end of the stream.
///
/// Nothing is lost if it is dropped before it is done.
pub(crate) async fn read_with<T>(
    reader: &mut (impl AsyncRead + Unpin),
    most: usize,
    mut work: impl FnMut(&[u8]) -> T,
) -> io::Result<Option<T>> {
    poll_fn(|cx| {
        READ.with_borrow_mut(|buffer| {
            let room = most.clamp(1, CHUNK);
            let mut read = ReadBuf::new(&mut buffer[..room]);
            ready!(Pin::new(&mut *reader).poll_read(cx, &mut read))?;
            let chunk = read.filled();
            let worked = (!chunk.is_empty()).then(|| work(chunk));
            std::task::Poll::Ready(Ok(worked))
        })
    })
    .await
}
