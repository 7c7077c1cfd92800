use std::convert::Infallible;
use std::sync::LazyLock;

use blackbar::Tally;
use proptest::prelude::*;

use super::*;

static REDACTOR: LazyLock<Arc<Redactor>> =
    LazyLock::new(|| Arc::new(Redactor::builder().build().expect("the packs hold")));

/// What came of an input.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    out: Vec<u8>,
    tally: Tally,
}

/// A stream that segments or chunks join.
struct Joined {
    session: Session,
    out: Vec<u8>,
    tally: Tally,
    /// Segments in all, and those of which nothing had to be done again.
    segments: usize,
    kept: usize,
}

impl Joined {
    fn new() -> Self {
        Self {
            session: Session::new(Arc::clone(&REDACTOR), Framing::Lines),
            out: Vec::new(),
            tally: Tally::default(),
            segments: 0,
            kept: 0,
        }
    }

    fn deliver(&mut self, pieces: &[Piece], chunk: &[u8]) {
        for piece in pieces {
            self.out.extend_from_slice(self.session.bytes(piece, chunk));
        }
    }

    fn join(&mut self, segment: &mut Segment) {
        let mut pieces = Vec::new();
        self.segments += 1;
        if let Some(ended) = segment.join(&mut self.session, &mut pieces) {
            self.tally.add(ended.tally());
            self.kept += 1;
        }
        self.deliver(&pieces, segment.bytes());
    }

    fn end(mut self) -> Outcome {
        let mut pieces = Vec::new();
        self.session.end(&mut pieces);
        self.deliver(&pieces, &[]);
        self.tally.add(self.session.tally());
        Outcome {
            out: self.out,
            tally: self.tally,
        }
    }
}

fn serial(text: &[u8]) -> Outcome {
    let mut joined = Joined::new();
    let mut pieces = Vec::new();
    joined.session.write(text, &mut pieces);
    joined.deliver(&pieces, text);
    joined.end()
}

/// Gives at most `most` bytes at once.
struct Slow<'a> {
    text: &'a [u8],
    most: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.most.min(buffer.len());
        self.text.read(&mut buffer[..most])
    }
}

fn parallel(jobs: Jobs, head: &[u8], reader: &mut dyn Read) -> (Joined, io::Result<()>) {
    let mut joined = Joined::new();
    let read = jobs.run::<Infallible>(&REDACTOR, head, reader, |segment| {
        joined.join(segment);
        Ok(())
    });
    let Ok(read) = read;
    (joined, read)
}

/// Lines and parts of lines that leave something to the next, and what may follow them.
fn fragments() -> Vec<String> {
    let dashes = "-".repeat(5);
    let body = "q7Rk2Vx9Lm4TzW8p".repeat(4);
    let mut fragments: Vec<String> = [
        "plain line\n",
        "\n",
        "\r\n",
        "crlf\r\n",
        "no newline ",
        "10:01 user password=hunter2 and more\n",
        "url=postgresql://app:hunter2@db/shop\n",
        "password:\n",
        "  hunter2\n",
        "    - hunter2\n",
        "password: |\n",
        "\"password\":\n",
        "  \"hunter2\",\n",
        "\"secrets\": {\n",
        "  \"a\": \"hunter2\",\n",
        "}\n",
        "<password>\n",
        "</password>\n",
        "\"name\": \"password\",\n",
        "\"value\": \"hunter2\"\n",
        "password='hunter2",
        "{\"a\":1}\r",
    ]
    .map(str::to_owned)
    .to_vec();
    fragments.push(format!("{dashes}BEGIN RSA PRIVATE KEY{dashes}\n"));
    fragments.push(format!("10:02 {dashes}BEGIN EC PRIVATE KEY{dashes}\r\n"));
    fragments.push(format!("{dashes}END RSA PRIVATE KEY{dashes}\n"));
    fragments.push(format!("{body}\n"));
    fragments.push(format!("10:03 {body}\r\n"));
    fragments.push("a long line ".repeat(20));
    fragments
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let fragment = proptest::sample::select(fragments());
    proptest::collection::vec(fragment, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_bytes_and_counts_as_with_one_job(
        text in text(),
        threads in 2_usize..5,
        segment in 1_usize..160,
        most in 1_usize..200,
        head in 0_usize..80,
    ) {
        let head = head.min(text.len());
        let mut reader = Slow { text: &text[head..], most };
        let (joined, read) = parallel(Jobs { threads, segment }, &text[..head], &mut reader);
        prop_assert!(read.is_ok());
        prop_assert_eq!(joined.end(), serial(&text));
    }
}

#[test]
fn lines_that_leave_nothing_are_scanned_once() {
    let text = b"some line password=hunter2\n".repeat(200);
    let jobs = Jobs {
        threads: 2,
        segment: 100,
    };
    let (joined, _) = parallel(jobs, b"", &mut &text[..]);
    assert!(joined.segments > 50);
    assert_eq!(joined.kept, joined.segments);
    assert_eq!(joined.end(), serial(&text));
}

#[test]
fn what_a_line_leaves_costs_what_was_made_ahead() {
    let text = [&b"one\ntwo\npassword:\n"[..], b"  hunter2\nthree\n"].concat();
    let jobs = Jobs {
        threads: 2,
        segment: 18,
    };
    let (joined, _) = parallel(jobs, b"", &mut &text[..]);
    assert_eq!((joined.segments, joined.kept), (2, 1));
    let result = joined.end();
    assert_eq!(result.out, b"one\ntwo\npassword:\n  [REDACTED]\nthree\n");
    assert_eq!(result.tally.masks(), 1);
}

#[test]
fn an_error_comes_after_all_that_was_read() {
    struct Breaks;
    impl Read for Breaks {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let text = b"line after line\n".repeat(50);
    for length in [0, 3, 16, 100, text.len() - 1, text.len()] {
        let text = &text[..length];
        let jobs = Jobs {
            threads: 3,
            segment: 40,
        };
        let (joined, read) = parallel(jobs, b"", &mut text.chain(Breaks));
        assert_eq!(read.expect_err("it breaks").to_string(), "broken");
        assert_eq!(joined.end(), serial(text));
    }
}

#[test]
fn one_that_takes_no_more_ends_it_at_once() {
    let text = b"line after line\n".repeat(1000);
    let jobs = Jobs {
        threads: 2,
        segment: 40,
    };
    let mut taken = 0;
    let mut reader = &text[..];
    let result = jobs.run(&REDACTOR, b"", &mut reader, |_| {
        taken += 1;
        if taken < 3 { Ok(()) } else { Err("full") }
    });
    assert_eq!(result.expect_err("it is full"), "full");
    assert_eq!(taken, 3);
    // No more was read than may be on its way.
    assert!(reader.len() > text.len() / 2);
}
