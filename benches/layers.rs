//! What each layer costs alone, from a single pass over the bytes up to a process: which
//! of them is worth working on?
//!
//!     cargo bench --bench layers
//!
//! The inner layers are no part of the crate's interface, so the engine is compiled into
//! this bench once more, from its files. All rules of `standard` run.

mod corpus;

// The bench uses a part of it, and what is public there is not so here.
#[path = "../src/core/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::trivially_copy_pass_by_ref
)]
mod core;

use std::fs::{self, File};
use std::hint::black_box;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

use crate::core::limits::Framing;
use crate::core::redactor::Redactor;
use crate::core::scanner::{ScanState, Suspect, View};
use crate::core::session::Session;
use corpus::{Corpus, KINDS, Kind};

const BYTES: usize = 4 << 20;

/// What the binary reads at once.
const READ: usize = 256 << 10;

/// What a session scans at once.
const BLOCK: usize = 128 << 10;

/// Why: no way to look at every byte is faster than looking for one byte that is not there.
fn memchr(criterion: &mut Criterion) {
    each_corpus(criterion, "1-memchr", |group, kind, text, _| {
        assert_eq!(memchr::memchr(0, text), None);
        group.bench_function(kind, |bencher| {
            bencher.iter(|| {
                for chunk in black_box(text).chunks(READ) {
                    black_box(memchr::memchr(0, chunk));
                }
            });
        });
    });
}

/// Why: the least that a filter which copies could do; a session does not copy.
fn copy(criterion: &mut Criterion) {
    let mut target = vec![0; READ];
    each_corpus(criterion, "2-copy", |group, kind, text, _| {
        group.bench_function(kind, |bencher| {
            bencher.iter(|| {
                for chunk in black_box(text).chunks(READ) {
                    target[..chunk.len()].copy_from_slice(chunk);
                    black_box(&mut target);
                }
            });
        });
    });
}

/// Why: what every byte pays, secrets or not. The beginnings of rules without anchors count in.
fn prefilter(criterion: &mut Criterion) {
    let redactor = redactor();
    let mut suspects = Vec::new();
    each_corpus(criterion, "3-prefilter", |group, kind, text, secrets| {
        assert!(find(&redactor, text, &mut suspects) >= secrets);
        group.bench_function(kind, |bencher| {
            bencher.iter(|| find(&redactor, black_box(text), &mut suspects));
        });
    });
}

/// Why: what suspects cost beyond being found. Records without any are left out, as a session does.
fn confirm(criterion: &mut Criterion) {
    let redactor = redactor();
    let mut findings = Vec::new();
    each_corpus(criterion, "4-confirm", |group, kind, text, secrets| {
        let records = records(&redactor, text);
        let mut state = redactor.scanner.state();
        let mut confirm = || {
            let mut found = 0;
            for record in &records {
                found += record.confirm(&redactor, text, &mut state, &mut findings);
            }
            found
        };
        assert!(confirm() >= secrets);
        group.bench_function(kind, |bencher| bencher.iter(&mut confirm));
    });
}

/// Why: what a program pays that has the library: records, prefilter, confirming and painting.
fn session(criterion: &mut Criterion) {
    let redactor = Arc::new(redactor());
    each_corpus(criterion, "5-session", |group, kind, text, secrets| {
        assert!(redact(&redactor, text) >= secrets);
        group.bench_function(kind, |bencher| {
            bencher.iter(|| redact(&redactor, black_box(text)));
        });
    });
}

/// Why: what users see: start, reading, a session, writing. 4 MiB, so the start weighs much.
fn process(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for corpora");
    each_corpus(criterion, "6-process", |group, kind, text, secrets| {
        let path = folder.path().join(kind);
        fs::write(&path, text).expect("a corpus is written");
        let blackbar = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
            command.stdin(File::open(&path).expect("the corpus is there"));
            command
        };
        let output = blackbar().output().expect("blackbar runs").stdout;
        let masks = output.windows(10).filter(|&part| part == b"[REDACTED]");
        assert!(masks.count() as u64 >= secrets);
        group.bench_function(kind, |bencher| {
            bencher.iter(|| {
                let status = blackbar().stdout(Stdio::null()).status();
                assert!(status.expect("blackbar runs").success());
            });
        });
    });
}

/// A record with suspects.
struct Record {
    place: Range<usize>,
    suspects: Vec<Suspect>,
}

impl Record {
    /// Returns how many findings it has.
    fn confirm(
        &self,
        redactor: &Redactor,
        text: &[u8],
        state: &mut ScanState,
        findings: &mut Vec<crate::core::scanner::Finding>,
    ) -> u64 {
        findings.clear();
        redactor.scanner.begin_record(state);
        let view = View::whole(&text[self.place.clone()]);
        redactor.scanner.scan(view, &self.suspects, state, findings);
        black_box(&findings).len() as u64
    }
}

/// The lines of `text` that have suspects.
fn records(redactor: &Redactor, text: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut suspects = Vec::new();
    redactor.scanner.suspects(text, &mut suspects);
    let mut start = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let place = start..start + line.len() - 1;
        start += line.len();
        let first = suspects.partition_point(|suspect| suspect.at < place.start);
        let last = suspects.partition_point(|suspect| suspect.at < place.end);
        if first < last {
            let within = suspects[first..last].iter().map(|suspect| Suspect {
                at: suspect.at - place.start,
                ..*suspect
            });
            records.push(Record {
                suspects: within.collect(),
                place,
            });
        }
    }
    records
}

/// Looks for suspects, block by block; how many there are.
fn find(redactor: &Redactor, text: &[u8], suspects: &mut Vec<Suspect>) -> u64 {
    let mut found = 0;
    for block in text.chunks(BLOCK) {
        suspects.clear();
        redactor.scanner.suspects(block, suspects);
        found += black_box(&suspects).len() as u64;
    }
    found
}

/// Passes `text` through a session; how many findings there are.
fn redact(redactor: &Arc<Redactor>, text: &[u8]) -> u64 {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let mut pieces = Vec::new();
    for chunk in text.chunks(READ) {
        session.write(chunk, &mut pieces);
        black_box(&pieces);
        pieces.clear();
    }
    session.end(&mut pieces);
    black_box(&pieces);
    session.tally().findings().iter().sum()
}

fn redactor() -> Redactor {
    Redactor::builder()
        .build()
        .expect("the embedded packs compile")
}

/// Runs `bench` with the group, and name, text and number of secrets of each corpus.
fn each_corpus(
    criterion: &mut Criterion,
    layer: &str,
    mut bench: impl FnMut(&mut BenchmarkGroup<'_, WallTime>, &str, &[u8], u64),
) {
    let mut group = criterion.benchmark_group(format!("layers/{layer}"));
    group
        .throughput(Throughput::Bytes(BYTES as u64))
        .sample_size(20)
        .measurement_time(Duration::from_secs(2));
    for kind in KINDS.into_iter().chain([Kind::Fields]) {
        let corpus = Corpus::new(kind, BYTES);
        bench(
            &mut group,
            kind.name(),
            corpus.text.as_bytes(),
            corpus.secrets,
        );
    }
    group.finish();
}

criterion_group!(benches, memchr, copy, prefilter, confirm, session, process);
criterion_main!(benches);
