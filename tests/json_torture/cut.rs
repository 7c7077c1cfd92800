//! Documents that are cut at each of their bytes: what is left of a secret is masked.

use blackbar::{Framing, Values};

use crate::framings;
use crate::torture::{Engine, Table, held, holds, in_chunks, leak, nested, redactor, shown};

/// A document, what must not be seen of it, and where the first sensitive name begins.
struct Document {
    name: &'static str,
    text: String,
    secrets: Vec<&'static str>,
    key: &'static str,
}

impl Document {
    /// Where the quote before the first sensitive name begins.
    fn name_with_its_quotes(&self) -> usize {
        let head = &self.text[..self.text.find(self.key).unwrap()];
        let head = head.trim_end_matches("\\u0022");
        head.trim_end_matches(['"', '\'', '\\']).len()
    }
}

fn document(
    name: &'static str,
    text: &str,
    key: &'static str,
    secrets: &[&'static str],
) -> Document {
    Document {
        name,
        text: text.to_owned(),
        secrets: secrets.to_vec(),
        key,
    }
}

/// `values = "typed"` shows the same of them: containers, but no leaf.
fn documents() -> Vec<Document> {
    let flat = r#"{"user":"ada","password":"correct-horse9","n":1}"#;
    let leaves =
        r#"{"id":[7],"secrets":["correct-horse9",{"a":"battery-staple8"},[47114712]],"n":1}"#;
    let mut documents = vec![
        document("flat", flat, "password", &["correct-horse9"]),
        document(
            "nested",
            r#"{"a":[{"b":{"c":[1,{"dbPassword":"correct-horse9","d":null}]}}],"e":[]}"#,
            "dbPassword",
            &["correct-horse9"],
        ),
        document(
            "array and object",
            leaves,
            "secrets",
            &["correct-horse9", "battery-staple8", "47114712"],
        ),
        document(
            "several",
            r#"{"password":"correct-horse9","token":"battery-staple8"}{"secret":4711471247114712}"#,
            "password",
            &["correct-horse9", "battery-staple8", "47114712"],
        ),
        document(
            "unicode",
            r#"{"пароль":"é","pass\u0077ord":"\u00e9Zürich-\ud83d\ude00horse9\"q😀","n":"é"}"#,
            "pass\\u0077ord",
            &[r"Zürich-\ud83d\ude00horse9", r#"horse9\"q😀"#],
        ),
        document(
            "escapes",
            r#"{"a":"\\","api_key":"\\\"correct\\\\horse9\\\"","b":"\"\\"}"#,
            "api_key",
            &[r"correct\\\\horse9"],
        ),
        document(
            "behind text",
            r#"12:00:01 WARN it's {"password": "correct-horse9", "n": 1} took 5ms"#,
            "password",
            &["correct-horse9"],
        ),
        document(
            "behind text in a string",
            r#"{"msg":"upstream said: {\"password\":\"correct-horse9\",\"n\":[1]} (200)","n":1}"#,
            "password",
            &["correct-horse9"],
        ),
        document(
            "another dialect",
            r#"{"msg":"{\u0022password\u0022\u003a\u0022correct-horse9\u0022,\u0022a\u0022:1}"}"#,
            "password",
            &["correct-horse9"],
        ),
        document(
            "indented",
            "{\n\t\"a\": [\n\t\t1\n\t],\n\t\"password\":\n\t\t\"correct-horse9\",\n\t\"token\": [\n\t\t\"battery-staple8\"\n\t]\n}\n",
            "password",
            &["correct-horse9", "battery-staple8"],
        ),
        document(
            "indented in a string",
            r#"{"msg":"{\n\t\"password\":\t47114712\n,\n\t\"token\":\n\t\"correct-horse9\"\r\n}"}"#,
            "password",
            &["47114712", "correct-horse9"],
        ),
        document(
            "single quotes",
            "{'user': 'ada', 'password': 'correct-horse9', 'n': \"it's\"}",
            "password",
            &["correct-horse9"],
        ),
    ];
    for depth in 1..=3 {
        for (text, key) in [(flat, "password"), (leaves, "secrets")] {
            documents.push(Document {
                name: "in strings",
                text: nested(text, depth),
                secrets: vec!["correct-horse9"],
                key,
            });
        }
    }
    documents
}

/// Nothing of the secrets that is in `input` is in its output, however it is written.
fn check(
    engine: &Engine,
    framing: Framing,
    input: &[u8],
    document: &Document,
) -> Result<(), String> {
    let whole = in_chunks(&engine.roomy, framing, [input]);
    let report = |what: String| {
        let [input, whole] = [input, &whole].map(shown);
        Err(format!(
            "{}, {framing:?}: {what}\n  input    {input}\n  got      {whole}",
            document.name
        ))
    };
    for secret in &document.secrets {
        if let Some(part) = leak(&whole, secret) {
            return report(format!("{} leaks", shown(part)));
        }
    }
    for (redactor, how) in [(&engine.roomy, "bytewise"), (&engine.tight, "in windows")] {
        for size in [1, 5] {
            let got = in_chunks(redactor, framing, input.chunks(size));
            if got != whole {
                return report(format!("{how}, {size} bytes each, it is {}", shown(&got)));
            }
        }
    }
    if in_chunks(&engine.roomy, framing, [&*whole]) != whole {
        return report("not idempotent".to_owned());
    }
    Ok(())
}

#[test]
fn a_document_cut_anywhere_shows_nothing_of_its_secrets() {
    for values in [Values::String, Values::Typed] {
        let engine = Engine::new(values);
        let mut table = Table::default();
        for document in documents() {
            assert!(
                document
                    .secrets
                    .iter()
                    .all(|secret| holds(document.text.as_bytes(), secret))
            );
            for &framing in framings(&document.text) {
                for end in 0..=document.text.len() {
                    let input = &document.text.as_bytes()[..end];
                    table.case(&format!("up to {end}"), || {
                        check(&engine, framing, input, &document)
                    });
                }
            }
        }
        table.done();
    }
}

#[test]
fn a_document_whose_beginning_is_lost_shows_nothing_of_its_secrets() {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for document in documents() {
        for &framing in framings(&document.text) {
            for start in 0..=document.name_with_its_quotes() {
                let input = &document.text.as_bytes()[start..];
                table.case(&format!("from {start}"), || {
                    check(&engine, framing, input, &document)
                });
            }
        }
    }
    table.done();
}

#[test]
fn what_has_left_of_an_unfinished_document_shows_nothing_of_its_secrets() {
    // Without room to hold anything, all that is decided leaves at once.
    for room in [1, 30] {
        let eager = redactor(Values::String, held(room));
        for document in documents() {
            for framing in framings(&document.text) {
                let text = document.text.as_bytes();
                let mut session = blackbar::Session::new(
                    std::sync::Arc::new(redactor(Values::String, held(room))),
                    *framing,
                );
                let (mut left, mut pieces) = (Vec::new(), Vec::new());
                for byte in text.chunks(1) {
                    session.write(byte, &mut pieces);
                    for piece in pieces.drain(..) {
                        left.extend_from_slice(session.bytes(&piece, byte));
                    }
                    for secret in &document.secrets {
                        assert_eq!(
                            leak(&left, secret),
                            None,
                            "{}: {}",
                            document.name,
                            shown(&left)
                        );
                    }
                }
                let whole = match framing {
                    Framing::Lines => eager.redact(text),
                    Framing::Document => eager.redact_document(text),
                };
                assert!(
                    whole.starts_with(&left),
                    "{}: {}",
                    document.name,
                    shown(&left)
                );
            }
        }
    }
}
