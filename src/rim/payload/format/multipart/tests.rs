use super::*;
use crate::rim::config::policy::Undecodable;
use crate::rim::payload::sample::{check, head, pass, policy};

const TYPE: &str = "multipart/form-data; boundary=\"x y\"";

const BODY: &str = "preamble password=hunter2hunter2\r\n--x y\r\n\
    Content-Disposition: form-data; name=\"user[password]\"\r\n\r\nhunter2hunter2\r\n--x y \r\n\
    Content-Disposition: form-data; name=\"note\"\r\n\r\n--x yz is no delimiter\r\n\r\n--x y\r\n\
    Content-Disposition: form-data; name=\"f\"; filename=\"a.json\"\r\n\
    Content-Type: application/octet-stream\r\n\r\n{ \"password\" : \"hunter2hunter2\" }\r\n--x y\r\n\r\n\
    token: hunter2hunter2\n--x y\r\nContent-Type: text/plain\r\n\r\n\r\n--x y--\r\n";

#[test]
fn fields_and_files() {
    let masked = BODY.replace("hunter2hunter2", "[REDACTED]");
    check("/", TYPE, BODY, &masked, "multipart");
}

#[test]
fn clean_parts_stay() {
    let body = BODY.replace("hunter2hunter2", "");
    check("/", TYPE, &body, &body, "multipart");
}

#[test]
fn a_body_without_its_last_delimiter_is_masked_to_its_end() {
    let body = "--b\r\nA: b\r\n\r\npassword=hunter2hunter2";
    let masked = body.replace("hunter2hunter2", "[REDACTED]");
    check(
        "/",
        "multipart/mixed; boundary=b",
        body,
        &masked,
        "multipart",
    );
    check(
        "/",
        "multipart/mixed; boundary=b",
        "--b",
        "--b",
        "multipart",
    );
    check(
        "/",
        "multipart/mixed; boundary=b",
        "--b\r\n--b--",
        "--b\r\n--b--",
        "multipart",
    );
}

fn with_a_dump() -> Vec<u8> {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"dump\"; filename=\"a\"\r\n\
        Content-Type: application/x-dmp\r\n\r\n"
        .to_vec();
    body.extend_from_slice(b"MDMP\0\0\x93\xa7");
    body.extend_from_slice(b"\r\n--b\r\n\r\npassword=hunter2hunter2\r\n--b--");
    body
}

#[test]
fn one_file_that_cannot_be_read_does_not_lose_the_rest() {
    let head = head("/", "multipart/form-data; boundary=b");
    let mut policy = policy();
    let (out, outcome) = pass(&policy, &head, &with_a_dump()).expect("passes");
    let text = String::from_utf8_lossy(&out);
    assert!(
        text.contains("[blackbar: 8 bytes removed: binary]"),
        "{text}"
    );
    assert!(
        text.ends_with("\r\n--b\r\n\r\npassword=[REDACTED]\r\n--b--"),
        "{text}"
    );
    assert_eq!(outcome.stubs, [("binary", 1)]);

    policy.passed_types = vec!["application/x-dmp".to_owned()];
    let (out, outcome) = pass(&policy, &head, &with_a_dump()).expect("passes");
    assert!(out.windows(8).any(|window| window == b"MDMP\0\0\x93\xa7"));
    assert!(outcome.stubs.is_empty());

    policy.passed_types.clear();
    policy.undecodable = Undecodable::Refuse;
    let refused = pass(&policy, &head, &with_a_dump()).map(|_| ());
    assert_eq!(refused, Err(Refusal::Undecodable));
}

#[test]
fn parts_in_parts_and_transfer_encodings() {
    let body = "--a\r\nContent-Type: multipart/mixed;\r\n boundary=b\r\n\r\n--b\r\n\r\n\
        password=hunter2hunter2\r\n--b--\r\n--a--";
    let masked = body.replace("hunter2hunter2", "[REDACTED]");
    check(
        "/",
        "multipart/mixed; boundary=a",
        body,
        &masked,
        "multipart",
    );
    let body = "--a\r\nContent-Transfer-Encoding: base64\r\n\r\ncGFzc3dvcmQ\r\n--a--";
    let masked = body.replace(
        "cGFzc3dvcmQ",
        "[blackbar: 11 bytes removed: transfer_encoding]",
    );
    let head = head("/", "multipart/mixed; boundary=a");
    let (out, _) = pass(&policy(), &head, body.as_bytes()).expect("passes");
    assert_eq!(String::from_utf8_lossy(&out), masked);
}

#[test]
fn without_its_boundary_it_is_whatever_it_looks_like() {
    check(
        "/",
        "multipart/form-data; boundary=b",
        "a line",
        "a line",
        "text",
    );
    check("/", "multipart/form-data", "a line", "a line", "text");
    let mut policy = policy();
    policy.format = Some("multipart".to_owned());
    let refused = pass(&policy, &head("/", "text/plain"), b"a line").map(|_| ());
    assert_eq!(refused, Err(Refusal::Undecodable));
}

fn part(header: &str, content: &str) -> String {
    format!("--b\r\n{header}\r\n\r\n{content}\r\n--b--\r\n")
}

#[test]
fn a_sensitive_name_holds_in_any_spelling_and_for_any_type() {
    let secret = "hunter2hunter2";
    for (header, content, masked) in [
        (
            "Content-Disposition: form-data; name*=UTF-8''password",
            secret,
            "[REDACTED]",
        ),
        (
            "content-disposition: form-data; x; NAME=password",
            secret,
            "[REDACTED]",
        ),
        (
            "Content-Disposition: form-data; name=note; name=password",
            secret,
            "[REDACTED]",
        ),
        (
            "Content-Disposition: form-data; name=password\r\nContent-Type: application/json",
            "\"hunter2hunter2\"",
            "\"[REDACTED]\"",
        ),
        (
            "Content-Disposition: form-data; name=password\r\nContent-Type: application/json",
            "{\"a\":[1,\"hunter2hunter2\"]}",
            "\"[REDACTED]\"",
        ),
        (
            "Content-Disposition: form-data; name=password; filename=p.txt\r\nContent-Type: text/plain",
            "hunter2hunter2\n",
            "[REDACTED]",
        ),
        (
            "Content-Disposition: form-data; name=password\r\nContent-Type: application/octet-stream",
            "hunter2\0\u{1}\u{2}hunter2",
            "[REDACTED]",
        ),
    ] {
        let (body, masked) = (part(header, content), part(header, masked));
        check(
            "/",
            "multipart/form-data; boundary=b",
            &body,
            &masked,
            "multipart",
        );
    }
}

#[test]
fn nothing_to_hide_stays_under_any_name() {
    let json = "Content-Disposition: form-data; name=password\r\nContent-Type: application/json";
    for content in ["", "null", "true", "\"\"", "\"[REDACTED]\""] {
        let body = part(json, content);
        check(
            "/",
            "multipart/form-data; boundary=b",
            &body,
            &body,
            "multipart",
        );
    }
    let file = "Content-Disposition: form-data; name=avatar; filename=password.txt";
    let body = part(file, "a line");
    check(
        "/",
        "multipart/form-data; boundary=b",
        &body,
        &body,
        "multipart",
    );
}
