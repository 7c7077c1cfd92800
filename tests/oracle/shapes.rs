//! Texts with sensitive fields in all shapes and dialects, and how they are spoiled.

use super::random::Random;

const NAMES: [&str; 40] = [
    "password",
    "api_key",
    "apiKey",
    "X-API-KEY",
    "token",
    "access_token",
    "client-secret",
    "Authorization",
    "Cookie",
    "Set-Cookie",
    "key",
    "pw",
    "sid",
    "pin",
    "max_tokens",
    "tokens",
    "secretName",
    "PWD",
    "user",
    "db_pass",
    "passwort",
    "pass%77ord",
    "pa\\u0073sword",
    "DB_PASSWORD",
    "dbPassword",
    "secrets",
    "signature",
    "credentials",
    "private key",
    "auth",
    "Password",
    "Token",
    "x.token",
    "AccountKey",
    "connectionString",
    "cookies",
    "csrf",
    "otp",
    "--password",
    "-token",
];

const VALUES: [&str; 44] = [
    "hunter2",
    "correct horse",
    "123456",
    "-1.5e3",
    "null",
    "true",
    "[REDACTED]",
    "***",
    "${X}",
    "aB3xK9mQ2vT7pL4w",
    "a\"b",
    "it's",
    "",
    "a,b",
    "<x>",
    "Bearer aB3xK9mQ2vT7",
    "Basic dXNlcjpw",
    "a=b; c=d",
    "sid=x; Path=/; HttpOnly",
    "a=[REDACTED]; b=x",
    "x\\y",
    "x\\",
    "é",
    "a&b=c",
    "p%20q",
    "p%22q",
    "[REDACTED]x",
    "enabled",
    "a b # c",
    "x;y",
    "(x)",
    "{x}",
    "[x]",
    "a.b.c",
    "f(x)",
    "%s",
    "Digest username=\"a\", response=\"b\"",
    "''",
    "a''b",
    "\u{1}",
    "xxxxx",
    "$PASSWORD",
    "[REDACTED:a/b]",
    "{{ x }}",
];

/// A name of a field, mostly a sensitive one.
pub(crate) fn name(random: &mut Random) -> String {
    random.pick(&NAMES).to_owned()
}

/// Something that stands behind a name.
pub(crate) fn value(random: &mut Random) -> String {
    if random.one_in(12) {
        return format!("{} {}", random.pick(&VALUES), random.pick(&VALUES));
    }
    random.pick(&VALUES).to_owned()
}

/// One field in one of the shapes.
pub(crate) fn field(random: &mut Random) -> String {
    let (name, value) = (name(random), value(random));
    let quote = random.pick(&["\"", "'", "`", "\\\"", "&quot;", "%22", "\\u0022", "\\'"]);
    let space = random.pick(&["", "", "", " ", "  ", "\t"]);
    let sign = random.pick(&[
        "=", ":", "=>", ":=", "%3D", "==", "+=", "\\u003d", ": ", " = ",
    ]);
    match random.below(24) {
        0..=2 => json(random, 2),
        3 => format!("{name}{space}{sign}{space}{value}"),
        4 => format!("{name}={value}"),
        5 => format!("{name}: {value}"),
        6 => format!("{name}{space}{sign}{space}{quote}{value}{quote}"),
        7 => format!("{quote}{name}{quote}{space}{sign}{space}{quote}{value}{quote}"),
        8 => format!("{quote}{name}{quote}{space}{sign}{space}{value}"),
        9 => format!("?a=b&{name}={value}&c=d"),
        10 => format!("{name}%3D{value}%26a%3Db"),
        11 => format!("<{name}>{value}</{name}>"),
        12 => format!("&lt;{name}&gt;{value}&lt;/{name}&gt;"),
        13 => format!("<add key=\"{name}\" value=\"{value}\"/>"),
        14 => format!(
            "{{{quote}name{quote}:{quote}{name}{quote},{quote}value{quote}:{quote}{value}{quote}}}"
        ),
        15 => format!("[{quote}{name}{quote},{space}{quote}{value}{quote}]"),
        16 => format!("--{name} {value}"),
        17 => format!("INSERT INTO t (id, {name}) VALUES (1, '{value}'), (2, 'y')"),
        18 => format!("IDENTIFIED BY {quote}{value}{quote}"),
        19 => format!("{name}({value})"),
        20 => format!("{{{name}:{value} b:c}}"),
        21 => format!("Cookie: a={value}; {name}={value}"),
        22 => format!("{name}: [{quote}{value}{quote}, {value}]"),
        _ => format!("{name} {value}"),
    }
}

/// A document of JSON with fields in it.
pub(crate) fn json(random: &mut Random, depth: usize) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("a string has a text");
    let inner = match random.below(if depth == 0 { 4 } else { 8 }) {
        0 | 1 => quoted(&value(random)),
        2 => (random.pick(&["1", "-2.5", "null", "true", "[]", "{}", "[1]", "0"])).to_owned(),
        3 => format!("[{},{}]", quoted(&value(random)), random.below(99)),
        4 | 5 => json(random, depth - 1),
        6 => quoted(&json(random, depth - 1)),
        _ => quoted(&field(random)),
    };
    let space = random.pick(&["", "", " ", "\n", "\n  "]);
    let (name, other) = (name(random), name_of_json(random));
    match random.below(4) {
        0 => format!("{{\"a\":1,{space}{}:{space}{inner}}}", quoted(&name)),
        1 => format!(
            "{{{}:{inner},\"{other}\":{}}}",
            quoted(&name),
            quoted(&value(random))
        ),
        2 => format!("[{inner},{}]", quoted(&field_text(random))),
        _ => format!("{{{}:{space}{inner}{space}}}", quoted(&name)),
    }
}

fn name_of_json(random: &mut Random) -> &'static str {
    random.pick(&["a", "token", "value", "password", "n"])
}

fn field_text(random: &mut Random) -> String {
    let (name, value) = (name(random), value(random));
    format!("{name}{}{value}", random.pick(&["=", ": ", "=\"", " "]))
}

/// Lines whose value is on a line of its own.
pub(crate) fn lines(random: &mut Random) -> String {
    let (name, first, second) = (name(random), value(random), value(random));
    let indent = random.pick(&["", " ", "  ", "    ", "\t"]);
    let deeper = random.pick(&["", " ", "  ", "    ", "- "]);
    match random.below(8) {
        0 => format!("{indent}{name}:\n{indent}{deeper}{first}\n{indent}{deeper}{second}\nb: c"),
        1 => {
            format!("{indent}{name}: |\n{indent}{deeper}{first}\n\n{indent}{deeper}{second}\nb: c")
        }
        2 => format!("{indent}\"{name}\":\n{indent}{deeper}\"{first}\",\n\"b\": 1"),
        3 => format!(
            "{indent}\"{name}\": [\n{indent}{deeper}\"{first}\",\n{indent}{deeper}12\n{indent}],\n\"b\": 1"
        ),
        4 => format!(
            "{indent}\"{name}\": {{\n{indent}{deeper}\"a\": \"{first}\",\n{indent}{deeper}\"b\": 12\n{indent}}}\n}}"
        ),
        5 => format!("{indent}- name: {name}\n{indent}{deeper}value: {first}\n"),
        6 => format!("{indent}\"name\": \"{name}\",\n{indent}\"value\": \"{first}\"\n"),
        _ => {
            let document = json(random, 2);
            match serde_json::from_str::<serde_json::Value>(&document) {
                Ok(document) => serde_json::to_string_pretty(&document).expect("it has a text"),
                Err(_) => document,
            }
        }
    }
}

/// A text of several fields, perhaps in strings of JSON, perhaps spoiled, perhaps long;
/// and whether it is spoiled.
pub(crate) fn text(random: &mut Random) -> (Vec<u8>, bool) {
    let mut text = String::new();
    for _ in 0..random.between(1, 3) {
        text += &match random.below(5) {
            0 => lines(random),
            _ => field(random),
        };
        text += random.pick(&["", " ", "\n", ", ", "&", "; ", "\r\n", " and ", "\"", "\\n"]);
    }
    for _ in 0..random.below(4) {
        if random.one_in(2) {
            let key = random.pick(&["a", "msg", "password", "token"]);
            let string = serde_json::to_string(&text).expect("a string has a text");
            text = match random.below(3) {
                0 => format!("{{\"{key}\":{string}}}"),
                1 => string,
                _ => format!("[1,{string}]"),
            };
        }
    }
    let mut bytes = text.into_bytes();
    let kind = random.below(6);
    match kind {
        0 | 1 => {}
        2 => stretch(random, &mut bytes),
        _ => {
            for _ in 0..random.between(1, 3) {
                spoil(random, &mut bytes);
            }
            if random.one_in(8) {
                stretch(random, &mut bytes);
            }
        }
    }
    (bytes, kind > 1)
}

const SPICE: &[u8] = b"\\\"'@: \n[={}],;&<>%`\xc3u0-()\t|.";

/// Takes something away, puts something in, or cuts.
pub(crate) fn spoil(random: &mut Random, text: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    let at = random.below(text.len());
    match random.below(6) {
        0 => drop(text.remove(at)),
        1 | 2 => text.insert(at, SPICE[random.below(SPICE.len())]),
        3 => text.truncate(at + 1),
        4 => {
            let to = text.len().min(at + random.between(1, 12));
            let part = text[at..to].to_vec();
            text.splice(at..at, part);
        }
        _ => {
            let other = field(random).into_bytes();
            text.splice(at..at, other);
        }
    }
}

/// Makes a text longer than a window, at one place.
pub(crate) fn stretch(random: &mut Random, text: &mut Vec<u8>) {
    let at = random.below(text.len() + 1);
    let length = [
        60, 130, 200, 255, 256, 300, 330, 500, 700, 1000, 1100, 1500, 2500,
    ][random.below(13)];
    let filler = random.pick(&[
        " ",
        "a",
        "aB3",
        "\\",
        "\\\\\"",
        "\\\"",
        "1",
        "x, ",
        "'",
        "=",
        "a=b; ",
        "\"a\":\"b\",",
        "é",
        "''",
        "a,",
        "password",
        "[",
        "x ",
        "\\n",
        "%41",
        "-",
        "<",
        "(",
        "('x'),",
        "{}",
        "\t",
        "token=x ",
        ".",
        "&",
    ]);
    let filling: Vec<u8> = filler.bytes().cycle().take(length).collect();
    text.splice(at..at, filling);
}

/// A field under a name whose values are secrets whatever they are, in a shape that has
/// no doubt about it.
pub(crate) fn certain_field(random: &mut Random, secret: &str) -> String {
    let name = random.pick(&[
        "password",
        "api_key",
        "clientSecret",
        "ACCESS_TOKEN",
        "db-password",
    ]);
    match random.below(30) {
        16 => format!("app:\n  {name}: {secret}\nb: c"),
        17 => format!("{{\n  \"a\": 1,\n  \"{name}\": \"{secret}\"\n}}"),
        18 => format!("--{name}={secret}"),
        19 => format!(":{name}=>\"{secret}\""),
        20 => format!("map[a:b {name}:{secret}]"),
        21 => format!("{name} := \"{secret}\""),
        22 => format!("<add key=\"{name}\" value=\"{secret}\"/>"),
        23 => format!("User{{id=1, {name}='{secret}', x=2}}"),
        24 => format!("[\"app\",\"--{name}\",\"{secret}\",\"-v\"]"),
        25 => format!("{{\"headers\":[[\"Authorization\",\"Bearer {secret}\"]]}}"),
        26 => format!("User(id=1, {name}={secret})"),
        27 => format!("&lt;{name}&gt;{secret}&lt;/{name}&gt;"),
        28 => format!("{{\"{name}\":{{\"value\":\"{secret}\"}}}}"),
        29 => format!("X-{name}: {secret}\r\nAccept: */*"),
        0 => format!("{{\"{name}\":\"{secret}\"}}"),
        1 => format!("{{\"a\":1,\"{name}\": [\"{secret}\", 1]}}"),
        2 => format!("{{\"{name}\":{{\"b\":\"{secret}\"}},\"c\":[]}}"),
        3 => format!("{{'{name}': '{secret}'}}"),
        4 => format!("{name}={secret}"),
        5 => format!("{name}=\"{secret}\""),
        6 => format!("{name}: \"{secret}\""),
        7 => format!("GET /x?a=b&{name}={secret}&c=d"),
        8 => format!("a%3D1%26{name}%3D{secret}%26b"),
        9 => format!("<{name}>{secret}</{name}>"),
        10 => format!("{{\"name\":\"{name}\",\"value\":\"{secret}\"}}"),
        11 => format!("Cookie: a=b; sid={secret}; c=d"),
        12 => format!("Authorization: Custom {secret}"),
        13 => format!("run --{name} {secret}"),
        14 => format!("INSERT INTO t (id, {name}) VALUES (1, '{secret}')"),
        _ => format!("{{Host:db {name}:{secret} Port:1}}"),
    }
}
