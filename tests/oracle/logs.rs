//! Log text with secrets in it, made up at run time so that no file holds a token.

use super::random::Random;

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const URL_SAFE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A line (no newline) and the secrets that must not be seen in what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) secrets: Vec<String>,
}

/// A credential as it is written, and the part of it that is secret.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) text: String,
    pub(crate) secret: String,
}

/// Something that any log line may be about.
pub(crate) fn clean_line(random: &mut Random) -> String {
    let id = random.text("0123456789abcdef", 16);
    let number = random.below(5000);
    match random.below(8) {
        0 => format!("2024-05-01T12:00:00Z INFO request id={id} status=200 took={number}ms"),
        1 => format!(
            r#"{{"level":"info","msg":"user logged in","id":"{id}","n":{number},"ok":true}}"#
        ),
        2 => format!("\u{1b}[32mDEBUG\u{1b}[0m cache miss für Schlüssel nr. {number} – naïve 😀"),
        3 => format!(r#"{{"event":"{{\"id\":\"{id}\",\"n\":[{number},null]}}","tags":["a","b"]}}"#),
        4 => format!("GET /items/{number}?page=2&sort=name HTTP/1.1 git@example.com:{id}.git"),
        5 => format!("\tat com.example.Service.call(Service.java:{number}) C:\\new\\table\\{id}"),
        6 => String::new(),
        _ => format!("commit {id}{id} merged; see https://example.com/{number}#top"),
    }
}

/// A line with one or two credentials, in one of the places where logs hold them.
pub(crate) fn secret_line(random: &mut Random) -> Line {
    let first = credential(random);
    let mut secrets = vec![first.secret];
    let mut text = first.text;
    if random.one_in(4) {
        let second = credential(random);
        secrets.push(second.secret);
        text = format!("{text} and {}", second.text);
    }
    let quoted = serde_json::to_string(&text).expect("a string has a text");
    let text = match random.below(6) {
        0 => format!("2024-05-01T12:00:00Z WARN upstream said {text}"),
        1 => format!(
            r#"{{"level":"error","msg":{quoted},"n":{}}}"#,
            random.below(99)
        ),
        2 => {
            let inner = serde_json::to_string(&format!(r#"{{"msg":{quoted}}}"#))
                .expect("a string has a text");
            format!(r#"{{"event":{inner},"tags":["x"]}}"#)
        }
        3 => format!("\u{1b}[31m{text}\u{1b}[0m done"),
        4 => format!("curl -H '{text}' https://example.com/"),
        _ => text,
    };
    Line { text, secrets }
}

pub(crate) fn credential(random: &mut Random) -> Credential {
    let (before, secret, after) = match random.below(6) {
        0 => (String::new(), stripe_key(random), String::new()),
        1 => (
            "Authorization: Bearer ".into(),
            random.text(URL_SAFE, 40),
            String::new(),
        ),
        2 => (
            "postgresql://app:".into(),
            random.text(ALNUM, 14),
            "@db.internal:5432/shop".into(),
        ),
        3 => (
            "Authorization: Basic ".into(),
            base64(&random.next().to_le_bytes()) + "xx==",
            String::new(),
        ),
        4 => ("session ".into(), jwt(random), " ok".into()),
        _ => (
            "redis://:".into(),
            random.text(ALNUM, 14),
            "@cache:6379/0".into(),
        ),
    };
    Credential {
        text: format!("{before}{secret}{after}"),
        secret,
    }
}

pub(crate) fn stripe_key(random: &mut Random) -> String {
    format!("{}_live_{}", "sk", random.text(ALNUM, 24))
}

pub(crate) fn jwt(random: &mut Random) -> String {
    let header = base64(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = base64(format!(r#"{{"sub":"{}"}}"#, random.below(9_999_999)).as_bytes());
    format!("{header}.{claims}.{}", random.text(URL_SAFE, 43))
}

/// Base64 without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ALNUM.chars().chain(['+', '/']).collect();
    bytes
        .chunks(3)
        .flat_map(|group| {
            let bits = group
                .iter()
                .fold(0, |bits, &byte| bits << 8 | usize::from(byte))
                << (8 * (3 - group.len()));
            (0..=group.len())
                .map(move |at| bits >> (18 - 6 * at) & 63)
                .collect::<Vec<_>>()
        })
        .map(|index| alphabet[index])
        .collect()
}

/// A private key as PEM, its lines after the header in the second half.
pub(crate) fn pem(random: &mut Random, lines: usize) -> (String, Vec<String>) {
    let kind = ["RSA ", "EC ", "OPENSSH ", ""][random.below(4)];
    let body: Vec<String> = (0..lines).map(|_| random.text(ALNUM, 64)).collect();
    let text = format!(
        "-----BEGIN {kind}PRIVATE KEY-----\n{}\n-----END {kind}PRIVATE KEY-----\n",
        body.join("\n")
    );
    (text, body)
}

/// Lines of a log, most of them clean, with all of their secrets.
pub(crate) fn log(random: &mut Random, lines: usize) -> (Vec<u8>, Vec<String>) {
    let (mut text, mut secrets) = (String::new(), Vec::new());
    for _ in 0..lines {
        if random.one_in(4) {
            let line = secret_line(random);
            text.push_str(&line.text);
            secrets.extend(line.secrets);
        } else if random.one_in(20) {
            let (pem, body) = pem(random, 5);
            text.push_str(&pem);
            secrets.extend(body);
            continue;
        } else {
            text.push_str(&clean_line(random));
        }
        text.push_str(if random.one_in(6) { "\r\n" } else { "\n" });
    }
    (text.into_bytes(), secrets)
}
