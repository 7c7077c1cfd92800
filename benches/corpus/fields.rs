//! The lines of [`Kind::Fields`](super::Kind::Fields).

use std::fmt::Write;

use super::{LEVELS, NOUNS, VERBS, Values};

/// What every secret of [`Kind::Fields`] begins with, and nothing else holds.
pub(crate) const SECRET: &str = "zQ9x";

impl Values {
    /// One JSON object as a web service logs a request, with one sensitive field or none.
    pub(super) fn request(&mut self, out: &mut String, secret: bool) {
        let place = if secret { 1 + self.below(4) } else { 0 };
        let mut at = |number: u64, names: &[&str]| {
            if place == number {
                self.field(names)
            } else {
                String::new()
            }
        };
        let header = at(1, &["authorization", "cookie", "x-api-key"]);
        let body = at(2, &["password", "new_password", "client_secret"]);
        let top = at(3, &["access_token", "apiKey", "refreshToken"]);
        let error = at(4, &["token", "db_password", "secret"]);
        let written = write!(
            out,
            "{{\"time\":\"2026-03-12T{:02}:{:02}:{:02}.{:03}Z\",\"level\":\"{}\",\"service\":\"{}-api\",\"pid\":{},\
             \"msg\":\"{} {}\",\"req\":{{\"id\":\"{:016x}\",\"method\":\"{}\",\"url\":\"/api/v2/{}/{}?page={}\",\
             \"headers\":{{\"host\":\"{}.example\",\"accept\":\"application/json\",\
             \"user-agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"{header}}},\
             \"body\":{{\"user\":\"u{}\",\"items\":[{},{},{}],\"note\":\"{} \\\"{}\\\"\\n\"{body}}}}},\
             \"res\":{{\"status\":{},\"ms\":{}.{},\"bytes\":{},\"cached\":{}}}{top}",
            self.below(24),
            self.below(60),
            self.below(60),
            self.below(1000),
            self.pick(LEVELS),
            self.pick(NOUNS),
            self.below(65_536),
            self.pick(VERBS),
            self.pick(NOUNS),
            self.next(),
            self.pick(&["GET", "POST", "PUT", "DELETE"]),
            self.pick(NOUNS),
            self.below(1_000_000),
            self.below(50),
            self.pick(NOUNS),
            self.below(100_000),
            self.below(1000),
            self.below(1000),
            self.below(1000),
            self.pick(VERBS),
            self.pick(NOUNS),
            self.pick(&["200", "201", "404", "500"]),
            self.below(900),
            self.below(10),
            self.below(90_000),
            self.below(2) == 0,
        );
        debug_assert!(written.is_ok(), "a String takes all");
        if place == 4 || self.below(10) == 0 {
            let written = write!(
                out,
                ",\"err\":{{\"name\":\"TypeError\",\"message\":\"{} {}\",\"stack\":\"TypeError: {}\\n    \
                 at handle (/srv/{}.js:{}:7)\\n    at next\",\"code\":null{error}}}",
                self.pick(VERBS),
                self.pick(NOUNS),
                self.pick(NOUNS),
                self.pick(NOUNS),
                self.below(900),
            );
            debug_assert!(written.is_ok(), "a String takes all");
        }
        out.push('}');
    }

    /// A comma and a sensitive field of JSON. What its value may look like goes by its name.
    fn field(&mut self, names: &[&str]) -> String {
        let name = self.pick(names);
        let value = format!("{SECRET}{}", self.alphanumeric(28));
        match name {
            "authorization" => format!(",\"{name}\":\"Bearer {value}\""),
            "cookie" => format!(",\"{name}\":\"sid={value}\""),
            _ => format!(",\"{name}\":\"{value}\""),
        }
    }
}
