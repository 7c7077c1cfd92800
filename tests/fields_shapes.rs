//! The shapes in which programs print a name and its secret, by the numbers of the list of
//! edge cases: F1..F13 and P9. Each case runs whole, at every cut, in windows and twice.
//! In templates `«x»` is a content that is masked and `‹x›` a value that becomes a mask in
//! quotes; all values are made up.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

#[path = "fields_shapes/tables.rs"]
#[rustfmt::skip] // One case a line.
mod tables;
mod torture;

use blackbar::{Framing, Redactor, Values};

use torture::{BOTH, DOCUMENT, Engine, LINES, Table, marked, marked_as};

/// A number, an input, secrets in it, and what has to stay.
type Gone = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

fn exact(templates: &[(&str, &str)], framings: &[Framing]) {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for (id, template) in templates {
        let (input, expected) = marked(template);
        table.case(id, || engine.becomes(framings, input, expected));
    }
    table.done();
}

/// Where the bytes are a matter of taste.
fn gone(cases: &[Gone], framings: &[Framing]) {
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for (id, input, secrets, keeps) in cases {
        assert!(secrets.iter().all(|secret| input.contains(secret)), "{id}");
        table.case(id, || engine.loses(framings, input, secrets, keeps));
    }
    table.done();
}

#[test]
fn f1_shapes() {
    exact(tables::SHAPES, BOTH);
}

#[test]
fn f1_shapes_whose_mask_is_a_matter_of_taste() {
    gone(tables::SHAPES_GONE, BOTH);
}

#[test]
fn f1_bodies_of_several_lines() {
    gone(tables::BODIES, DOCUMENT);
}

#[test]
fn f2_to_f5_values_and_documents() {
    exact(tables::DOCUMENTS, BOTH);
}

#[test]
fn f6_f7_f12_f13_what_is_no_secret_survives() {
    exact(tables::SURVIVES, BOTH);
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for name in tables::BENIGN {
        for text in [
            format!(r#"{{"{name}":"abc-def9","n":1}}"#),
            format!(r#"{{"{name}":1532}}"#),
            format!(r#"{{"msg":"{{\"{name}\":\"abc-def9\"}}"}}"#),
            format!("level=info {name}=abc-def9 n=1"),
            format!("level=info {name}=1532"),
            format!("{name}: abc-def9"),
            format!("{{'{name}': 'abc-def9'}}"),
            format!("GET /?{name}=abc-def9&n=1"),
        ] {
            table.case("F6", || engine.becomes(LINES, &text, &text));
        }
    }
    table.done();
}

#[test]
fn f8_authorization() {
    exact(tables::AUTHORIZATION, BOTH);
    gone(tables::AUTHORIZATION_GONE, BOTH);
}

#[test]
fn f9_cookies() {
    exact(tables::COOKIES, BOTH);
    gone(tables::COOKIES_GONE, BOTH);
}

#[test]
fn f10_values_on_the_next_line() {
    exact(tables::NEXT_LINE, LINES);
    gone(tables::NEXT_LINE_GONE, BOTH);
    gone(tables::INDENTED, BOTH);
}

#[test]
fn f11_containers_under_sensitive_names() {
    exact(tables::CONTAINERS, BOTH);
    let engine = Engine::new(Values::Typed);
    let mut table = Table::default();
    for template in tables::CONTAINERS_TYPED {
        let (input, expected) = marked_as(template, "null");
        table.case("F11", || engine.becomes(LINES, input, expected));
    }
    table.done();
}

#[test]
fn p9_weak_passwords() {
    exact(tables::WEAK, BOTH);
    let engine = Engine::new(Values::String);
    let mut table = Table::default();
    for weak in [
        "hunter2",
        "password",
        "letmein",
        "qwerty",
        "changeme",
        "admin",
        "abc",
        "x",
        "12345678",
        "monkey",
        "P@ssw0rd!",
    ] {
        for template in [
            format!(r#"{{"password":"«{weak}»"}}"#),
            format!(r#"{{"msg":"{{\"password\":\"«{weak}»\"}}"}}"#),
            format!("level=info password=«{weak}» user=ada"),
            format!("password='«{weak}»'"),
            format!("--password=«{weak}»"),
        ] {
            let (input, expected) = marked(&template);
            table.case("P9", || engine.becomes(LINES, input, expected));
        }
    }
    table.done();
}

fn redacted(redactor: &Redactor, text: &str) -> String {
    let once = redactor.redact(text.as_bytes());
    assert_eq!(redactor.redact(&once), once, "{text}");
    String::from_utf8(once).unwrap()
}

#[test]
fn a_name_of_the_user_is_sensitive_in_all_spellings_and_shapes() {
    let redactor = Redactor::builder().field("acme_code").build().unwrap();
    let plain = Redactor::builder().build().unwrap();
    for template in [
        r#"{"acme_code":"«hunter2»","a":1}"#,
        r#"{"acmeCode":‹12345›,"ACME-CODE":‹[1]›,"acme.code":"«x1»"}"#,
        r#"{"msg":"{\"acme\u005fcode\":\"«hunter2»\"}"}"#,
        "acme_code=«hunter2» n=1",
        "acme-code: «hunter2»",
        "GET /?acmeCode=«hunter2»&n=1",
    ] {
        let (input, expected) = marked(template);
        assert_eq!(redacted(&plain, &input), input);
        assert_eq!(redacted(&redactor, &input), expected);
    }
    for text in [r#"{"acme":"hunter2","code":"hunter2"}"#, "code=hunter2"] {
        assert_eq!(redacted(&redactor, text), text);
    }
}

#[test]
fn an_allowed_name_is_never_sensitive_and_others_are() {
    let redactor = Redactor::builder()
        .allow_field("session_token")
        .build()
        .unwrap();
    for template in [
        r#"{"session_token":"hunter2","password":"«hunter2»"}"#,
        r#"{"sessionToken":12345,"token":"«hunter2»"}"#,
        r#"{"msg":"{\"Session-Token\":[\"hunter2\"]}"}"#,
        "session_token=hunter2 password=«hunter2»",
    ] {
        let (input, expected) = marked(template);
        assert_eq!(redacted(&redactor, &input), expected);
    }
}

#[test]
fn an_allowed_value_stays_where_it_is_the_whole_value() {
    let redactor = Redactor::builder().allow_value("changeme").build().unwrap();
    for template in [
        r#"{"password":"changeme","secret":"«changeme2»","token":"«xchangeme»"}"#,
        r#"{"msg":"{\"password\":\"changeme\",\"token\":\"«hunter2»\"}"}"#,
        "password=changeme token=«hunter2»",
        "password='changeme' secret='«Changeme»'",
    ] {
        let (input, expected) = marked(template);
        assert_eq!(redacted(&redactor, &input), expected);
    }
}

#[test]
fn values_as_strings_are_the_default() {
    let input = r#"{"password":[1,"hunter2"],"secret":5}"#;
    let default = Redactor::builder().build().unwrap();
    let typed = Redactor::builder().values(Values::Typed).build().unwrap();
    assert_eq!(
        redacted(&default, input),
        r#"{"password":"[REDACTED]","secret":"[REDACTED]"}"#
    );
    assert_eq!(
        redacted(&typed, input),
        r#"{"password":[null,"[REDACTED]"],"secret":null}"#
    );
}
