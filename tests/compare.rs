//! What `blackbar verify` decides, against a comparison that tries everything.

use blackbar::core::compare::{Difference, MaskForms, Replaced, compare};

/// Tries every form of a mask at every place, and every stretch for it.
struct Oracle<'a> {
    before: &'a [u8],
    after: &'a [u8],
    text: &'a [u8],
    null: bool,
}

impl Oracle<'_> {
    fn equal(&self) -> bool {
        // By AFTER's and BEFORE's offset: can the rests be explained?
        let (rows, columns) = (self.after.len() + 1, self.before.len() + 1);
        let mut can = vec![vec![false; columns]; rows];
        for i in (0..rows).rev() {
            for j in (0..columns).rev() {
                can[i][j] = self.step(&can, i, j);
            }
        }
        can[0][0]
    }

    fn step(&self, can: &[Vec<bool>], i: usize, j: usize) -> bool {
        let (after, before) = (&self.after[i..], &self.before[j..]);
        if after.is_empty() || before.is_empty() {
            return after.is_empty() && before.is_empty();
        }
        let forms = ["", "\"", "'", "\\\"", "\\\\\\\""]
            .map(|quote| [quote.as_bytes(), self.text, quote.as_bytes()].concat());
        let masked = forms
            .iter()
            .filter(|form| after.starts_with(form))
            .any(|form| (j + 1..=self.before.len()).any(|next| can[i + form.len()][next]));
        masked || self.number(can, i, j) || after[0] == before[0] && can[i + 1][j + 1]
    }

    fn number(&self, can: &[Vec<bool>], i: usize, j: usize) -> bool {
        let alone = |at: Option<usize>| {
            at.and_then(|at| self.after.get(at))
                .is_none_or(|byte| !byte.is_ascii_alphanumeric())
        };
        let null = self.null
            && self.after[i..].starts_with(b"null")
            && alone(i.checked_sub(1))
            && alone(Some(i + 4));
        let digits = self.before[j..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let length = digits.count();
        null && length > 0 && can[i + 4][j + length]
    }
}

/// AFTER as the masks that were told make it from BEFORE.
fn applied(before: &[u8], after: &[u8], masks: &[Replaced]) -> Vec<u8> {
    let mut made = Vec::new();
    let mut at = 0;
    for mask in masks {
        assert!(!mask.before.is_empty(), "a mask stands for something");
        made.extend_from_slice(&before[at..mask.before.start]);
        assert_eq!(
            mask.after.start,
            made.len(),
            "masks stand where they are told"
        );
        made.extend_from_slice(&after[mask.after.clone()]);
        at = mask.before.end;
    }
    made.extend_from_slice(&before[at..]);
    made
}

fn check(before: &[u8], after: &[u8], text: &str, null: bool) -> bool {
    let mut forms = match text {
        "[REDACTED]" => MaskForms::default(),
        own => MaskForms::of_text(own.as_bytes()),
    };
    if null {
        forms = forms.with_null();
    }
    let oracle = Oracle {
        before,
        after,
        text: text.as_bytes(),
        null,
    };
    let shown = || {
        let show = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (show(before), show(after))
    };
    match compare(before, after, &forms) {
        Ok(masks) => {
            assert_eq!(applied(before, after, &masks), after, "{:?}", shown());
            assert!(oracle.equal(), "not by masks alone: {:?}", shown());
            true
        }
        Err(Difference {
            before: left,
            after: right,
        }) => {
            assert!(left <= before.len() && right <= after.len());
            // Masks that share a quote are read from the left.
            let shared = [
                format!("{text}\"{text}"),
                format!("{text}'{text}"),
                format!("{text}\\\"{text}"),
            ];
            let overlaps = shared.iter().any(|shared| {
                after
                    .windows(shared.len())
                    .any(|at| at == shared.as_bytes())
            });
            assert!(overlaps || !oracle.equal(), "masks alone: {:?}", shown());
            false
        }
    }
}

/// All texts of `length` pieces.
fn texts(pieces: &[&str], length: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for _ in 0..length {
        all = all
            .iter()
            .flat_map(|text: &Vec<u8>| {
                pieces
                    .iter()
                    .map(move |piece| [text.as_slice(), piece.as_bytes()].concat())
            })
            .collect();
    }
    all
}

fn check_all(before: &[&str], after: &[&str], lengths: (usize, usize), text: &str, null: bool) {
    let (mut equal, mut different) = (0, 0);
    for left in 0..=lengths.0 {
        for right in 0..=lengths.1 {
            for before in texts(before, left) {
                for after in texts(after, right) {
                    if check(&before, &after, text, null) {
                        equal += 1;
                    } else {
                        different += 1;
                    }
                }
            }
        }
    }
    assert!(equal > 500 && different > 500, "{equal}, {different}");
}

#[test]
fn it_equals_the_oracle_on_all_short_texts() {
    check_all(&["a", "b", "#"], &["a", "b", "#"], (5, 5), "#", false);
}

#[test]
fn it_equals_the_oracle_with_quotes() {
    check_all(
        &["a", "\"", "\\", "#"],
        &["a", "\"", "#"],
        (4, 5),
        "#",
        false,
    );
    check_all(&["a", "\\\""], &["\\", "\"", "#", "a"], (4, 5), "#", false);
}

#[test]
fn it_equals_the_oracle_with_numbers() {
    let before = ["1", "null", ",", "a"];
    check_all(&before, &["null", ",", "#", "a"], (4, 4), "#", true);
}

#[test]
fn it_equals_the_oracle_with_the_usual_mask() {
    let pieces = ["x", " ", "[REDACTED]"];
    check_all(&pieces, &pieces, (5, 5), "[REDACTED]", false);
}

fn stretches(before: &str, after: &str) -> Vec<String> {
    let masks = compare(before.as_bytes(), after.as_bytes(), &MaskForms::default());
    let masks = masks.expect("masks alone");
    let label = |mask: &Replaced| {
        mask.label
            .clone()
            .map_or(String::new(), |label| format!(" by {}", &after[label]))
    };
    masks
        .iter()
        .map(|mask| format!("{}{}", &before[mask.before.clone()], label(mask)))
        .collect()
}

#[test]
fn stretches_are_told_as_a_reader_sees_them() {
    for (before, after, expected) in [
        ("same", "same", &[][..]),
        ("pw=a.b ok", "pw=[REDACTED] ok", &["a.b"]),
        (r#"{"p":"x"}"#, r#"{"p":"[REDACTED]"}"#, &["x"]),
        (r#"{"p":12}"#, r#"{"p":"[REDACTED]"}"#, &["12"]),
        (r#"{"p":["x"]}"#, r#"{"p":"[REDACTED]"}"#, &[r#"["x"]"#]),
        (r#"{\"p\":12}"#, r#"{\"p\":\"[REDACTED]\"}"#, &["12"]),
        (
            "p=x t=y",
            "p=[REDACTED:a/b] t=[REDACTED]",
            &["x by a/b", "y"],
        ),
        // What is masked already stays.
        ("[REDACTED] x", "[REDACTED] [REDACTED]", &["x"]),
        (
            "[REDACTED][REDACTED]x",
            "[REDACTED][REDACTED][REDACTED]",
            &["x"],
        ),
        (
            r#""[REDACTED]" "x""#,
            r#""[REDACTED]" "[REDACTED]""#,
            &["x"],
        ),
        // A mask that took more than one that was there.
        ("[REDACTED]x", "[REDACTED]", &["[REDACTED]x"]),
    ] {
        assert_eq!(stretches(before, after), expected, "{before} {after}");
    }
}

#[test]
fn differences_have_their_place() {
    let place = |before: &str, after: &str| {
        let found = compare(before.as_bytes(), after.as_bytes(), &MaskForms::default());
        let Difference { before, after } = found.expect_err("they differ");
        (before, after)
    };
    assert_eq!(place("abc", "abd"), (2, 2));
    assert_eq!(place("abc", "ab"), (2, 2));
    assert_eq!(place("ab", "abc"), (2, 2));
    assert_eq!(place("", "[REDACTED]"), (0, 10));
    assert_eq!(place("p=x end", "p=[REDACTED] and"), (4, 13));
    assert_eq!(place("p=x end more", "p=[REDACTED] end"), (7, 16));
    // What looks like a mask and is none.
    assert_eq!(place("p=x", "p=[REDACTED:a b]"), (2, 2));
}
