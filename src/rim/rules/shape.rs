//! Shapes of values: what a value looks like, without a byte of what it says.

use std::fmt::Write as _;

/// How many letters and digits in a row may change their class before the run is told as
/// one. More changes are what makes a value random, and would make every shape unique.
const MOST_RUNS: usize = 3;

/// The longest shape that is told, in characters.
const LONGEST: usize = 60;

/// The shape of a value: `A9{4}-a{12}`.
///
/// `A`, `a` and `9` stand for an upper-case letter, a lower-case one and a digit, `h` for
/// hexadecimal digits mixed, `w` for letters and digits mixed, `*` for anything but these
/// and `- _ . : / = + ~ @`, which stand for themselves. `{n}` says how many.
pub(crate) fn shape(value: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < value.len() {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
        let end = if is_word(&value[at]) {
            let word = value[at..].iter().take_while(|byte| is_word(byte)).count();
            word_shape(&value[at..at + word], &mut out);
            at + word
        } else {
            let class = punctuation(value[at]);
            let same = value[at..]
                .iter()
                .take_while(|&&byte| !is_word(&byte) && punctuation(byte) == class)
                .count();
            push(&mut out, class, same);
            at + same
        };
        at = end;
        if out.len() > LONGEST {
            out.truncate(LONGEST);
            out.push('…');
            break;
        }
    }
    out
}

fn word_shape(word: &[u8], out: &mut String) {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for &byte in word {
        let class = match byte {
            b'0'..=b'9' => '9',
            b'A'..=b'Z' => 'A',
            _ => 'a',
        };
        match runs.last_mut() {
            Some((last, count)) if *last == class => *count += 1,
            _ => runs.push((class, 1)),
        }
    }
    if runs.len() <= MOST_RUNS {
        for (class, count) in runs {
            push(out, class, count);
        }
    } else if word.iter().all(u8::is_ascii_hexdigit) {
        push(out, 'h', word.len());
    } else {
        push(out, 'w', word.len());
    }
}

fn punctuation(byte: u8) -> char {
    if b"-_.:/=+~@".contains(&byte) {
        char::from(byte)
    } else {
        '*'
    }
}

fn push(out: &mut String, class: char, count: usize) {
    out.push(class);
    if count > 1 {
        let _ = write!(out, "{{{count}}}");
    }
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn shapes_say_classes_and_lengths() {
        for (value, expected) in [
            ("A1234-abcdefabcdef", "A9{4}-a{12}"),
            ("0f3a9c0b", "h{8}"),
            ("aZ3kQ9xY", "w{8}"),
            ("p ü", "a*{3}"),
            ("", ""),
            ("==", "={2}"),
        ] {
            assert_eq!(shape(value.as_bytes()), expected, "{value}");
        }
        assert!(shape("a.1-".repeat(100).as_bytes()).chars().count() <= 61);
    }
}
