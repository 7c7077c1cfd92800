//! One rule on trial.

use std::ops::Range;
use std::sync::Arc;

use blackbar::{Pack, Redactor, RuleSource};
use regex_syntax::hir::Hir;

use crate::naive::{self, Naive};
use crate::oracle::drive;
use crate::oracle::random::Random;
use crate::oracle::rules::Framing;
use crate::sample::{self, Token};
use crate::spelled;
use crate::surroundings;

const MASK: &[u8] = b"[REDACTED]";

/// Failures that are told of one rule.
const TOLD: usize = 3;

/// How many tokens are made for one that the rule's verifier accepts.
const TRIES: usize = 4000;

/// How many more places are tried for one that the rule's conditions admit.
const PLACES: usize = 40;

/// Rules that may read one of their own texts in two ways, so that not every text made from
/// their pattern is one token: such a text is passed over.
const AMBIGUOUS: [(&str, &str); 6] = [
    (
        "authorization/header-scheme",
        "a parameter of the scheme may be a word of the credential",
    ),
    (
        "authorization/header-bare",
        "a digit after OAuth belongs to the scheme before it belongs to the secret",
    ),
    (
        "commands/redis-cli",
        "an option's value may be an option itself",
    ),
    (
        "commands/redis-cli-quoted",
        "an option's value may be an option itself",
    ),
    (
        "pem/private-key",
        "a header of the block may read as a line of its body",
    ),
    (
        "pem/putty",
        "a header of the file may read as a line of its body",
    ),
];

/// Headers of JSON Web Tokens in base64url, which no random text is.
const HEADERS: [&str; 3] = [
    "eyJhbGciOiJub25lIn0",
    "eyAiYWxnIjogIkhTMjU2IiB9",
    "ewogImFsZyI6ICJIUzI1NiIKfQ",
];

pub(crate) struct Trial<'a> {
    rule: &'a RuleSource,
    /// The group that is masked.
    secret: usize,
    hir: Hir,
    naive: Naive,
    redactor: Arc<Redactor>,
    random: Random,
}

/// A token in its place, and what must be hidden of it.
struct Case {
    text: Vec<u8>,
    token: Range<usize>,
    hidden: Range<usize>,
}

impl Case {
    /// Whether the pattern takes all that was made for it.
    fn is_whole(&self) -> bool {
        self.hidden.start <= self.token.start && self.token.end <= self.hidden.end
    }
}

impl<'a> Trial<'a> {
    pub(crate) fn new(pack: &Pack, rule: &'a RuleSource) -> Self {
        let pattern = spelled::pattern(rule.pattern());
        let seed = rule.full_id().bytes().fold(7, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        Self {
            rule,
            secret: naive::secret(rule),
            hir: sample::parse(&pattern, rule.ignore_case()),
            naive: Naive::new(rule),
            redactor: naive::alone(pack, rule),
            random: Random::new(seed),
        }
    }

    /// Tries `tokens` tokens on the rule alone, and every so many of them on all rules
    /// `together`. Returns what went wrong.
    pub(crate) fn run(
        mut self,
        tokens: usize,
        every: usize,
        together: &Arc<Redactor>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        for number in 0..tokens {
            let Some(case) = self.case() else {
                wrong.push(format!(
                    "{}: token {number}: none in {TRIES} is accepted",
                    self.rule.full_id()
                ));
                break;
            };
            let wrongs = [
                self.check_alone(&case),
                number
                    .is_multiple_of(every)
                    .then(|| self.check_together(&case, together))
                    .flatten(),
            ];
            wrong.extend(wrongs.into_iter().flatten());
            if wrong.len() >= TOLD {
                break;
            }
        }
        wrong
    }

    /// A token that the rule accepts, where it may stand.
    fn case(&mut self) -> Option<Case> {
        for _ in 0..TRIES {
            let token = self.token();
            if self.is_rejected(&token) {
                continue;
            }
            if let Some(case) = (0..PLACES).find_map(|_| self.place(&token)) {
                return Some(case);
            }
        }
        None
    }

    fn token(&mut self) -> Token {
        let mut token = sample::token(&self.hir, self.secret, &mut self.random);
        let verify = self.rule.verify().map(|verify| verify.by.name());
        if verify == Some("jwt") {
            let dot = token.bytes.iter().position(|&byte| byte == b'.');
            let rest = token.bytes.split_off(dot.expect("its parts are joined"));
            token.bytes = [self.random.pick(&HEADERS).as_bytes(), &rest].concat();
            token.secret = 0..token.bytes.len();
        }
        token
    }

    /// Whether the text is none for this test: it ends a line, it has no secret, a backslash
    /// before the secret makes an escape of its first byte, or the rule's verifier says no.
    fn is_rejected(&self, token: &Token) -> bool {
        let is_cut = token.bytes.iter().any(|byte| b"\r\n".contains(byte));
        let is_escape = token.bytes[..token.secret.start].ends_with(b"\\");
        is_cut
            || is_escape
            || token.secret.is_empty()
            || self.rule.verify().is_some() && self.redactor.redact(&token.bytes) == token.bytes
    }

    /// The token somewhere, if the conditions of the rule hold there.
    fn place(&mut self, token: &Token) -> Option<Case> {
        let around = surroundings::around(&token.bytes, &mut self.random);
        let start = around.before.len();
        let text = [
            around.before.as_bytes(),
            &token.bytes,
            around.after.as_bytes(),
        ]
        .concat();
        let found = self.naive.first(&text, start)?;
        let case = Case {
            token: start + token.secret.start..start + token.secret.end,
            text,
            hidden: found.hidden,
        };
        // What a match takes beyond the ends of its string keeps the string's quotes.
        let end = start + token.bytes.len();
        let is_inside = start <= found.whole.start && found.whole.end <= end;
        let is_clear = is_inside || !around.is_json;
        (is_clear && (case.is_whole() || !self.is_ambiguous())).then_some(case)
    }

    fn is_ambiguous(&self) -> bool {
        AMBIGUOUS.iter().any(|(id, _)| *id == self.rule.full_id())
    }

    /// The secret goes, all of it, and nothing else.
    fn check_alone(&mut self, case: &Case) -> Option<String> {
        let text = &case.text;
        if !case.is_whole() {
            return Some(self.tell("the pattern takes less than the token", case, &[]));
        }
        let expected = [&text[..case.hidden.start], MASK, &text[case.hidden.end..]].concat();
        let chunks = self.random.chunks(text, 4);
        let out = drive::run(&self.redactor, Framing::Lines, chunks).bytes;
        (out != expected).then(|| self.tell("alone", case, &out))
    }

    /// The secret goes among all rules, whatever goes with it.
    fn check_together(&mut self, case: &Case, together: &Arc<Redactor>) -> Option<String> {
        let chunks = self.random.chunks(&case.text, 4);
        let out = drive::run(together, Framing::Lines, chunks).bytes;
        let secret = &case.text[case.token.clone()];
        let leaks = secret.len() >= 8 && contains(&out, secret);
        (leaks || !contains(&out, MASK)).then(|| self.tell("with all rules", case, &out))
    }

    fn tell(&self, how: &str, case: &Case, out: &[u8]) -> String {
        format!(
            "{}: {how}: {} became {}, secret {:?}, matched {:?}",
            self.rule.full_id(),
            drive::shown(&case.text),
            drive::shown(out),
            case.token,
            case.hidden
        )
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
