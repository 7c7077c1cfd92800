//! S12: every input over small alphabets, at every split, with limits of a few bytes,
//! against the oracle.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use oracle::drive::Pair;
use oracle::rules::{Framing, Options, Spec, spec};

/// Limits so small that every input passes them.
const TIGHT: Options = Options {
    reach: 3,
    max_record: 4,
    ..Options::DEFAULT
};

/// Every sequence of up to `longest` of the tokens, whole, byte by byte and at every
/// split in two. The shortest failing input comes first.
fn every_input(alphabet: &[&[u8]], longest: usize, framing: Framing, sets: &[Vec<Spec>]) {
    let labelled = Options {
        labels: true,
        ..TIGHT
    };
    for (number, specs) in sets.iter().enumerate() {
        let options = if number % 2 == 0 { TIGHT } else { labelled };
        let pair = Pair::new(specs.clone(), options, framing).unwrap();
        let mut masked = 0;
        for length in 0..=longest {
            for index in 0..alphabet.len().pow(length as u32) {
                let input = sequence(alphabet, length, index);
                masked += every_split(&pair, &input);
            }
        }
        assert!(masked > 0, "no input is masked by {specs:?}");
    }
}

/// The `index`th sequence of `length` tokens.
fn sequence(alphabet: &[&[u8]], length: usize, mut index: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..length {
        bytes.extend_from_slice(alphabet[index % alphabet.len()]);
        index /= alphabet.len();
    }
    bytes
}

/// Asserts one input at every split; returns the number of masks.
fn every_split(pair: &Pair, input: &[u8]) -> u64 {
    let expected = pair.oracle(input);
    let same = |chunks: &[&[u8]]| {
        if let Some(report) = pair.difference(&expected, chunks) {
            panic!("{report}");
        }
    };
    same(&[input]);
    for at in 1..input.len() {
        let (head, tail) = input.split_at(at);
        same(&[head, tail]);
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    if bytes.len() > 2 {
        same(&bytes);
    }
    if let Some(report) = pair.flushed_difference(&expected, input) {
        panic!("{report}");
    }
    expected.masks
}

/// Rules over a and b that overlap themselves, each other and the reach.
fn plain_rules() -> Vec<Vec<Spec>> {
    vec![
        vec![spec("aab")],
        vec![spec("ab*")],
        vec![spec("a(b+)").secret(1)],
        vec![spec("(?:a|ab)(b*)a").secret(1), spec("bb")],
        vec![spec("abbaba|bab")],
        vec![spec("ab").before("[b]").after("[^b]")],
        vec![spec("a[ab]*bb"), spec("ba")],
        vec![spec("a[ab]{2}").entropy(0.9, true).before("[a]")],
        vec![spec("[ab]{0,2}bb").anchors(&["bb"], 2)],
        vec![spec("a.*?b"), spec("bab").anchors(&["bab"], 0)],
        vec![spec("b+a|ba*").reach(2), spec("a{2,3}").reach(1)],
    ]
}

#[test]
fn s12_every_input_of_letters_and_newlines_as_lines() {
    every_input(&[b"a", b"b", b"\n"], 9, Framing::Lines, &plain_rules());
}

#[test]
fn s12_every_input_of_letters_and_newlines_as_a_document() {
    let mut sets = plain_rules();
    sets.push(vec![spec("a\nb"), spec("[b\n]+a")]);
    sets.push(vec![spec("a[^b]*").after("[\n]")]);
    every_input(&[b"a", b"b", b"\n"], 8, Framing::Document, &sets);
}

#[test]
fn s12_every_input_of_quotes_and_backslashes() {
    let sets = [
        vec![spec("a['\"][^'\"]+['\"]")],
        vec![spec("'([^']*)'").secret(1), spec("aa")],
        vec![spec(r"\\a"), spec(r#"""#)],
        vec![spec("a").before(r"[^\\]").after(r#"[^"]"#)],
    ];
    every_input(&[b"a", b"'", b"\"", b"\\"], 8, Framing::Lines, &sets);
}

#[test]
fn s12_every_input_of_arrays_strings_and_numbers() {
    let sets = [
        vec![spec("1")],
        vec![spec("[a1]+")],
        vec![spec("a[^a]*a").reach(2)],
    ];
    every_input(
        &[b"[", b"\"", b"1", b"a", b"\\", b","],
        6,
        Framing::Lines,
        &sets,
    );
}

#[test]
fn s12_every_input_of_control_sequences() {
    let sets = [
        vec![spec("1?a[1ab]")],
        vec![spec("a+"), spec("1+a?b").before("[^1a]")],
        vec![spec("[1a]b*").before("[^1ab]")],
        vec![spec("(1)ab*").secret(1), spec("1a(b+)").secret(1)],
        vec![spec("[1a]{1,2}b").anchors(&["b"], 2)],
        vec![spec("[^a]*b").reach(2), spec("a1").after("[^1]")],
    ];
    every_input(
        &[b"\x1b[", b"1", b"a", b";", b"b"],
        6,
        Framing::Lines,
        &sets,
    );
}

#[test]
fn s12_every_input_of_objects() {
    let sets = [vec![spec("1[^}]*")], vec![spec("\":?1?"), spec("1")]];
    every_input(&[b"{", b"\"", b":", b"1", b"}"], 7, Framing::Lines, &sets);
}

#[test]
fn s12_every_input_of_strings_in_strings() {
    let sets = [
        vec![spec("a")],
        vec![spec("\"a?"), spec(r"\\{1,2}")],
        vec![spec("a\\\\*\"").reach(2)],
    ];
    let tokens: [&[u8]; 5] = [b"[", b"\"", br#"\""#, br"\\", b"a"];
    every_input(&tokens, 6, Framing::Lines, &sets);
}

#[test]
fn s12_every_input_of_escapes_and_broken_characters() {
    let sets = [
        vec![spec("n")],
        vec![spec(r"\xa9[an\\]?")],
        vec![spec("a").before(r"[^\\a-z]")],
        vec![spec(r"[un0-9]+a").reach(4)],
    ];
    let tokens: [&[u8]; 7] = [b"\\", b"n", b"u00", b"41", b"a", b"\xc3", b"\xa9"];
    every_input(&tokens, 5, Framing::Lines, &sets);
}

#[test]
fn s12_every_input_of_blanks_before_json() {
    let sets = [vec![spec("1")], vec![spec(" +1?"), spec(r"\[")]];
    let tokens: [&[u8]; 6] = [b" ", b"\xef\xbb\xbf", b"[", b"\"", b"1", b"\n"];
    every_input(&tokens, 6, Framing::Document, &sets);
}

#[test]
fn every_sequence_of_the_lines_of_a_block() {
    let options = Options {
        max_record: 6,
        ..Options::DEFAULT
    };
    let key = [spec("KEY:[a-z]*").opens_blocks(), spec("b{2,}")];
    let pair = Pair::new(key.to_vec(), options, Framing::Lines).unwrap();
    let tokens: [&[u8]; 9] = [
        b"KEY:",
        b"\n",
        b"bb",
        b"1\"",
        b" ",
        b"\\n",
        b"=",
        b"-----END X-----",
        b"Hash:",
    ];
    let mut masks = 0;
    for length in 0..=5 {
        for index in 0..tokens.len().pow(length as u32) {
            // Nothing is to be seen without an opening.
            let input = [b"1\"KEY:".to_vec(), sequence(&tokens, length, index)].concat();
            let expected = pair.oracle(&input);
            let bytes: Vec<&[u8]> = input.chunks(1).collect();
            let (head, tail) = input.split_at(index % input.len());
            for chunks in [&[&input[..]], &bytes[..], &[head, tail]] {
                if let Some(report) = pair.difference(&expected, chunks) {
                    panic!("{report}");
                }
            }
            if let Some(report) = pair.flushed_difference(&expected, &input) {
                panic!("{report}");
            }
            masks += expected.masks;
        }
    }
    assert!(masks > 10_000, "{masks} masks");
}
