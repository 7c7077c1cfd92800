//! Sensitive fields in everything that RFC 8259 allows and forbids: no secret is left,
//! nothing else changes, what was valid stays valid, and nothing depends on the chunks.
//! In templates `«x»` is a content that is masked and `‹x›` a value that becomes a mask
//! in quotes.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

#[path = "json_torture/corpus.rs"]
mod corpus;
#[path = "json_torture/cut.rs"]
mod cut;
#[path = "json_torture/deep.rs"]
mod deep;
#[path = "json_torture/tables.rs"]
mod tables;
mod torture;

use blackbar::{Framing, Values};

use tables::{DIALECTS, LENIENT, TYPED, VALID};
use torture::{
    BOTH, DOCUMENT, Engine, LINES, Table, in_chunks, is_json, marked, marked_as, nested, shown,
};

const QUOTED: &str = "\"[REDACTED]\"";

/// A document of several lines is not one record of a stream of lines.
fn framings(text: &str) -> &'static [Framing] {
    let lines = text.trim_end().contains('\n');
    if lines { DOCUMENT } else { BOTH }
}

/// Each template in strings of so many depths; one failure of each is told.
fn run(engine: &Engine, templates: &[&str], value: &str, depths: &[usize]) {
    let mut table = Table::default();
    for template in templates {
        let (input, expected) = marked_as(template, value);
        assert!(is_json(input.as_bytes()), "a wrong template: {template}");
        table.case(template, || {
            depths.iter().try_for_each(|&depth| {
                let (input, expected) = (nested(&input, depth), nested(&expected, depth));
                engine.becomes(framings(&input), input, expected)
            })
        });
    }
    table.done();
}

#[test]
fn valid_documents_change_at_the_planted_places_only() {
    run(&Engine::new(Values::String), VALID, QUOTED, &[0]);
}

#[test]
fn valid_documents_in_strings_change_at_the_planted_places_only() {
    run(&Engine::new(Values::String), VALID, QUOTED, &[1, 2, 3]);
}

#[test]
fn typed_values_keep_their_containers() {
    run(&Engine::new(Values::Typed), TYPED, "null", &[0, 1, 2, 3]);
}

#[test]
fn dialects_of_strings_in_strings() {
    run(&Engine::new(Values::String), DIALECTS, QUOTED, &[0, 1, 2]);
}

#[test]
fn numbers_and_containers_behind_text_in_a_string_get_quotes_of_their_depth() {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for (input, expected) in [
        (
            r#"{"msg":"said {\"password\":4711,\"a\":1}"}"#,
            r#"{"msg":"said {\"password\":\"[REDACTED]\",\"a\":1}"}"#,
        ),
        (
            r#"{"msg":"{\"password\":[\"hunter2\",{}],\"a\":1}"}"#,
            r#"{"msg":"{\"password\":\"[REDACTED]\",\"a\":1}"}"#,
        ),
        (
            r#"{"msg":"said {\"password\":{\"a\":\"}\"},\"a\":1}"}"#,
            r#"{"msg":"said {\"password\":\"[REDACTED]\",\"a\":1}"}"#,
        ),
        (
            r#"{"a":"{\"b\":\"said {\\\"password\\\":-1e5}\"}"}"#,
            r#"{"a":"{\"b\":\"said {\\\"password\\\":\\\"[REDACTED]\\\"}\"}"}"#,
        ),
        (
            r#"{"a":"{\u0022password\u0022:4711}"}"#,
            r#"{"a":"{\u0022password\u0022:\"[REDACTED]\"}"}"#,
        ),
    ] {
        table.case("quotes", || engine.becomes(BOTH, input, expected));
    }
    table.done();
}

#[test]
fn invalid_documents_lose_their_secrets_and_nothing_else() {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for template in LENIENT {
        let (input, expected) = marked(template);
        // A value that is cut ends with its record: there is no such end in a document.
        let lines = input.trim_end().contains('\n');
        let framings = if lines { LINES } else { BOTH };
        table.case("lenient", || engine.becomes(framings, input, expected));
    }
    table.done();
}

#[test]
fn where_the_output_is_a_matter_of_taste_the_secret_is_gone() {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for (input, keeps) in [
        (r#"{password:hunter2,a:1}"#, &["{password:", "a:1}"][..]),
        (
            r#"{"password":hunter2,"a":1}"#,
            &[r#"{"password":"#, r#","a":1}"#],
        ),
        (r#"{"password":hunter2}"#, &[r#"{"password":"#]),
        (r#"{"password":/*c*/"hunter2","a":1}"#, &[r#"{"password":"#]),
        (r#"{"password":'hunter2"}"#, &[r#"{"password":'"#]),
        (r#"{"password":"a\"#, &[]),
        (r#"{"password":"hunter2\"#, &[r#"{"password":"#]),
        (r#"{"password":"hunter2\u00"#, &[r#"{"password":"#]),
        (r#"{"password":"a","password":47114711"#, &[]),
        (r#"{"password":[1,"hunter2","#, &[r#"{"password":"#]),
        (r#"{"password":{"a":"hunter2","b":{"#, &[r#"{"password":"#]),
        (
            r#"{"password":['hunter2', "it's", 'a"b'],"a":1}"#,
            &[r#"{"password":"#],
        ),
        (r#"{"password":["hunter2"#, &[r#"{"password":"#]),
        (
            r#"{"msg":"{\"password\":[\"hunter2\",\"","a":1}"#,
            &[r#"{"msg":"{\"password\":"#, r#""a":1}"#],
        ),
        (
            r#"{"msg":"said {\"password\":\"hunter2","a":1}"#,
            &[r#"{"msg":"said {\"password\":\""#, r#""a":1}"#],
        ),
    ] {
        let secrets: Vec<&str> = ["hunter2", "47114711"]
            .into_iter()
            .filter(|secret| input.contains(secret))
            .collect();
        table.case("taste", || engine.loses(BOTH, input, &secrets, keeps));
    }
    table.done();
}

#[test]
fn documents_in_strings_beyond_any_reading_depth_lose_their_secrets() {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for depth in 4..=7 {
        for document in [
            r#"{"password":"hunter2-7"}"#,
            r#"{"a":"b","password":["hunter2-7","\""],"c":1}"#,
        ] {
            let input = nested(document, depth);
            table.case(&format!("depth {depth}"), || {
                engine.loses(BOTH, input, &["hunter2-7"], &["info", "level"])
            });
        }
    }
    table.done();
}

#[test]
fn invalid_utf8_hides_nothing_and_leaves_as_it_came() {
    const BAD: [&[u8]; 9] = [
        b"\xff",
        b"\xfe\xff",
        b"\xc3",
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf0\x9f\x98",
        b"\xe2\x80",
    ];
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for template in [
        r#"{"a~":"~","password":"«hunter2»","b":"~"}"#,
        r#"{"password":"«~»","a":1}"#,
        r#"{"password":"«hunter2~»","a":1}"#,
        r#"{"password":"«~\"~hunter2»","a":"~"}"#,
        r#"~{"password":"«hunter2»"}~"#,
        r#"{~"password":"«hunter2»"~}"#,
        r#"{"msg":"~{\"password\":\"«hunter2~»\"}~"}"#,
        r#"{"password":"«hunter2~»"#,
    ] {
        let (input, expected) = marked(template);
        for bad in BAD {
            let fill = |text: &str| {
                text.as_bytes()
                    .split(|&byte| byte == b'~')
                    .collect::<Vec<_>>()
                    .join(bad)
            };
            table.case(&bad.escape_ascii().to_string(), || {
                engine.becomes(LINES, fill(&input), fill(&expected))
            });
        }
    }
    table.done();
}

#[test]
fn huge_scalars_and_strings_are_handled_whole() {
    let digits = "1234567890".repeat(10_000);
    let text = "ab\\n\\u00e9 ".repeat(10_000);
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for template in [
        format!(r#"{{"a":{digits},"password":"«hunter2»","b":-{digits}.{digits}E+{digits}}}"#),
        format!(r#"{{"password":‹{digits}›,"a":1}}"#),
        format!(r#"{{"password":‹-0.{digits}e-{digits}›,"a":1}}"#),
        format!(r#"{{"password":"«{text}»","a":1}}"#),
        format!(r#"{{"a":"{text}","password":"«hunter2»"}}"#),
        format!(r#"{{"password":‹[{digits},"{text}"]›,"a":1}}"#),
        format!(r#"{{"{text}":1,"password":"«hunter2»"}}"#),
        format!(
            r#"{{"password"{}:{}"«hunter2»"}}"#,
            " ".repeat(100),
            "\t".repeat(100)
        ),
    ] {
        let (input, expected) = marked(&template);
        for depth in 0..=1 {
            let (input, expected) = (nested(&input, depth), nested(&expected, depth));
            table.case(
                &format!("{}, depth {depth}", shown(&template.as_bytes()[..30])),
                || coarse(&engine, &input, &expected),
            );
        }
    }
    table.done();
}

/// Whole and in a few ways to cut, for inputs too long for all of them.
fn coarse(engine: &Engine, input: &str, expected: &str) -> torture::Verdict {
    for &framing in BOTH {
        for chunk in [input.len(), 4096, 1021] {
            let chunks = input.as_bytes().chunks(chunk);
            let got = in_chunks(&engine.roomy, framing, chunks.clone());
            let tight = in_chunks(&engine.tight, framing, chunks);
            for (got, name) in [(got, "roomy"), (tight, "tight")] {
                if got != expected.as_bytes() {
                    let from = got.iter().zip(expected.bytes()).position(|(&a, b)| a != b);
                    let from = from
                        .unwrap_or(got.len().min(expected.len()))
                        .saturating_sub(40);
                    return Err(format!(
                        "{framing:?}, {name}, {chunk}: from {from} expected {} got {}",
                        shown(&expected.as_bytes()[from..][..200.min(expected.len() - from)]),
                        shown(&got[from..][..200.min(got.len() - from)])
                    ));
                }
            }
        }
    }
    Ok(())
}
