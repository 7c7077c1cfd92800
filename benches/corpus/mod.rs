//! The logs that the benchmarks read: made up by us, the same on every machine.
//!
//! Ten formats that real services write, mixed. What a corpus is called says how
//! many of its lines hold a secret; the secrets are made here, at run time, and
//! each is one finding both of `article` and of `standard`.

#![allow(dead_code, reason = "each benchmark uses its part of this module")]

pub(crate) mod fields;

use std::fmt::Write;

/// What a corpus is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No secret and nothing like one: what most logs are, so the speed that most users see.
    Clean,
    /// One secret in 1,000 lines: a log that needs redacting, on a usual day.
    Sparse,
    /// One secret in 3 lines: confirming and masking dominate.
    Dense,
    /// No secret, but names, separators and prefixes everywhere: what a prefilter is bad at.
    NearMisses,
    /// JSON lines, one secret in 100: the walk through strings and escapes.
    Json,
    /// JSON lines, a sensitive field in 1 of 20. The secrets are findings of `standard` and
    /// of the article's sanitiser of errors, not of its seven patterns.
    Fields,
}

/// Those of the tables, in their order.
pub(crate) const KINDS: [Kind; 5] = [
    Kind::Clean,
    Kind::Sparse,
    Kind::Dense,
    Kind::NearMisses,
    Kind::Json,
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Clean => "clean",
            Kind::Sparse => "sparse",
            Kind::Dense => "dense",
            Kind::NearMisses => "near-misses",
            Kind::Json => "json",
            Kind::Fields => "fields",
        }
    }
}

/// Lines, and how many secrets they hold.
pub(crate) struct Corpus {
    pub(crate) text: String,
    pub(crate) secrets: u64,
}

impl Corpus {
    /// Whole lines of `kind`, at least `bytes` of them in sum.
    pub(crate) fn new(kind: Kind, bytes: usize) -> Corpus {
        let mut corpus = Corpus {
            text: String::with_capacity(bytes + 1024),
            secrets: 0,
        };
        let mut values = Values(0x0DDB_1A5E_5BAD_5EED);
        while corpus.text.len() < bytes {
            corpus.line(kind, &mut values);
        }
        corpus
    }

    fn line(&mut self, kind: Kind, values: &mut Values) {
        let every = match kind {
            Kind::Clean | Kind::NearMisses => 0,
            Kind::Sparse => 1000,
            Kind::Dense => 3,
            Kind::Json => 100,
            Kind::Fields => 20,
        };
        let secret = every != 0 && values.below(every) == 0;
        self.secrets += u64::from(secret);
        if kind == Kind::Fields {
            values.request(&mut self.text, secret);
            self.text.push('\n');
            return;
        }
        let detail = if secret {
            values.secret()
        } else if kind == Kind::NearMisses {
            values.near_miss()
        } else {
            String::new()
        };
        let detail = if detail.is_empty() {
            detail
        } else {
            format!(" {detail}")
        };
        if kind == Kind::Json {
            values.json(&mut self.text, &detail);
        } else {
            values.plain(&mut self.text, &detail);
        }
        self.text.push('\n');
    }
}

/// One line of `bytes` bytes: a clean corpus whose newlines have become spaces.
pub(crate) fn one_line(bytes: usize) -> String {
    let mut text = Corpus::new(Kind::Clean, bytes).text.replace('\n', " ");
    text.truncate(bytes);
    text
}

/// A xorshift64* generator that dresses its numbers as log fields.
struct Values(u64);

impl Values {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    fn alphanumeric(&mut self, length: u64) -> String {
        const CLASS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..length)
            .map(|_| char::from(CLASS[self.below(CLASS.len() as u64) as usize]))
            .collect()
    }

    /// One of the seven shapes of the article, as a program would log it. No double quotes around
    /// and no backslashes, so that it stands in a JSON string as it stands in text.
    fn secret(&mut self) -> String {
        let value = self.alphanumeric(24);
        match self.below(7) {
            0 => format!("connecting with password='{value}' to db"),
            1 => format!("client_secret='{value}' accepted"),
            2 => format!("refreshed token='{value}'"),
            3 => format!("using api_key='{value}' for upstream"),
            4 => format!(
                "Authorization: Bearer {value}.{}== sent",
                self.alphanumeric(20)
            ),
            5 => format!("charge with {}{value} failed", "sk_live_"),
            _ => format!(
                "dial postgresql://app:{value}@db-{}:5432/orders",
                self.below(9)
            ),
        }
    }

    /// What starts like a secret, or has its name, and is none.
    fn near_miss(&mut self) -> String {
        let word = self.pick(NOUNS);
        let number = self.below(100_000);
        match self.below(12) {
            0 => format!("password= is empty for user {number}"),
            1 => format!("key={word} token={number} secret={word}"),
            2 => format!("dial postgresql://db-{number}:5432/{word} refused"),
            3 => "Bearer \"\" rejected, Bearer: missing".to_owned(),
            4 => format!("sk_live_ prefix expected, got sk_test_ in {word}"),
            5 => format!("monkey={number} keyboard={word} turkey={word}"),
            6 => format!("token=\"\" secret='' key=\"\" password='' for {word}"),
            7 => "see postgresql:// and https:// schemes, bearer of news".to_owned(),
            8 => format!("PASSWORD={word} TOKEN={number} KEY={word}"),
            9 => format!("tokens=12 keys={number} secrets=0 passwords=1"),
            10 => format!("eyJ and -----BEGIN {word}, basic auth, authorization of {word}"),
            _ => format!("https://{word}:{number}/path@v2 git@host:{word}.git"),
        }
    }

    /// One line of text, `detail` in its message.
    fn plain(&mut self, out: &mut String, detail: &str) {
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        let clock = format!("{hour:02}:{minute:02}:{second:02}");
        let written = match self.below(10) {
            0 | 1 => write!(
                out,
                "10.{}.{}.{} - - [12/Mar/2026:{clock} +0000] \"{} /api/v2/{}/{} HTTP/1.1\" {} {} \"-\" \
                 \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\" {}.{:03}{detail}",
                self.below(4),
                self.below(256),
                self.below(256),
                self.pick(&["GET", "POST", "PUT", "DELETE"]),
                self.pick(NOUNS),
                self.below(1_000_000),
                self.pick(&["200", "201", "204", "304", "404", "500"]),
                self.below(90_000),
                self.below(3),
                self.below(1000),
            ),
            2 => write!(
                out,
                "time=2026-03-12T{clock}.{:03}Z level={} msg=\"{} {}\" service={} duration={}ms trace_id={:032x}{detail}",
                self.below(1000),
                self.pick(LEVELS),
                self.pick(VERBS),
                self.pick(NOUNS),
                self.pick(NOUNS),
                self.below(5000),
                u128::from(self.next()) << 64 | u128::from(self.next()),
            ),
            3 => {
                let _ = write!(out, "2026-03-12T{clock}Z ");
                self.json(out, detail);
                Ok(())
            }
            4 => write!(
                out,
                "2026-03-12 {clock},{:03} {:<5} [http-nio-8080-exec-{}] c.e.shop.{}Service - {} {} id={}{detail}",
                self.below(1000),
                self.pick(&["INFO", "WARN", "DEBUG", "ERROR"]),
                self.below(32),
                self.pick(&["Order", "Payment", "Cart", "Stock"]),
                self.pick(VERBS),
                self.pick(NOUNS),
                self.next() >> 40,
            ),
            5 => write!(
                out,
                "\tat com.example.shop.{}.handle({}.java:{}) ~[shop-{}.jar:?]{detail}",
                self.pick(NOUNS),
                self.pick(&["Handler", "Filter", "Dispatcher"]),
                self.below(900),
                self.below(9),
            ),
            6 => write!(
                out,
                "Mar 12 {clock} node-{} {}[{}]: {} {} after {} attempts{detail}",
                self.below(40),
                self.pick(&["sshd", "kubelet", "systemd", "cron", "dockerd"]),
                self.below(65_536),
                self.pick(VERBS),
                self.pick(NOUNS),
                self.below(10),
            ),
            7 => write!(
                out,
                "I0312 {clock}.{:06} {:>7} reconciler.go:{}] \"{} {}\" pod=\"shop/{}-{:x}\"{detail}",
                self.below(1_000_000),
                self.below(100_000),
                self.below(900),
                self.pick(VERBS),
                self.pick(NOUNS),
                self.pick(NOUNS),
                self.next() >> 32,
            ),
            8 => write!(
                out,
                "2026-03-12 {clock}.{:03} UTC [{}] LOG:  duration: {}.{:03} ms  statement: SELECT id, name FROM {} \
                 WHERE id = {} ORDER BY created_at{detail}",
                self.below(1000),
                self.below(65_536),
                self.below(900),
                self.below(1000),
                self.pick(NOUNS),
                self.below(1_000_000),
            ),
            _ => write!(
                out,
                "[{clock}] {} {}: {} {} ({} items, {} bytes){detail}",
                self.pick(&["worker", "queue", "mailer", "indexer"]),
                self.pick(LEVELS),
                self.pick(VERBS),
                self.pick(NOUNS),
                self.below(500),
                self.below(1 << 24),
            ),
        };
        debug_assert!(written.is_ok(), "a String takes all");
    }

    /// One JSON object as a logger writes it, `detail` in its message.
    fn json(&mut self, out: &mut String, detail: &str) {
        let written = write!(
            out,
            "{{\"ts\":{}.{:03},\"level\":\"{}\",\"service\":\"{}\",\"msg\":\"{} {}{}\",\"http\":{{\"method\":\"GET\",\
             \"path\":\"/{}/{}\",\"status\":{},\"ms\":{}.{}}},\"user_id\":{},\"tags\":[\"{}\",\"eu-{}\"],\"trace\":\"{:016x}\",\"ok\":{}}}",
            1_773_273_600 + self.below(86_400),
            self.below(1000),
            self.pick(LEVELS),
            self.pick(NOUNS),
            self.pick(VERBS),
            self.pick(NOUNS),
            escaped(detail),
            self.pick(NOUNS),
            self.below(100_000),
            self.pick(&["200", "404", "500"]),
            self.below(900),
            self.below(10),
            self.below(1_000_000),
            self.pick(NOUNS),
            self.below(4),
            self.next(),
            self.below(2) == 0,
        );
        debug_assert!(written.is_ok(), "a String takes all");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

const LEVELS: &[&str] = &["info", "info", "info", "debug", "warn", "error"];

const VERBS: &[&str] = &[
    "accepted",
    "created",
    "updated",
    "deleted",
    "fetched",
    "queued",
    "retried",
    "rejected",
    "processed",
    "scheduled",
    "closed",
    "opened",
    "indexed",
    "rendered",
    "resolved",
    "expired",
];

const NOUNS: &[&str] = &[
    "order",
    "payment",
    "customer",
    "invoice",
    "session",
    "product",
    "basket",
    "shipment",
    "report",
    "image",
    "message",
    "webhook",
    "tenant",
    "replica",
    "partition",
    "volume",
    "request",
    "response",
];
