//! JSON lines through `serde_json`: each is parsed, walked and printed again, its fields in
//! their order. What a tool does that understands JSON and puts it out anew.

use std::io;

use rivals::{MASK, filter_blocks};
use serde_json::Value;

/// A field is sensitive if its name contains one of these.
const WORDS: [&str; 6] = [
    "password",
    "secret",
    "token",
    "key",
    "authorization",
    "cookie",
];

fn main() -> io::Result<()> {
    filter_blocks(|block, out| {
        for line in block.split_inclusive(|&byte| byte == b'\n') {
            let mut value: Value = serde_json::from_slice(line).expect("a line of JSON");
            walk(&mut value);
            serde_json::to_writer(&mut *out, &value).expect("a Vec takes all");
            out.push(b'\n');
        }
    })
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_sensitive(name) {
                    mask(value);
                } else {
                    walk(value);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(walk),
        _ => {}
    }
}

fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

fn mask(value: &mut Value) {
    if !matches!(value, Value::Null | Value::Bool(_)) && value.as_str() != Some("") {
        *value = Value::from(MASK);
    }
}
