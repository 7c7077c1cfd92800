//! T1 and G3 of `serve`: many documents as large as may be, and bombs of each codec, in a
//! process that has to get by with 256 MiB.
//!
//! By default the documents are of 4 MiB and the binary is that of this build. `tests/run`
//! sets `BLACKBAR_BINARY` to the release binary and `BLACKBAR_DOCUMENT_BYTES` to 32 MiB.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use memchr::memmem;

/// What the process may take at its peak.
const LIMIT: u64 = 256 << 20;

/// What blackbar chooses by itself where that is the limit of its group: half of what
/// remains beside its own 64 MiB.
const BUDGET: u64 = 128 << 20;

/// Documents sent at once.
const DOCUMENTS: usize = 200;

/// What a bomb holds.
const BOMB: usize = 256 << 20;

/// A value that stands for a secret and is not in any mask.
const SECRET: &[u8] = b"q7Rk2Vx9Lm4TzW8p";

/// How long a client waits for its answer.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn many_documents_at_the_limit_fit_into_the_memory() {
    let size = env::var("BLACKBAR_DOCUMENT_BYTES")
        .map_or(4 << 20, |bytes| bytes.parse().expect("a number"));
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.address, size);
    let document = Arc::new(document(size));
    let clients: Vec<_> = (0..DOCUMENTS)
        .map(|_| {
            let (address, document) = (proxy.address, Arc::clone(&document));
            thread::spawn(move || post(address, "", &document))
        })
        .collect();
    let answers: Vec<Answer> = clients
        .into_iter()
        .map(|client| client.join().expect("a client"))
        .collect();

    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| {
        answer.status == 503 && answer.head.to_lowercase().contains("retry-after:")
    });
    assert_eq!(taken + refused.count(), DOCUMENTS, "{answers:?}");
    assert!(taken > 0, "none of the documents got through");
    assert_eq!(upstream.documents.load(Ordering::SeqCst), taken);
    assert_eq!(upstream.secrets.load(Ordering::SeqCst), 0);
    proxy.lives_within_the_limit();
}

#[test]
fn bombs_are_refused() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.address, 32 << 20);
    for (coding, bomb) in bombs() {
        let bomb = Arc::new(bomb);
        let clients: Vec<_> = (0..10)
            .map(|_| {
                let (address, bomb) = (proxy.address, Arc::clone(&bomb));
                let header = format!("Content-Encoding: {coding}\r\n");
                thread::spawn(move || post(address, &header, &bomb))
            })
            .collect();
        for client in clients {
            let answer = client.join().expect("a client");
            assert!([413, 503].contains(&answer.status), "{coding}: {answer:?}");
        }
        proxy.lives_within_the_limit();
    }
    assert_eq!(upstream.documents.load(Ordering::SeqCst), 0);
    let answer = post(proxy.address, "", b"{\"after\":1}");
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// JSON of this size, with a secret at its start and at its end.
fn document(size: usize) -> Vec<u8> {
    let secret = String::from_utf8_lossy(SECRET);
    let start = format!("{{\"password\":\"{secret}\",\"entries\":[1");
    let end = format!("],\"api_key\":\"{secret}\"}}");
    let mut document = start.into_bytes();
    let entry = b",{\"level\":\"info\",\"message\":\"GET /articles/1532 answered 200\",\"n\":1.50}";
    while document.len() + entry.len() + end.len() <= size {
        document.extend_from_slice(entry);
    }
    document.resize(size - end.len(), b' ');
    document.extend_from_slice(end.as_bytes());
    document
}

/// Small bodies that decode to a large JSON document.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    fill(&mut gzip);
    let gzip = gzip.finish().expect("memory");
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    fill(&mut deflate);
    let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("a level");
    fill(&mut zstd);
    let mut br = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 2, 22);
    fill(&mut br);
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    twice.write_all(&gzip).expect("memory");
    vec![
        ("gzip", gzip),
        ("deflate", deflate.finish().expect("memory")),
        ("zstd", zstd.finish().expect("memory")),
        ("br", br.into_inner()),
        ("gzip, gzip", twice.finish().expect("memory")),
    ]
}

fn fill(bomb: &mut impl Write) {
    let blanks = vec![b' '; 1 << 20];
    bomb.write_all(b"{\"a\":\"").expect("memory");
    for _ in 0..BOMB / blanks.len() {
        bomb.write_all(&blanks).expect("memory");
    }
    bomb.write_all(b"\"}").expect("memory");
}

/// What a client was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
}

fn post(address: SocketAddr, headers: &str, body: &[u8]) -> Answer {
    let mut connection = TcpStream::connect(address).expect("it listens");
    connection.set_read_timeout(Some(PATIENCE)).expect("a time");
    let head = format!(
        "POST /ingest HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    // A refusal may come, and the connection go, before all is sent.
    let _ = connection
        .write_all(head.as_bytes())
        .and_then(|()| connection.write_all(body));
    let mut reader = BufReader::new(connection);
    let head = read_head(&mut reader).expect("an answer");
    let status = head.split(' ').nth(1).expect("a status line");
    Answer {
        status: status.parse().expect("a number"),
        head,
    }
}

/// Up to and with the empty line; an error where it ends before.
fn read_head(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// Takes documents, and looks for the secret in them.
struct Upstream {
    address: SocketAddr,
    documents: Arc<AtomicUsize>,
    secrets: Arc<AtomicUsize>,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let upstream = Self {
            address: listener.local_addr().expect("an address"),
            documents: Arc::default(),
            secrets: Arc::default(),
        };
        let (documents, secrets) = (
            Arc::clone(&upstream.documents),
            Arc::clone(&upstream.secrets),
        );
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (documents, secrets) = (Arc::clone(&documents), Arc::clone(&secrets));
                thread::spawn(move || {
                    let mut reader = BufReader::new(connection.expect("a connection"));
                    while let Ok(body) = read_request(&mut reader) {
                        let found = memmem::find_iter(&body, SECRET).count();
                        secrets.fetch_add(found, Ordering::SeqCst);
                        if body.len() > 1 << 10 {
                            documents.fetch_add(1, Ordering::SeqCst);
                        }
                        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        upstream
    }
}

/// A request's body: documents leave with their length.
fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let head = read_head(reader)?.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .expect("a length");
    let mut body = vec![0; length.trim().parse().expect("a number")];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// `blackbar serve` with documents of this size at most.
struct Proxy {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Proxy {
    fn start(upstream: SocketAddr, max_document: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("blackbar.toml");
        let configuration = format!(
            "[limits]\nmax_document = {max_document}\nmax_body = {max_document}\nbudget = {BUDGET}\n\
             [[listen]]\nhttp = \"127.0.0.1:0\"\n\
             [[listen.route]]\npath = \"/*\"\nupstream = \"http://{upstream}\"\n"
        );
        fs::write(&file, configuration).expect("a file");
        let mut child = Command::new(binary())
            .args(["serve", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("blackbar starts");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let address = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("listening on ")
                    .map(|(_, rest)| rest.into())
            })
            .map(|rest: String| rest.split_whitespace().next().unwrap_or_default().into())
            .and_then(|address: String| address.trim_start_matches("http://").parse().ok())
            .expect("it says where it listens");
        thread::spawn(move || log.for_each(drop));
        Self {
            child,
            address,
            _folder: folder,
        }
    }

    fn lives_within_the_limit(&self) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("the process lives");
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .expect("a peak");
        let peak = peak.trim().parse::<u64>().expect("a number") << 10;
        assert!(peak < LIMIT, "{} MiB at its peak", peak >> 20);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> PathBuf {
    env::var_os("BLACKBAR_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_blackbar").into(), PathBuf::from)
}
