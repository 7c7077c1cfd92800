//! How fast a session is, without processes and pipes.
//!
//! Each group says what question it answers, and asserts how much was found
//! before anything is timed: an engine that misses secrets shall not look fast.
//! What the parts of it cost see in `layers.rs`; figures beside other tools, in
//! `benches/compare`.

mod corpus;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use blackbar::{Framing, Piece, Profile, Redactor, Session};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};

use corpus::{Corpus, KINDS, Kind};

const BYTES: usize = 4 << 20;

/// What the binary reads at once.
const READ: usize = 256 << 10;

const PROFILES: [Profile; 2] = [Profile::Article, Profile::Standard];

/// Why: the figure that users see, per kind of log. It is the whole path but for the system calls.
fn whole_session(criterion: &mut Criterion) {
    for profile in PROFILES {
        let redactor = redactor(profile);
        let mut group = group(criterion, &format!("session/{profile}"), BYTES);
        for kind in KINDS {
            let corpus = Corpus::new(kind, BYTES);
            let masks = run(&redactor, corpus.text.as_bytes(), READ);
            match profile {
                Profile::Article => assert_eq!(masks, corpus.secrets, "{}", kind.name()),
                _ if kind == Kind::Clean => assert_eq!(masks, 0, "{}", kind.name()),
                // It knows more secrets than the corpus was given, never fewer.
                _ => assert!(masks >= corpus.secrets, "{}: {masks} masks", kind.name()),
            }
            group.bench_function(kind.name(), |bencher| {
                bencher.iter(|| run(&redactor, black_box(corpus.text.as_bytes()), READ));
            });
        }
        group.finish();
    }
}

/// Why: what a chunk costs. Programs that write a line, or less, at a time send many of them.
fn tiny_chunks(criterion: &mut Criterion) {
    let corpus = Corpus::new(Kind::Sparse, BYTES);
    let redactor = redactor(Profile::Standard);
    let mut group = group(criterion, "tiny-chunks/standard", BYTES);
    for size in [16, 256, 4096] {
        assert_eq!(run(&redactor, corpus.text.as_bytes(), size), corpus.secrets);
        group.bench_with_input(
            BenchmarkId::from_parameter(size),
            &size,
            |bencher, &size| {
                bencher.iter(|| run(&redactor, black_box(corpus.text.as_bytes()), size));
            },
        );
    }
    group.finish();
}

/// Why: a line longer than `max_record` is worked off in windows, and one just shorter is held as a whole.
/// Neither may cost much more than the same bytes in short lines.
fn long_lines(criterion: &mut Criterion) {
    let text = corpus::one_line(BYTES);
    for profile in PROFILES {
        let redactor = redactor(profile);
        let mut group = group(criterion, &format!("long-lines/{profile}"), BYTES);
        for length in [64 << 10, 1000 << 10, BYTES] {
            let lines = text
                .as_bytes()
                .chunks(length)
                .flat_map(|line| [line, b"\n"])
                .collect::<Vec<_>>()
                .concat();
            assert_eq!(run(&redactor, &lines, READ), 0);
            group.bench_with_input(
                BenchmarkId::from_parameter(length),
                &lines,
                |bencher, lines| {
                    bencher.iter(|| run(&redactor, black_box(lines), READ));
                },
            );
        }
        group.finish();
    }
}

/// Why: what more rules cost where there is little to find. The article's seven patterns, all
/// rules and names of `standard`, and personal data besides.
fn number_of_rules(criterion: &mut Criterion) {
    let sets = [
        Redactor::builder().profile(Profile::Article),
        Redactor::builder(),
        Redactor::builder().enable("pii"),
    ];
    let sets = sets.map(|builder| Arc::new(builder.build().expect("the embedded packs compile")));
    for kind in [Kind::Clean, Kind::Sparse] {
        let corpus = Corpus::new(kind, BYTES);
        let mut group = group(criterion, &format!("rules/{}", kind.name()), BYTES);
        for redactor in &sets {
            let rules = redactor.ids().count();
            let masks = run(redactor, corpus.text.as_bytes(), READ);
            assert!(masks >= corpus.secrets, "{rules} rules: {masks} masks");
            group.bench_function(BenchmarkId::from_parameter(rules), |bencher| {
                bencher.iter(|| run(redactor, black_box(corpus.text.as_bytes()), READ));
            });
        }
        group.finish();
    }
}

/// Passes `input` through a session in chunks; how many masks came out.
fn run(redactor: &Arc<Redactor>, input: &[u8], chunk: usize) -> u64 {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let mut pieces = Vec::new();
    let mut masks = 0;
    let mut consume = |session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8]| {
        for piece in pieces.drain(..) {
            masks += u64::from(matches!(piece, Piece::Mask(_)));
            black_box(session.bytes(&piece, chunk));
        }
    };
    for chunk in input.chunks(chunk) {
        session.write(chunk, &mut pieces);
        consume(&session, &mut pieces, chunk);
    }
    session.end(&mut pieces);
    consume(&session, &mut pieces, &[]);
    masks
}

fn redactor(profile: Profile) -> Arc<Redactor> {
    Arc::new(
        Redactor::builder()
            .profile(profile)
            .build()
            .expect("the embedded packs compile"),
    )
}

fn group<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    bytes: usize,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .throughput(Throughput::Bytes(bytes as u64))
        .sample_size(20)
        .measurement_time(Duration::from_secs(2));
    group
}

criterion_group!(
    benches,
    whole_session,
    number_of_rules,
    tiny_chunks,
    long_lines
);
criterion_main!(benches);
