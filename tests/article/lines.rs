//! Lines that make the article's seven replacements meet each other.
//!
//! Deterministic: the same seed and count give the same bytes on every machine.
//! All lines are valid UTF-8, since the yardstick is a JavaScript program. Most
//! of them hold several anchors, because replacements that strike one by one are
//! easy; what goes wrong is one that strikes inside, across or next to another.

/// A xorshift64* generator: small, fast, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        // Spread small seeds over all bits, and never start at zero, where xorshift stays.
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// `count` lines and the terminators between and after them. The last line has a newline.
pub(crate) fn corpus(seed: u64, count: usize) -> Vec<u8> {
    let mut lines = Lines {
        random: Random::new(seed),
        line: String::new(),
    };
    let mut corpus = Vec::with_capacity(count * 80);
    // A few long lines, spread over the corpus: they cost as much as thousands of short ones.
    let stride = count.div_ceil(LONG_LINES).max(1);
    for index in 0..count {
        lines.line.clear();
        if index % stride == stride / 2 {
            lines.long(index / stride);
        } else {
            lines.short();
        }
        // A newline would make two lines of one, and move every line number after it.
        debug_assert!(!lines.line.contains('\n'));
        corpus.extend_from_slice(lines.line.as_bytes());
        corpus.extend_from_slice(match lines.random.below(100) {
            0..=1 => b"\r\r\n",
            2..=9 => b"\r\n",
            _ => b"\n",
        });
    }
    corpus
}

const LONG_LINES: usize = 24;

/// The four names that the article takes in any case, with their separator.
const ASSIGNMENTS: &[&str] = &["password=", "secret=", "token=", "key="];

/// Names that look the same to a Unicode-aware matcher, or nearly do to any.
const ALMOST_ASSIGNMENTS: &[&str] = &[
    "pa\u{17F}\u{17F}word=",
    "\u{17F}ecret=",
    "to\u{212A}en=",
    "\u{212A}ey=",
    "password =",
    "passwor=",
    "secrets=",
    "token:",
    "key",
    "ke\u{0}y=",
    "pass\u{200B}word=",
];

const QUOTES: &[&str] = &["'", "\""];

/// Quotes to people, to JSON or to a shell, but two of them not to the article.
const ODD_QUOTES: &[&str] = &[
    "''", "\"\"", "'\"", "\\\"", "\\'", "`", "\u{2019}", "\u{201C}",
];

/// Every character that JavaScript's `\s` takes, but the newline, which ends a line.
const SPACES: &[&str] = &[
    " ", "\t", "\u{B}", "\u{C}", "\r", "\u{A0}", "\u{1680}", "\u{2000}", "\u{2001}", "\u{2002}",
    "\u{2003}", "\u{2004}", "\u{2005}", "\u{2006}", "\u{2007}", "\u{2008}", "\u{2009}", "\u{200A}",
    "\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}", "\u{FEFF}",
];

/// White space to somebody, but not to JavaScript.
const ALMOST_SPACES: &[&str] = &[
    "\u{85}", "\u{180E}", "\u{200B}", "\u{2060}", "\u{1C}", "\u{1F}", "\u{0}", "\u{E0A0}",
];

const MASKS: &[&str] = &[
    "[REDACTED]",
    "[REDACTED",
    "REDACTED]",
    "[REDACTED]]",
    "[[REDACTED]",
    "[REDACTED:article/token]",
    "[redacted]",
    "***",
    "[Filtered]",
    "xxxxx",
];

const WORDS: &[&str] = &[
    "user",
    "login",
    "GET",
    "/api/v1/items",
    "status=200",
    "took 12ms",
    "error:",
    "retrying",
    "id=42",
    "{\"level\":\"info\"}",
    "monkey=banana",
    "of fare",
    "caf\u{E9}",
    "\u{1F511}",
    "\u{65E5}\u{672C}",
    "the",
    "a",
    "=",
    "==",
    "@",
    ":",
    "/",
    "~+/-._",
    "\\",
    "\\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&",
    ";",
    "\u{1B}[31m",
    "\u{0}",
    "\u{FFFD}",
    "bob@example.com",
];

const SEPARATORS: &[&str] = &["", "", "", " ", ", ", "&", ";", "\t", "|", "\""];

/// What a token of the article's Bearer pattern may hold.
const TOKEN: &[u8] = b"ABCXYZabcxyz0189-._~+/";
const ALPHANUMERIC: &[u8] = b"ABCXYZabcxyz0189";

struct Lines {
    random: Random,
    line: String,
}

impl Lines {
    fn short(&mut self) {
        match self.random.below(100) {
            0..30 => self.soup(),
            30..60 => self.nested_line(),
            60..75 => self.log(),
            75..88 => self.mutated(),
            88..94 => self.bearers(),
            94..98 => self.shards(),
            98 => {}
            _ => self
                .line
                .push_str(["\r", " ", "'", "key=", "\u{FEFF}"][self.random.below(5)]),
        }
    }

    /// Anchors, quotes and values in any order.
    fn soup(&mut self) {
        for _ in 0..self.random.below(24) + 2 {
            match self.random.below(100) {
                0..30 => self.anchor(),
                30..58 => self.push(QUOTES),
                58..62 => self.push(ODD_QUOTES),
                62..78 => self.value(),
                78..82 => self.push(MASKS),
                82..85 => self.push(ALMOST_ASSIGNMENTS),
                85..89 => self.push(SPACES),
                89..90 => self.push(ALMOST_SPACES),
                _ => self.push(WORDS),
            }
        }
    }

    /// One replacement's match inside another's, up to four deep.
    fn nested_line(&mut self) {
        for _ in 0..=self.random.below(4) {
            let depth = self.random.below(4);
            self.nested(depth);
            self.push(SEPARATORS);
        }
    }

    fn nested(&mut self, depth: usize) {
        match self.random.below(10) {
            0..6 => {
                self.assignment();
                let quote = self.random.pick(QUOTES);
                self.line.push_str(quote);
                self.body(depth);
                // Any quote closes in the article; a missing one leaves the next to do it.
                match self.random.below(10) {
                    0 => {}
                    1..3 => self.push(QUOTES),
                    _ => self.line.push_str(quote),
                }
            }
            6 => {
                self.line.push_str("Bearer");
                self.space();
                self.run(TOKEN, 20);
                self.line.push_str(&"==="[..self.random.below(4)]);
            }
            7 => {
                self.line.push_str("sk_live_");
                self.run(ALPHANUMERIC, 24);
            }
            _ => {
                self.line.push_str("postgresql://");
                self.run(ALPHANUMERIC, 5);
                self.push(&[":", "", ":/"]);
                self.body(depth);
                self.push(&["@", "@", "@", "@@", ""]);
                self.run(ALPHANUMERIC, 5);
            }
        }
    }

    fn body(&mut self, depth: usize) {
        for _ in 0..=self.random.below(3) {
            if depth > 0 && self.random.chance(60) {
                self.nested(depth - 1);
            } else {
                self.value();
            }
        }
    }

    /// A line as programs write it, with up to four secrets in it.
    fn log(&mut self) {
        self.push(&[
            "2026-03-01T12:00:00.123Z INFO ",
            "[12/Mar/2026:12:00:01 +0000] \"GET /?",
            "{\"ts\":1772366400,\"level\":\"warn\",\"msg\":\"",
            "level=debug msg=\"",
            "<134>1 2026-03-01T12:00:00Z web app 7 - - ",
            "",
        ]);
        for _ in 0..self.random.below(5) {
            self.push(WORDS);
            self.push(&[" ", " ", "=", "\\\"", "'", ""]);
            self.nested(0);
            self.push(SEPARATORS);
        }
        self.push(&["\"}", "\"", "", " done"]);
    }

    /// A good line with a few characters lost, doubled, exchanged or in the other case.
    fn mutated(&mut self) {
        self.nested_line();
        let mut characters: Vec<char> = self.line.chars().collect();
        for _ in 0..=self.random.below(4) {
            if characters.is_empty() {
                break;
            }
            let at = self.random.below(characters.len());
            let other = self.random.below(characters.len());
            match self.random.below(5) {
                0 => drop(characters.remove(at)),
                1 => characters.insert(other, characters[at]),
                2 => characters.swap(at, other),
                3 => characters.truncate(at),
                _ if characters[at].is_ascii_lowercase() => characters[at].make_ascii_uppercase(),
                _ => characters[at].make_ascii_lowercase(),
            }
        }
        self.line.clear();
        self.line.extend(characters);
    }

    /// Bearer with every white space, too little of it, and more than its token.
    fn bearers(&mut self) {
        for _ in 0..=self.random.below(4) {
            self.push(&[
                "Bearer",
                "Bearer",
                "Bearer",
                "bearer",
                "Authorization: Bearer",
                "BearerBearer",
            ]);
            for _ in 0..self.random.below(4) {
                self.space();
            }
            self.run(TOKEN, 30);
            self.push(&["", "=", "==", "=====", "=x", "[REDACTED]", ",", "Bearer"]);
            self.push(SEPARATORS);
        }
    }

    /// Pieces of anchors, which a replacement in their midst might join.
    fn shards(&mut self) {
        for _ in 0..self.random.below(16) + 4 {
            self.push(&[
                "pass",
                "word",
                "word=",
                "sec",
                "ret=",
                "to",
                "ken=",
                "k",
                "ey=",
                "Bear",
                "er",
                " ",
                "sk_",
                "live_",
                "sk_live_",
                "postgres",
                "ql://",
                "://",
                "@",
                "'",
                "\"",
                "=",
                "x",
                "key='a'",
                "token=\"b\"",
                "secret='c\"",
            ]);
        }
    }

    /// Lines of 8 to 300 KiB: long values, open values, and traps for a quadratic matcher.
    fn long(&mut self, index: usize) {
        let length = [8 << 10, 20 << 10, 70 << 10, 300 << 10][index % 4];
        match index % 8 {
            0 | 3 => {
                while self.line.len() < length {
                    self.soup();
                }
            }
            1 => {
                self.line.push_str("user postgresql://app:");
                while self.line.len() < length {
                    self.line.push_str("postgresql://");
                }
                self.line.push_str(&"@"[..index / 8 % 2]);
            }
            2 => {
                self.line.push_str("Bearer");
                while self.line.len() < length / 2 {
                    self.space();
                }
                while self.line.len() < length {
                    self.run(TOKEN, 40);
                }
                self.line.push_str("== after");
            }
            4 => {
                while self.line.len() < length {
                    self.push(&["Bearer ", "Bearer  ", "sk_live_", "key='", "password="]);
                }
            }
            5 => {
                self.line.push_str("a sk_live_");
                while self.line.len() < length {
                    self.run(ALPHANUMERIC, 40);
                }
                self.line.push_str("_b");
            }
            6 => {
                self.line.push_str("x token=\"");
                while self.line.len() < length {
                    self.run(ALPHANUMERIC, 40);
                    self.line.push_str(" \u{E9}");
                }
            }
            _ => {
                self.line.push_str("Password='");
                while self.line.len() < length {
                    self.run(TOKEN, 40);
                    self.push(&[
                        " ",
                        "sk_live_1",
                        "Bearer x",
                        "\u{FEFF}",
                        "postgresql://a:b@c",
                    ]);
                }
                self.push(&["'", "\""]);
                self.push(WORDS);
            }
        }
    }

    fn anchor(&mut self) {
        match self.random.below(10) {
            0..6 => self.assignment(),
            6 => self.line.push_str("Bearer"),
            7 => self.line.push_str("Bearer "),
            8 => self.push(&["sk_live_", "sk_live_", "SK_LIVE_", "sk_test_"]),
            _ => self.push(&[
                "postgresql://",
                "postgresql://",
                "PostgreSQL://",
                "postgres://",
                "postgresql:/",
            ]),
        }
    }

    fn assignment(&mut self) {
        let name = self.random.pick(ASSIGNMENTS);
        match self.random.below(10) {
            0..5 => self.line.push_str(name),
            5..7 => self.line.push_str(&name.to_ascii_uppercase()),
            _ => {
                for character in name.chars() {
                    let upper = self.random.chance(50);
                    self.line.push(if upper {
                        character.to_ascii_uppercase()
                    } else {
                        character
                    });
                }
            }
        }
    }

    fn value(&mut self) {
        match self.random.below(20) {
            0..9 => self.run(ALPHANUMERIC, 12),
            9..11 => self.run(TOKEN, 12),
            11..15 => self.push(&[
                "hunter2", "p@ss", "a b", "x", "=", "it`s", "50%", "u:pw@h", "@",
            ]),
            15 => self.push(MASKS),
            16 => self.push(SPACES),
            17 => self.anchor(),
            _ => self.push(WORDS),
        }
    }

    fn space(&mut self) {
        match self.random.below(12) {
            0..5 => self.line.push(' '),
            5 => self.push(ALMOST_SPACES),
            _ => self.push(SPACES),
        }
    }

    /// Up to `most` bytes of a class.
    fn run(&mut self, class: &[u8], most: usize) {
        for _ in 0..self.random.below(most + 1) {
            let byte = class[self.random.below(class.len())];
            self.line.push(char::from(byte));
        }
    }

    fn push(&mut self, from: &[&str]) {
        let piece = self.random.pick(from);
        self.line.push_str(piece);
    }
}
