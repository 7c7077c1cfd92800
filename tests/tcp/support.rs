//! A recording upstream, and `blackbar serve`.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What must not be seen anywhere.
pub const SECRET: &str = "hunter2hunter2";

/// The program.
pub const BLACKBAR: &str = env!("CARGO_BIN_EXE_blackbar");

/// An upstream that records what each connection brings.
pub struct Upstream {
    pub address: SocketAddr,
    recorded: Arc<Mutex<Vec<Recorded>>>,
}

/// What a connection has brought.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub bytes: Vec<u8>,
    /// Whether it came to its end.
    pub ended: bool,
}

impl Recorded {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Upstream {
    /// Reads everything, and answers nothing.
    pub fn new() -> Self {
        Self::answering(b"", b"")
    }

    /// Answers each chunk, and the end.
    pub fn answering(each: &'static [u8], last: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // Of those whom there is no room for, the system would let some wait for a minute.
        rustix::net::listen(&listener, 4096).unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            recorded: Arc::default(),
        };
        let recorded = upstream.recorded.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let recorded = recorded.clone();
                let index = {
                    let mut all = recorded.lock().unwrap();
                    all.push(Recorded::default());
                    all.len() - 1
                };
                thread::spawn(move || {
                    let mut chunk = vec![0; 64 * 1024];
                    while let Ok(read @ 1..) = stream.read(&mut chunk) {
                        let more = &chunk[..read];
                        recorded.lock().unwrap()[index].bytes.extend(more);
                        let _ = stream.write_all(each);
                    }
                    recorded.lock().unwrap()[index].ended = true;
                    let _ = stream.write_all(last);
                });
            }
        });
        upstream
    }

    /// What each connection has brought so far.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap().clone()
    }

    /// What the only connection has brought, once it has ended.
    pub fn only(&self) -> String {
        let is_over = || matches!(&self.recorded()[..], [only] if only.ended);
        eventually(is_over, || format!("{:?}", self.recorded()));
        self.recorded()[0].text()
    }

    /// Waits until the connections together have brought so many bytes.
    pub fn await_bytes(&self, count: usize) {
        let sum = || -> usize { self.recorded().iter().map(|one| one.bytes.len()).sum() };
        eventually(|| sum() >= count, || format!("{} of {count}", sum()));
    }
}

/// `blackbar serve`.
pub struct Relay {
    child: Child,
    /// Of its listeners, in the order of the configuration; admin is the first, if there
    /// is one.
    pub addresses: Vec<String>,
    pub folder: TempDir,
    log: Arc<Mutex<String>>,
}

impl Relay {
    /// One listener for lines, with more keys.
    pub fn to(upstream: SocketAddr, keys: &str) -> Self {
        let listen = format!(
            "[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\n\
             upstream = \"{upstream}\"\n{keys}\n"
        );
        Self::configured(tempfile::tempdir().unwrap(), &listen)
    }

    /// With a whole configuration, in a folder that may hold what it names.
    pub fn configured(folder: TempDir, text: &str) -> Self {
        Self::started(folder, text, Command::new(BLACKBAR))
    }

    /// The same with a command that runs [`BLACKBAR`] with the arguments that it gets.
    pub fn started(folder: TempDir, text: &str, mut command: Command) -> Self {
        let file = folder.path().join("blackbar.toml");
        std::fs::write(&file, text).unwrap();
        let mut child = command
            .args(["serve", "-c"])
            .arg(&file)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (found, listening) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let kept = log.clone();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let address = ["listening on ", "admin on "]
                    .iter()
                    .find_map(|told| line.split_once(told));
                if let Some((_, address)) = address {
                    let _ = found.send(address.trim().to_owned());
                }
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let expected = text.matches("[[listen]]").count() + text.matches("[admin]").count();
        let addresses = (0..expected).map(|_| {
            let told = listening.recv_timeout(PATIENCE);
            told.unwrap_or_else(|_| panic!("it does not listen: {}", log.lock().unwrap()))
        });
        Self {
            addresses: addresses.collect(),
            child,
            folder,
            log,
        }
    }

    /// A new connection to the last listener, whose reads do not wait for ever.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addresses.last().unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends all, ends, and reads to the end.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        read_rest(&mut stream)
    }

    /// The value of a series.
    pub fn metric(&self, series: &str) -> u64 {
        let mut stream = TcpStream::connect(&self.addresses[0]).unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(request).unwrap();
        let text = read_rest(&mut stream);
        let value = text.lines().find_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            (name == series).then(|| value.parse().unwrap())
        });
        value.unwrap_or_else(|| panic!("no {series} in {text}"))
    }

    /// Waits until a series has a value.
    pub fn await_metric(&self, series: &str, value: u64) {
        eventually(
            || self.metric(series) == value,
            || format!("{series} is {}", self.metric(series)),
        );
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code, which must come.
    pub fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end: {}", self.log());
    }

    /// What it writes to standard output, where the command pipes it.
    pub fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that it occupies.
    pub fn memory(&self) -> usize {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse::<usize>().unwrap() * 1024
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
#[track_caller]
pub fn eventually(mut holds: impl FnMut() -> bool, say: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it never holds: {}", say());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Lets this process have so many files open, if the system does.
pub fn raise_open_files(count: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.current.map(|now| now.max(count as u64));
    let raised = Rlimit {
        current: wanted,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

/// Reads to the end of a connection; a reset ends it, too.
pub fn read_rest(stream: &mut impl Read) -> String {
    let mut out = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => out.extend_from_slice(&chunk[..read]),
            Err(error) => {
                let kind = error.kind();
                let what = String::from_utf8_lossy(&out).into_owned();
                assert!(
                    kind != std::io::ErrorKind::WouldBlock,
                    "the connection stays open after {what:?}"
                );
                break;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Sends numbered lines over some connections at a time, each with a secret.
pub struct Load {
    pub clients: usize,
    pub lines: usize,
}

impl Load {
    /// Begins to send to a relay; a thread for each connection.
    pub fn begin(&self, relay: &Relay) -> Vec<thread::JoinHandle<()>> {
        let lines = self.lines;
        let clients = (0..self.clients).map(|client| {
            let mut stream = BufWriter::new(relay.connect());
            thread::spawn(move || {
                for number in 0..lines {
                    writeln!(stream, "{client} {number} password={SECRET}").unwrap();
                }
            })
        });
        clients.collect()
    }

    /// Sends all of it.
    pub fn send(&self, relay: &Relay) {
        for client in self.begin(relay) {
            client.join().unwrap();
        }
    }

    /// Bytes of all lines as they must arrive.
    pub fn bytes(&self) -> usize {
        self.expected().map(|line| line.len() + 1).sum()
    }

    fn expected(&self) -> impl Iterator<Item = String> {
        let (clients, lines) = (self.clients, self.lines);
        (0..clients).flat_map(move |client| {
            (0..lines).map(move |number| format!("{client} {number} password=[REDACTED]"))
        })
    }

    /// Each line has arrived once, in the order of its client.
    #[track_caller]
    pub fn check(&self, text: &str) {
        // Stable: the order of each client stays.
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(|line| {
            line.split(' ')
                .next()
                .and_then(|id| id.parse::<usize>().ok())
        });
        let expected = self.expected();
        for (index, (line, expected)) in lines.iter().zip(expected).enumerate() {
            assert_eq!(*line, expected, "line {index}");
        }
        assert_eq!(lines.len(), self.clients * self.lines);
        assert!(text.ends_with('\n'));
    }
}

/// A syslog message with its count of octets.
pub fn counted(message: &str) -> String {
    format!("{} {message}", message.len())
}

/// The text as it must leave.
pub fn masked(text: &str) -> String {
    text.replace(SECRET, "[REDACTED]")
}
