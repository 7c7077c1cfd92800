//! A recording upstream, a client that writes what it is told, and `blackbar serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A secret by its name, and what must not be seen anywhere.
pub(crate) const SECRET: &str = "hunter2hunter2";

/// A request as an upstream got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// The value of a header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// An upstream that records what it gets.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    connections: Arc<Mutex<usize>>,
}

impl Upstream {
    /// Answers every request so; an empty answer closes the connection.
    pub(crate) fn answering(answer: &'static str) -> Self {
        Self::new(move |_, stream| {
            let sent = !answer.is_empty() && stream.write_all(answer.as_bytes()).is_ok();
            sent && !answer.contains("close")
        })
    }

    /// Answers as it is told; the connection goes on as long as it returns true.
    pub(crate) fn new(
        answer: impl Fn(&Recorded, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            recorded: Arc::default(),
            connections: Arc::default(),
        };
        let answer = Arc::new(answer);
        let (recorded, connections) = (upstream.recorded.clone(), upstream.connections.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                *connections.lock().unwrap() += 1;
                let (answer, recorded) = (answer.clone(), recorded.clone());
                thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(request) = read_message(&mut reader) {
                        recorded.lock().unwrap().push(request.clone());
                        if !answer(&request, &mut stream) {
                            break;
                        }
                    }
                });
            }
        });
        upstream
    }

    /// The usual one.
    pub(crate) fn ok() -> Self {
        Self::answering("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok")
    }

    /// The requests so far.
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(crate) fn only(&self) -> Recorded {
        let recorded = self.recorded();
        assert_eq!(recorded.len(), 1, "{recorded:?}");
        recorded[0].clone()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// Reads a message with its body decoded; `None` if it does not come to its end.
pub(crate) fn read_message(reader: &mut impl BufRead) -> Option<Recorded> {
    let mut message = Recorded::default();
    while !message.head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut message.head).ok()? == 0 {
            return None;
        }
    }
    if message.header("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk).ok()?;
            message.body.extend(chunk);
            let mut end = String::new();
            reader.read_line(&mut end).ok()?;
            while size == 0 && !end.trim().is_empty() {
                message.head.push_str(&end);
                end.clear();
                reader.read_line(&mut end).ok()?;
            }
            if size == 0 {
                return Some(message);
            }
        }
    }
    let length = message
        .header("content-length")
        .unwrap_or("0")
        .parse()
        .ok()?;
    message.body.resize(length, 0);
    reader.read_exact(&mut message.body).ok()?;
    Some(message)
}

/// `blackbar serve` with a configuration of its own.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    log: Arc<Mutex<String>>,
}

impl Proxy {
    /// Passes everything on to the upstream. `more` is put before the listener.
    pub(crate) fn to(upstream: &Upstream, more: &str) -> Self {
        Self::routed(&format!("http://{}", upstream.address), more, "")
    }

    /// The same, with more keys of the route.
    pub(crate) fn routed(upstream: &str, more: &str, route: &str) -> Self {
        let listen = format!(
            "{more}\n[[listen]]\nhttp = \"127.0.0.1:0\"\n\
             [[listen.route]]\nname = \"all\"\npath = \"/*\"\nupstream = \"{upstream}\"\n{route}\n"
        );
        Self::configured(tempfile::tempdir().unwrap(), &listen)
    }

    /// With a whole configuration, in a folder that may hold what it names.
    pub(crate) fn configured(folder: TempDir, text: &str) -> Self {
        let file = folder.path().join("blackbar.toml");
        std::fs::write(&file, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_blackbar"))
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
                if let Some((_, address)) = line.split_once("listening on ") {
                    let _ = found.send(address.trim().parse().unwrap());
                }
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let address = listening
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("it does not listen: {}", log.lock().unwrap()));
        Self {
            child,
            address,
            folder,
            log,
        }
    }

    /// A new connection, whose reads do not wait for ever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends bytes and reads to the end of the connection.
    pub(crate) fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        read_rest(&mut stream)
    }

    /// Sends a POST of its own connection, and returns the answer.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &[u8]) -> String {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat())
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// The most memory that it has had resident, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kibibytes = line
            .and_then(|line| line.split_whitespace().nth(1))
            .unwrap();
        kibibytes.parse::<u64>().unwrap() * 1024
    }

    /// The exit code, which must come.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end");
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log holds a text.
    pub(crate) fn await_log(&self, text: &str) {
        eventually(|| self.log().contains(text), || self.log());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
pub(crate) fn eventually(mut holds: impl FnMut() -> bool, say: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it never holds: {}", say());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Reads to the end of a connection; a reset ends it, too.
pub(crate) fn read_rest(stream: &mut impl Read) -> String {
    let mut out = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => out.extend_from_slice(&chunk[..read]),
            Err(error) => {
                let kind = error.kind();
                assert!(
                    kind != std::io::ErrorKind::WouldBlock,
                    "the connection stays open after {:?}",
                    String::from_utf8_lossy(&out)
                );
                break;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Asserts that an answer is ours, with this status and reason, and echoes nothing.
#[track_caller]
pub(crate) fn assert_refused(answer: &str, status: u16, reason: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let body = format!("{{\"error\":\"{reason}\",\"request_id\":\"");
    assert!(answer.contains(&body), "{answer}");
    assert!(!answer.contains(SECRET), "{answer}");
}
