//! G3: memory is bounded, newline or not. Peak resident size of the binary itself.
//!
//! By default 32 MiB go through the binary of this build. `tests/run` sets
//! `BLACKBAR_MEMORY_BYTES` to 2 GiB and `BLACKBAR_BINARY` to the release binary.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use memchr::memmem;

/// What the process may take at its peak.
const LIMIT: u64 = 64 << 20;

/// A value that stands for a secret and is not in any mask.
const SECRET: &[u8] = b"q7Rk2Vx9Lm4TzW8p";

fn volume() -> usize {
    env::var("BLACKBAR_MEMORY_BYTES").map_or(32 << 20, |bytes| bytes.parse().expect("a number"))
}

fn binary() -> PathBuf {
    env::var_os("BLACKBAR_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_blackbar").into(), PathBuf::from)
}

/// What went through, as far as the tests ask.
struct Passed {
    peak: u64,
    bytes: usize,
    /// The first bytes of the output.
    head: Vec<u8>,
    secrets: usize,
}

/// Feeds `head` and then `unit` again and again.
fn pass(arguments: &[&str], head: &[u8], unit: &[u8]) -> Passed {
    let mut child = Command::new(binary())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    let (head, block) = (head.to_vec(), unit.repeat((1 << 20) / unit.len()));
    let feeder = thread::spawn(move || {
        stdin.write_all(&head)?;
        for _ in 0..volume().div_ceil(block.len()) {
            stdin.write_all(&block)?;
        }
        std::io::Result::Ok(())
    });
    let passed = watch(child);
    feeder
        .join()
        .expect("no panic")
        .expect("the filter reads to the end");
    passed
}

/// Reads all that comes, while another thread looks at the process's peak.
fn watch(mut child: Child) -> Passed {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let ended = AtomicBool::new(false);
    let mut passed = thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = resident_peak(&status).unwrap_or(peak);
                thread::sleep(Duration::from_millis(2));
            }
            peak
        });
        let mut passed = drain(child.stdout.take().expect("piped"));
        ended.store(true, Ordering::Relaxed);
        passed.peak = sampler.join().expect("no panic");
        passed
    });
    assert!(child.wait().expect("it is our child").success());
    passed.peak *= 1024;
    println!("{} KiB at the peak", passed.peak / 1024);
    assert!(passed.peak > 0, "no sample of the memory");
    assert!(
        passed.peak < LIMIT,
        "{} KiB at the peak",
        passed.peak / 1024
    );
    passed
}

/// `VmHWM`, in KiB. A process that has ended has none any more.
fn resident_peak(status: &PathBuf) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn drain(mut stdout: impl Read) -> Passed {
    let finder = memmem::Finder::new(SECRET);
    let mut passed = Passed {
        peak: 0,
        bytes: 0,
        head: Vec::new(),
        secrets: 0,
    };
    // A secret that two reads cut apart is seen too: the end of one is kept.
    let mut buffer = vec![0; 1 << 18];
    let mut kept = 0;
    loop {
        let read = stdout.read(&mut buffer[kept..]).expect("readable");
        if read == 0 {
            return passed;
        }
        passed.bytes += read;
        let filled = kept + read;
        passed.secrets += finder.find_iter(&buffer[..filled]).count();
        if passed.head.len() < 4096 {
            passed.head.extend(&buffer[kept..filled.min(kept + 4096)]);
        }
        let keep = filled.min(SECRET.len() - 1);
        buffer.copy_within(filled - keep..filled, 0);
        kept = keep;
    }
}

#[test]
fn g3_clean_bytes_without_a_newline() {
    for framing in ["lines", "document"] {
        let unit = b"nothing to see here, ";
        let passed = pass(&["--framing", framing], b"", unit);
        assert!(passed.bytes >= volume());
        assert!(passed.head.starts_with(&unit.repeat(10)));
    }
}

#[test]
fn g3_an_open_value_without_a_newline() {
    for profile in ["standard", "article"] {
        let passed = pass(&["--profile", profile], b"first password='", SECRET);
        assert_eq!(passed.secrets, 0, "{profile}");
        assert!(
            passed.bytes < 100,
            "{profile}: {}",
            String::from_utf8_lossy(&passed.head)
        );
        let masked = passed.head.starts_with(b"first ") && passed.head.ends_with(b"[REDACTED]");
        assert!(
            masked,
            "{profile}: {}",
            String::from_utf8_lossy(&passed.head)
        );
    }
}

#[test]
fn g3_repeated_anchors_without_a_newline() {
    for anchor in ["postgresql://", "Bearer ", "password='"] {
        pass(&[], b"", anchor.as_bytes());
    }
}

#[test]
fn g3_a_pem_body_without_an_end() {
    let line = [SECRET.repeat(4), b"\n".to_vec()].concat();
    let begin = format!("-----BEGIN {} PRIVATE KEY-----\n", "RSA");
    let passed = pass(&[], begin.as_bytes(), &line);
    assert_eq!(passed.secrets, 0);
    let head = String::from_utf8_lossy(&passed.head).into_owned();
    assert!(head.contains("[REDACTED]\n[REDACTED]\n"), "{head}");
}

#[test]
fn g3_data_that_grows_when_decompressed() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("into memory");
    let zeros = vec![0; 1 << 20];
    for _ in 0..volume() >> 20 {
        encoder.write_all(&zeros).expect("into memory");
    }
    let bomb = encoder.finish().expect("into memory");
    let mut child = Command::new(binary())
        .arg("-z")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    let feeder = thread::spawn(move || stdin.write_all(&bomb));
    let passed = watch(child);
    feeder
        .join()
        .expect("no panic")
        .expect("the filter reads to the end");
    assert_eq!(passed.bytes, volume() >> 20 << 20);
}
