//! The header of a part: its fields, and the names it gives its content.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rim::payload::format::{form, look};

/// The first value of a header field, continued lines joined.
pub(crate) fn value(header: &str, field: &str) -> Option<String> {
    values(header, field).into_iter().next()
}

/// All values of a header field.
fn values(header: &str, field: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut is_wanted = false;
    for line in header.lines() {
        if line.starts_with([' ', '\t']) {
            if let (true, Some(value)) = (is_wanted, values.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        is_wanted = name.trim().eq_ignore_ascii_case(field);
        if is_wanted {
            values.push(value.trim().to_owned());
        }
    }
    values
}

/// What `Content-Disposition` says of a part.
pub(crate) struct Disposition {
    /// The names that a reader may take its content to stand under: one, if it is written
    /// as RFC 7578 asks for, and that of no name is empty.
    pub(crate) names: Vec<Vec<u8>>,
    /// Whether it is a file.
    pub(crate) is_file: bool,
}

impl Disposition {
    /// Reads the header of a part. Where readers differ, all of their names are there:
    /// several parameters or fields, and a back slash that quotes what follows or is one.
    pub(crate) fn read(header: &str) -> Self {
        let mut names = Vec::new();
        let mut is_file = false;
        for value in values(header, "content-disposition") {
            let parameters = look::parameters(&value);
            is_file |= parameters.iter().any(|(key, _)| base(key) == "filename");
            add_names(&parameters, &mut names);
            if value.contains('\\') {
                add_names(&look::parameters(&value.replace('\\', "/")), &mut names);
            }
        }
        if names.is_empty() {
            names.push(Vec::new());
        }
        Self { names, is_file }
    }
}

/// The name of a parameter without what says how it is written (`name*`, `name*0*`).
fn base(key: &str) -> &str {
    key.split('*').next().unwrap_or_default()
}

fn add_names(parameters: &[(String, String)], names: &mut Vec<Vec<u8>>) {
    let mut add = |name: Vec<u8>| {
        let name = form::without_brackets(&name);
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let mut continued = Vec::new();
    for (key, text) in parameters.iter().filter(|(key, _)| base(key) == "name") {
        match key.as_str() {
            "name" => {
                add(text.clone().into_bytes());
                decode_words(text).into_iter().for_each(&mut add);
            }
            "name*" => add(extended(text)),
            // A name in pieces (RFC 2231, 3).
            _ if key.ends_with('*') => continued.extend(extended(text)),
            _ => continued.extend_from_slice(text.as_bytes()),
        }
    }
    if !continued.is_empty() {
        add(continued);
    }
}

/// The text of an extended parameter (RFC 8187, 3.2): behind its encoding and language,
/// percent-encoded.
fn extended(text: &str) -> Vec<u8> {
    let behind = text.splitn(3, '\'').nth(2).unwrap_or(text);
    form::decode(behind.as_bytes())
}

/// The text of encoded words (RFC 2047, 2), in which some readers take names to be
/// written. `None` where there is none.
fn decode_words(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some((before, word)) = rest.split_once("=?") {
        let mut parts = word.splitn(3, '?');
        let (_, coding, behind) = (parts.next()?, parts.next()?, parts.next()?);
        let (encoded, behind) = behind.split_once("?=")?;
        decoded.extend_from_slice(before.trim().as_bytes());
        if coding.eq_ignore_ascii_case("b") {
            decoded.extend(STANDARD.decode(encoded).ok()?);
        } else {
            // Its hexadecimal digits follow `=`, and a blank is `_`.
            let spelled = encoded.replace('%', "%25").replace('=', "%");
            decoded.extend(form::decode(spelled.replace('_', "+").as_bytes()));
        }
        rest = behind;
    }
    decoded.extend_from_slice(rest.trim().as_bytes());
    (rest.len() < text.len()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(disposition: &str) -> Vec<String> {
        let read = Disposition::read(&format!("A: b\r\nContent-Disposition: {disposition}\r\n"));
        let text = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned();
        read.names.iter().map(text).collect()
    }

    #[test]
    fn names_are_read_however_they_are_spelled() {
        for spelled in [
            "form-data; name=\"password\"",
            "form-data; name=password",
            "form-data;NAME = \"password\" ; x=y",
            "form-data; flag; name=password",
            "form-data name=\"password\"",
            "form-data; name=\"pass\\word\"",
            "form-data; name=\"password",
            "form-data; name*=UTF-8''pass%77ord",
            "form-data; name*=\"iso-8859-1'en'password\"",
            "form-data; name*0=\"pass\"; name*1=\"word\"",
            "form-data; name*0*=UTF-8''p%61ss; name*1*=word",
            "form-data; x=\"y; name=z\"; name=password",
            "form-data; filename=\"C:\\\"; name=\"password\"",
            "form-data; name=\"=?UTF-8?B?cGFzc3dvcmQ=?=\"",
            "form-data; name=\"=?utf-8?q?pass=77or?= =?utf-8?q?d?=\"",
            "form-data; name=a; name=password",
            "form-data; name=a\r\nContent-Disposition: form-data; name=password",
            "form-data;\r\n\tname=password",
        ] {
            let names = names(spelled);
            assert!(
                names.iter().any(|name| name == "password"),
                "{spelled}: {names:?}"
            );
        }
        assert_eq!(
            names("form-data; name=\"user[password]\""),
            ["user.password"]
        );
        assert_eq!(names("form-data; x=\"; name=password\""), [""]);
        assert_eq!(
            names("form-data; name=\"=?UTF-8?B?!?=\""),
            ["=?UTF-8?B?!?="]
        );
        assert_eq!(names("form-data; name=\"a=?b\""), ["a=?b"]);
    }

    #[test]
    fn files_are_known_however_they_are_spelled() {
        let is_file =
            |text: &str| Disposition::read(&format!("Content-Disposition: {text}")).is_file;
        assert!(is_file("form-data; FileName=a"));
        assert!(is_file("form-data; filename*=UTF-8''a"));
        assert!(is_file("form-data; filename*0=a"));
        assert!(!is_file("form-data; name=filename"));
    }

    #[test]
    fn fields_are_read_with_their_continued_lines() {
        let header = "A: 1\r\n b\r\nx\r\n c\r\nB : 2\r\n\td\r\na: 3\r\n";
        assert_eq!(values(header, "a"), ["1 b", "3"]);
        assert_eq!(value(header, "b").as_deref(), Some("2 d"));
        assert_eq!(value(header, "c"), None);
    }
}
