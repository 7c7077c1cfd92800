//! What may stand around a token: a log line, JSON, a query, a header, a shell, XML, a
//! terminal's colours.

use crate::oracle::random::Random;

/// What stands before and after a token.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings {
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
    /// A token with quotes or backslashes would have to be written differently here.
    pub(crate) is_json: bool,
}

const fn text(before: &'static str, after: &'static str) -> Surroundings {
    Surroundings {
        before,
        after,
        is_json: false,
    }
}

const fn json(before: &'static str, after: &'static str) -> Surroundings {
    Surroundings {
        before,
        after,
        is_json: true,
    }
}

const ALL: [Surroundings; 21] = [
    text("", ""),
    text("2026-11-24T10:00:00Z INFO worker got ", " after 12 ms"),
    text("Nov 24 10:00:00 host app[7]: rejected ", ""),
    text("level=warn msg=seen v=", " n=3"),
    text("level=warn v=\"", "\" n=3"),
    text("GET /x?a=1&v=", "&z=2 HTTP/1.1"),
    text("GET /x?v=", " 200"),
    text("X-Value: ", ""),
    text("> X-Value: ", "\r"),
    text("run --value ", " --next"),
    text("run V='", "'; echo done"),
    text("run \"", "\" | sort"),
    text("<v>", "</v>"),
    text("<v a=\"", "\"/>"),
    text("\x1b[32m", "\x1b[0m"),
    text("at \x1b[1;31m", "\x1b[m ok"),
    text("(", ")"),
    text("seen [", "], [x]"),
    json("{\"level\":\"info\",\"msg\":\"", "\",\"n\":1}"),
    json("{\"a\":[1,\"", "\"]}"),
    json("[{\"v\":\"got ", " again\"}]"),
];

/// One of the surroundings in which the token may be written as it is.
pub(crate) fn around(token: &[u8], random: &mut Random) -> Surroundings {
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) && !b"\"\\".contains(byte);
    let most = if token.iter().all(is_plain) {
        ALL.len()
    } else {
        ALL.iter().filter(|around| !around.is_json).count()
    };
    ALL[random.below(most)]
}
