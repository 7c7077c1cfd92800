//! What `--profile article-errors` does to one line of JSON besides the seven
//! replacements, written down in the plainest way: for valid JSON without white
//! space between its tokens, as `JSON.stringify` writes it.

const WORDS: [&str; 6] = [
    "password",
    "secret",
    "token",
    "key",
    "authorization",
    "cookie",
];

pub(crate) fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The JSON `text` with masks in it.
pub(crate) fn sanitised(text: &str) -> String {
    let mut sanitised = String::with_capacity(text.len());
    copy(text, &mut sanitised);
    sanitised
}

fn copy(value: &str, out: &mut String) {
    let Some(close) = closing(value) else {
        out.push_str(value);
        return;
    };
    out.push_str(&value[..1]);
    let mut rest = &value[1..];
    while !rest.starts_with(close) {
        if close == '}' {
            let (name, after) = rest.split_at(length(rest));
            out.push_str(name);
            out.push_str(&after[..1]);
            let (field, after) = after[1..].split_at(length(&after[1..]));
            let name: String = serde_json::from_str(name).expect("a name is a JSON string");
            if is_sensitive(&name) {
                out.push_str(masked(field));
            } else {
                copy(field, out);
            }
            rest = after;
        } else {
            let (element, after) = rest.split_at(length(rest));
            copy(element, out);
            rest = after;
        }
        if let Some(after) = rest.strip_prefix(',') {
            out.push(',');
            rest = after;
        }
    }
    out.push(close);
}

fn masked(value: &str) -> &str {
    match value {
        "null" | "true" | "false" | "\"\"" => value,
        _ => "\"[REDACTED]\"",
    }
}

fn closing(value: &str) -> Option<char> {
    match value.as_bytes()[0] {
        b'{' => Some('}'),
        b'[' => Some(']'),
        _ => None,
    }
}

/// How long the value is that `text` begins with.
fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    loop {
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        // A number or a word goes on to what separates it.
        let ends = bytes.get(at).is_none_or(|byte| b",:}]".contains(byte));
        if depth == 0 && ends {
            return at;
        }
    }
}
