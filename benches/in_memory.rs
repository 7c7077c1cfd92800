//! How near does redacting come to copying? A session's pieces, put together in a reused
//! buffer, against plain copying of the same chunks into the same buffer.
//!
//!     cargo bench --bench in_memory [-- --mib 32] [--rounds 7] [--without-avx512]
//!
//! Rounds are interleaved (copy, article, standard, ... and again), so that a slow moment
//! of the machine strikes all; the table shows medians. Before anything is timed, each
//! profile has to have found what it should. The exit status is 1 if a mark is missed.

mod corpus;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar::{Framing, Piece, Profile, Redactor, Session};

use corpus::{Corpus, KINDS, Kind};

/// What the binary reads at once.
const READ: usize = 256 << 10;

/// So often a round copies.
const COPIES: usize = 4;

/// Of plain copying's speed, at least so much.
const MARKS: [(Kind, Rules, f64); 6] = [
    (Kind::Clean, Rules::Article, 0.55),
    (Kind::Clean, Rules::Standard, 0.25),
    (Kind::Sparse, Rules::Standard, 0.20),
    (Kind::Fields, Rules::Standard, 0.15),
    (Kind::Dense, Rules::Article, 0.15),
    (Kind::NearMisses, Rules::Article, 0.10),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    Article,
    Standard,
    /// `standard` and the pack of personal data.
    Personal,
}

impl Rules {
    const ALL: [Rules; 3] = [Rules::Article, Rules::Standard, Rules::Personal];

    fn name(self) -> &'static str {
        match self {
            Rules::Article => "article",
            Rules::Standard => "standard",
            Rules::Personal => "standard + pii",
        }
    }

    fn redactor(self, avx512: bool) -> Arc<Redactor> {
        let builder = match self {
            Rules::Article => Redactor::builder().profile(Profile::Article),
            Rules::Standard => Redactor::builder(),
            Rules::Personal => Redactor::builder().enable("pii"),
        };
        let builder = builder.avx512(avx512);
        Arc::new(builder.build().expect("the embedded packs compile"))
    }

    /// Whether so many masks are what this corpus has for these rules.
    fn expects(self, corpus: &Corpus, kind: Kind, masks: u64) -> bool {
        match self {
            // Of the fields it knows a Bearer's alone.
            Rules::Article if kind == Kind::Fields => masks > 0 && masks < corpus.secrets,
            Rules::Article => masks == corpus.secrets,
            Rules::Standard if kind == Kind::Clean => masks == 0,
            // They know more secrets than the corpus was given, never fewer.
            Rules::Standard | Rules::Personal => masks >= corpus.secrets,
        }
    }
}

fn main() -> ExitCode {
    let bytes = option("--mib", 32) << 20;
    let rounds = option("--rounds", 7);
    let avx512 = !std::env::args().any(|argument| argument == "--without-avx512");
    let redactors = Rules::ALL.map(|rules| (rules, rules.redactor(avx512)));
    println!("{}; medians of {rounds} rounds\n", processor(avx512));
    println!("| corpus | rules | copying, GB/s | session, GB/s | of copying | mark |");
    println!("|---|---|---:|---:|---:|---|");
    let mut missed = false;
    for kind in KINDS.into_iter().chain([Kind::Fields]) {
        let corpus = Corpus::new(kind, bytes);
        let text = corpus.text.as_bytes();
        let mut out = Vec::new();
        for (rules, redactor) in &redactors {
            let masks = redact(redactor, text, &mut out);
            let (kind_, rules_) = (kind.name(), rules.name());
            assert!(
                rules.expects(&corpus, kind, masks),
                "{kind_}, {rules_}: {masks} masks, {} secrets",
                corpus.secrets
            );
        }
        let mut copies = Vec::new();
        let mut sessions = [const { Vec::new() }; Rules::ALL.len()];
        for _ in 0..rounds {
            // It takes so short that one interruption would be most of it.
            for _ in 0..COPIES {
                copies.push(time(|| copy(black_box(text), &mut out)));
            }
            for ((_, redactor), times) in redactors.iter().zip(&mut sessions) {
                times.push(time(|| redact(redactor, black_box(text), &mut out)));
            }
        }
        let copying = median(&mut copies);
        for ((rules, _), times) in redactors.iter().zip(&mut sessions) {
            missed |= report(kind, *rules, text.len(), copying, median(times));
        }
    }
    ExitCode::from(u8::from(missed))
}

/// Prints one line. Whether a mark is missed.
fn report(kind: Kind, rules: Rules, bytes: usize, copying: Duration, session: Duration) -> bool {
    let bytes = f64::from(u32::try_from(bytes).expect("less than 4 GiB"));
    let speed = |time: Duration| bytes / time.as_secs_f64() / 1e9;
    let ratio = copying.as_secs_f64() / session.as_secs_f64();
    let mark = MARKS
        .iter()
        .find(|mark| mark.0 == kind && mark.1 == rules)
        .map(|mark| mark.2);
    let missed = mark.is_some_and(|mark| ratio < mark);
    let verdict = mark.map_or(String::new(), |mark| {
        format!("{mark:.2}: {}", if missed { "MISSED" } else { "met" })
    });
    println!(
        "| {} | {} | {:.2} | {:.2} | {ratio:.3} | {verdict} |",
        kind.name(),
        rules.name(),
        speed(copying),
        speed(session),
    );
    missed
}

/// The least that a filter with a buffer of its own does. Returns no masks.
fn copy(input: &[u8], out: &mut Vec<u8>) -> u64 {
    for chunk in input.chunks(READ) {
        out.clear();
        out.extend_from_slice(chunk);
        black_box(&out);
    }
    0
}

/// Returns how many masks came out.
fn redact(redactor: &Arc<Redactor>, input: &[u8], out: &mut Vec<u8>) -> u64 {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let mut pieces = Vec::new();
    let mut masks = 0;
    let mut take = |session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8]| {
        out.clear();
        for piece in pieces.drain(..) {
            masks += u64::from(matches!(piece, Piece::Mask(_)));
            out.extend_from_slice(session.bytes(&piece, chunk));
        }
        black_box(&out);
    };
    for chunk in input.chunks(READ) {
        session.write(chunk, &mut pieces);
        take(&session, &mut pieces, chunk);
    }
    session.end(&mut pieces);
    take(&session, &mut pieces, &[]);
    masks
}

fn time(run: impl FnOnce() -> u64) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Which of the prefilter's ways this machine takes.
fn processor(avx512: bool) -> String {
    #[cfg(target_arch = "x86_64")]
    let features = [
        (
            "avx512vbmi",
            avx512 && is_x86_feature_detected!("avx512vbmi"),
        ),
        ("avx2", is_x86_feature_detected!("avx2")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let features: [(&str, bool); 0] = [];
    let mut said = std::env::consts::ARCH.to_owned();
    for (name, there) in features {
        said.push_str(if there { ", " } else { ", no " });
        said.push_str(name);
    }
    said
}

fn option(name: &str, default: usize) -> usize {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    at.map_or(default, |at| {
        let number = arguments.get(at + 1).and_then(|text| text.parse().ok());
        number.unwrap_or_else(|| panic!("{name} wants a number"))
    })
}
