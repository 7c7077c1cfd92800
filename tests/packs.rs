//! The embedded packs, case by case: P1..P10 of the edge cases, and every example of
//! every rule, whole, in pieces, and inside JSON.
//!
//! No token stands here as such: tokens are made from a prefix and an alphabet.

use std::sync::Arc;

use blackbar::{Framing, Pack, Profile, Redactor, RuleSource, Session, check, embedded_packs};

const MASK: &str = "[REDACTED]";

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &str = "0123456789abcdef";
/// What belongs to an argument of a command.
const WORD: &str = "&,.)]}><|/:;";
const DIGIT: &str = "0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `prefix` and `count` characters of `alphabet`, the same ones each time.
fn token(prefix: &str, alphabet: &str, count: usize) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ count as u64;
    let tail = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        alphabet[(state >> 33) as usize % alphabet.len()]
    });
    prefix.chars().chain(tail.take(count)).collect()
}

/// A token whose first part is the header `{"alg":"none"}`.
fn jwt() -> String {
    let header = ["eyJhbGci", "OiJub25lIn0"].concat();
    format!(
        "{header}.{}.{}",
        token("eyJ", BASE64URL, 40),
        token("", BASE64URL, 43)
    )
}

fn xapp() -> String {
    let app = token("xapp-1-A", UPPER, 10);
    app + &token("-", DIGIT, 13) + &token("-", HEX, 64)
}

fn webhook() -> String {
    ["https://hooks.slack.com/services/", &webhook_path()].concat()
}

fn webhook_path() -> String {
    token("T", UPPER, 8) + &token("/B", UPPER, 10) + &token("/", ALNUM, 24)
}

fn discord() -> String {
    token("MTA", ALNUM, 23) + &token(".G", ALNUM, 5) + &token(".", BASE64URL, 38)
}

fn standard() -> Redactor {
    Redactor::builder().build().unwrap()
}

/// Redacts one record; twice, for what has been redacted stays as it is (G5).
fn redacted(redactor: &Redactor, text: &str) -> String {
    let once = redactor.redact_document(text.as_bytes());
    let twice = redactor.redact_document(&once);
    let once = String::from_utf8(once).unwrap();
    assert_eq!(
        once,
        String::from_utf8(twice).unwrap(),
        "a second time, of {text:?}"
    );
    once
}

fn expect(redactor: &Redactor, text: &str, expected: &str) {
    assert_eq!(redacted(redactor, text), expected, "of {text:?}");
}

fn expect_same(redactor: &Redactor, text: &str) {
    expect(redactor, text, text);
}

/// The text as the value of a field, `depth` times.
fn in_json(text: &str, depth: usize) -> String {
    (0..depth).fold(text.to_owned(), |text, _| {
        format!(
            "{{\"level\":\"info\",\"msg\":{}}}",
            serde_json::to_string(&text).unwrap()
        )
    })
}

/// Where a token may stand: what comes before it by format, and the token.
struct Place {
    lead: &'static str,
    token: String,
    /// What follows belongs to the token if it is one of these.
    alphabet: &'static str,
}

fn place(lead: &'static str, token: String, alphabet: &'static str) -> Place {
    Place {
        lead,
        token,
        alphabet,
    }
}

/// One place for every rule whose secret ends where its alphabet ends.
fn places() -> Vec<Place> {
    vec![
        place("", token("sk_live_", ALNUM, 24), ""),
        place("", token("sk_test_", ALNUM, 99), ""),
        place("", token("rk_live_", ALNUM, 24), ""),
        place("", token("rk_test_", ALNUM, 24), ""),
        place("", token("sk_org_", ALNUM, 32), ""),
        place("", token("ek_live_", ALNUM, 60), ""),
        place("", token("whsec_", ALNUM, 32), "/"),
        place("", jwt(), "."),
        place("", token("AGE-SECRET-KEY-1", UPPER, 58), ""),
        place("", token("TlRMTVNTUA", BASE64, 60), "/"),
        place("Bearer ", token("a1", BASE64URL, 40), "/"),
        place("bearer ", token("a1", BASE64URL, 40), "/"),
        place("Basic ", token("a1", BASE64, 41), "/"),
        place("Negotiate ", token("YII", BASE64, 80), "/"),
        place("Authorization: Basic ", token("", BASE64, 20), "/:"),
        place("authorization: bearer ", token("a1", ALNUM, 40), "/:"),
        place("Proxy-Authorization: ", token("a1", HEX, 40), "/:."),
        place("authorization=[Bearer ", token("", ALNUM, 30), "/:"),
        place("Signature=", token("", HEX, 64), "/"),
        place("X-Amz-Signature=", token("", HEX, 64), "/"),
        place("X-Amz-Security-Token: ", token("IQoJ", BASE64, 200), "/."),
        place("oauth_token=", token("", ALNUM, 20), "/."),
        place("oauth_signature=", token("", ALNUM, 27), "/."),
        place("response=\"", token("", HEX, 32), ""),
        place("cnonce=\"", token("", HEX, 16), "/.:"),
        place("", token("ghp_", ALNUM, 36), ""),
        place("", token("github_pat_", ALNUM, 82), ""),
        place("", token("glpat-", BASE64URL, 20), ""),
        place(
            "",
            token("glpat-", BASE64URL, 43) + &token(".01.", HEX, 9),
            "",
        ),
        place("", token("glrt-", BASE64URL, 20), ""),
        place("", token("glcbt-64_", BASE64URL, 20), ""),
        place("", token("GR1348941", BASE64URL, 20), ""),
        place("", token("xoxb-1", DIGIT, 11) + &token("-", ALNUM, 24), ""),
        place("", token("xoxe.xoxp-1-", ALNUM, 160), ""),
        place("", token("xoxd-", ALNUM, 60), "/"),
        place("", xapp(), ""),
        place("", webhook(), ""),
        place("services/", webhook_path(), ""),
        place("", token("sk-proj-", BASE64URL, 74), ""),
        place(
            "",
            token("sk-", ALNUM, 20) + &token("T3BlbkFJ", ALNUM, 20),
            "",
        ),
        place("", token("sk-ant-api03-", BASE64URL, 95), ""),
        place("", token("AIzaSy", BASE64URL, 33), ""),
        place("", token("AQ.Ab", BASE64URL, 50), ""),
        place("", token("ya29.a0", BASE64URL, 100), ""),
        place("", token("1//0", BASE64URL, 100), ""),
        place("", token("GOCSPX-", BASE64URL, 28), ""),
        place("", token("AKIA", UPPER, 16), ""),
        place("", token("IQoJb3JpZ2luX2Vj", BASE64, 300), "/"),
        place("", token("bedrock-api-key-", BASE64, 120), "/"),
        place("", token("SK", HEX, 32), ""),
        place(
            "",
            token("SG.", BASE64URL, 22) + &token(".", BASE64URL, 43),
            "",
        ),
        place("", token("npm_", ALNUM, 36), ""),
        place("", token("pypi-AgEIcHlwaS5vcmc", BASE64URL, 130), ""),
        place("", token("", DIGIT, 10) + &token(":AA", BASE64URL, 33), ""),
        place("", discord(), ""),
        place("", token("hvs.CAES", BASE64URL, 90), ""),
        place("", token("dop_v1_", HEX, 64), ""),
        place("mysql -u root -p", token("", ALNUM, 12), WORD),
        place("sshpass -p ", token("", ALNUM, 12), WORD),
        place("docker login -u bob -p ", token("", ALNUM, 12), WORD),
        place("curl -s -u svc:", token("", ALNUM, 12), WORD),
        place("redis-cli -h cache -a ", token("", ALNUM, 12), WORD),
        place("ldapsearch -x -w ", token("", ALNUM, 12), WORD),
    ]
}

#[test]
fn p1_what_follows_a_token_stays() {
    let redactor = standard();
    let followers = [
        "", "&", ",", ".", ")", "]", "}", ">", "<", "|", "/", ":", ";", "\"", "'", "\\\"", "\t",
        "\x1b", "\\n", " ",
    ];
    for Place {
        lead,
        token,
        alphabet,
    } in places()
    {
        for follower in followers {
            let tail = if follower.is_empty() { "" } else { " tail" };
            let text = format!("{lead}{token}{follower}{tail}");
            for depth in 0..=2 {
                let text = in_json(&text, depth);
                let out = redacted(&redactor, &text);
                let swallowed = !follower.is_empty() && alphabet.contains(follower);
                let left = if swallowed { "" } else { follower };
                let expected = in_json(&format!("{lead}{MASK}{left}{tail}"), depth);
                let with_follower = in_json(&format!("{lead}{MASK}{follower}{tail}"), depth);
                assert!(
                    out == expected || out == with_follower,
                    "{text:?} became {out:?}"
                );
            }
        }
        let lines = format!("{lead}{token}\r\nnext\n{lead}{token}\n{lead}{token}");
        let expected = format!("{lead}{MASK}\r\nnext\n{lead}{MASK}\n{lead}{MASK}");
        assert_eq!(
            redactor.redact(lines.as_bytes()),
            expected.as_bytes(),
            "of {lines:?}"
        );
    }
}

#[test]
fn p2_tokens_have_no_upper_bound() {
    let redactor = standard();
    for Place { lead, token, .. } in places() {
        let last = token.chars().next_back().unwrap();
        for more in [1, 100, 10_000, 40_000] {
            let long = format!("{lead}{token}{}", last.to_string().repeat(more));
            expect(
                &redactor,
                &format!("{long} tail"),
                &format!("{lead}{MASK} tail"),
            );
        }
        // Beyond the reach the scheme may go too; nothing of the token may stay.
        let overdue = format!("{lead}{token}{} tail", last.to_string().repeat(200_000));
        let out = redacted(&redactor, &overdue);
        assert!(
            out.len() < overdue.len() - 200_000 && out.ends_with("[REDACTED] tail"),
            "{lead}: {}",
            &out[..out.len().min(200)]
        );
    }
}

#[test]
fn p3_what_precedes_a_token_does_not_hide_it() {
    let redactor = standard();
    let predecessors = [
        "_",
        "x_",
        "\x1b[32m",
        "\x1b[1;31m",
        "\\u001b[32m",
        "\\033[0m",
        "\\x1B[m",
        "\"",
        "'",
        "=",
        ":",
        ",",
        "(",
        "[",
        "{",
        ">",
        "|",
        "/",
        "\\n",
        "\\t",
        "\\u000a",
        "%20",
        "%3D",
        "\u{e9}",
        " ",
    ];
    for Place { lead, token, .. } in places() {
        for predecessor in predecessors {
            let text = format!("at 1 {predecessor}{lead}{token} tail");
            for depth in 0..=2 {
                let out = redacted(&redactor, &in_json(&text, depth));
                assert!(!out.contains(&token), "{text:?} became {out:?}");
                let expected = in_json(&format!("at 1 {predecessor}{lead}{MASK} tail"), depth);
                assert_eq!(out, expected, "of {text:?} at depth {depth}");
            }
        }
    }
}

#[test]
fn p3_a_longer_word_is_no_token() {
    let redactor = standard();
    for word in ["ta", "fo", "networ", "wee"] {
        expect_same(&redactor, &token(&format!("{word}sk_test_"), ALNUM, 24));
        expect_same(&redactor, &token(&format!("{word}rk_live_"), ALNUM, 24));
        expect_same(&redactor, &token(&format!("{word}ek_test_"), ALNUM, 24));
    }
    expect_same(&redactor, &token("pk_live_", ALNUM, 24));
    expect_same(&redactor, &token("pk_test_", ALNUM, 24));
}

#[test]
fn p4_alphabets_and_padding() {
    let redactor = standard();
    for value in [
        "a+b",
        "a1/b",
        "x~1==",
        "1.2.3",
        "a-b_c.d",
        "my-secret-token",
        "mF_9.B5f-4.1JqM",
        "0",
    ] {
        expect(
            &redactor,
            &format!("got Bearer {value}, then"),
            "got Bearer [REDACTED], then",
        );
        expect(
            &redactor,
            &format!("{{\"h\":\"Authorization: Bearer {value}\"}}"),
            "{\"h\":\"Authorization: Bearer [REDACTED]\"}",
        );
    }
    for padding in ["", "=", "=="] {
        let text = format!("Authorization: Basic {}{padding}", token("", BASE64, 21));
        expect(&redactor, &text, "Authorization: Basic [REDACTED]");
    }
    for header in [
        "eyJhbGciOiJub25lIn0",
        "eyAiYWxnIjogIkhTMjU2IiB9",
        "ewogImFsZyI6ICJIUzI1NiIKfQ",
    ] {
        let payload = token("eyJ", BASE64URL, 30);
        let part = token("", BASE64URL, 22);
        for rest in [
            format!("{payload}.{part}"),
            format!("{payload}."),
            payload.clone(),
            format!("{part}.{part}.{part}.{part}"),
            format!(".{part}.{part}.{part}"),
            format!(".{part}"),
        ] {
            expect(
                &redactor,
                &format!("jwt={header}.{rest}&x=1"),
                "jwt=[REDACTED]&x=1",
            );
        }
    }
}

const SCHEMES: [&str; 40] = [
    "postgresql",
    "postgres",
    "postgresql+asyncpg",
    "postgresql+psycopg2",
    "jdbc:postgresql",
    "jdbc:mysql",
    "mysql",
    "mysql+pymysql",
    "mariadb",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "redis+sentinel",
    "amqp",
    "amqps",
    "nats",
    "kafka",
    "mqtt",
    "mqtts",
    "mssql",
    "sqlserver",
    "oracle",
    "clickhouse",
    "cockroachdb",
    "cassandra",
    "neo4j",
    "bolt",
    "couchdb",
    "elasticsearch",
    "influxdb",
    "snowflake",
    "ldap",
    "ldaps",
    "smtp",
    "ftp",
    "sftp",
    "http",
    "https",
    "git+https",
];

#[test]
fn p5_the_password_of_a_url_goes_and_the_rest_stays() {
    let redactor = standard();
    let passwords = [
        "hunter2",
        "p",
        "1234",
        "123456789",
        "p@ss",
        "a:b",
        "p/w",
        "p#w",
        "p?w",
        "it!",
        "$x",
        "p%40ss%2Fw",
        "a,b;c",
        "50%off",
        "p@ss:w/rd#1!$?",
        "p@ss/word",
        "#start",
        "?start",
        "(x)",
        "x=y&z",
        "~-_.",
        "***x",
        "a]b",
        "a[b",
        "\u{e9}\u{5bc6}",
    ];
    let users = ["app", "", "bob%40corp", "first.last", "u-1_x"];
    let hosts = [
        "db",
        "db:5432/x?sslmode=require",
        "10.0.0.1/0",
        "db.example.com",
        "[2001:db8::1]:5432/db",
        "h1:27017,h2:27017/db?r=1",
        "%2Fvar%2Frun/db",
        "h.example.com/org/repo@v1",
    ];
    for scheme in SCHEMES {
        for password in passwords {
            let text = format!("dial {scheme}://app:{password}@db:1/x: timeout");
            let expected = format!("dial {scheme}://app:{MASK}@db:1/x: timeout");
            expect(&redactor, &text, &expected);
            expect(&redactor, &in_json(&text, 1), &in_json(&expected, 1));
            expect(&redactor, &in_json(&text, 2), &in_json(&expected, 2));
        }
        for user in users {
            for host in hosts {
                let text = format!("\"{scheme}://{user}:x1/y@{host}\"");
                expect(
                    &redactor,
                    &text,
                    &format!("\"{scheme}://{user}:{MASK}@{host}\""),
                );
            }
        }
        let php = format!("{{\"url\":\"{scheme}:\\/\\/app:a\\/b@db\\/x\"}}");
        expect(
            &redactor,
            &php,
            &format!("{{\"url\":\"{scheme}:\\/\\/app:{MASK}@db\\/x\"}}"),
        );
        let encoded = format!(
            "/?u={}%3A%2F%2Fapp%3Ahunter%402%40db%3A1%2Fx&y=1",
            scheme.replace(':', "%3A")
        );
        let expected = format!(
            "/?u={}%3A%2F%2Fapp%3A{MASK}%40db%3A1%2Fx&y=1",
            scheme.replace(':', "%3A")
        );
        expect(&redactor, &encoded, &expected);
    }
    expect(
        &redactor,
        "postgres://bob@server:p@ss@db/x",
        "postgres://bob@server:[REDACTED]@db/x",
    );
    let list = SCHEMES
        .map(|scheme| format!("{scheme}://u:p@h:1"))
        .join(",");
    let expected = SCHEMES
        .map(|scheme| format!("{scheme}://u:{MASK}@h:1"))
        .join(",");
    expect(&redactor, &list, &expected);
    expect(
        &redactor,
        "dsn=app:p@ss:/w@tcp(db:3306)/x",
        "dsn=app:[REDACTED]@tcp(db:3306)/x",
    );
    expect(
        &redactor,
        "jdbc:oracle:thin:scott/tiger@//db:1521/x",
        "jdbc:oracle:thin:scott/[REDACTED]@//db:1521/x",
    );
}

#[test]
fn p5_a_token_in_the_place_of_the_user_goes() {
    let redactor = standard();
    for token in [
        token("ghp_", ALNUM, 36),
        token("glpat-", BASE64URL, 20),
        token("", HEX, 40),
        token("", ALNUM, 40),
    ] {
        expect(
            &redactor,
            &format!("clone https://{token}@github.com/o/r"),
            "clone https://[REDACTED]@github.com/o/r",
        );
        let dummy = format!("clone https://{token}:x-oauth-basic@github.com/o/r");
        expect(
            &redactor,
            &dummy,
            "clone https://[REDACTED]:[REDACTED]@github.com/o/r",
        );
        let user = format!("clone https://x-access-token:{token}@github.com/o/r@v1");
        expect(
            &redactor,
            &user,
            "clone https://x-access-token:[REDACTED]@github.com/o/r@v1",
        );
    }
    expect_same(
        &redactor,
        "https://bob@example.com https://first.last-name@example.com/x",
    );
    expect_same(
        &redactor,
        &format!("https://{}@o1.ingest.sentry.io/2", token("", HEX, 32)),
    );
}

#[test]
fn p6_no_credentials() {
    let redactor = standard();
    for text in [
        "git clone git@github.com:org/repo",
        "ssh://git@github.com:22/org/repo git+ssh://git@github.com:org/repo@v1",
        "time=12:30:01 url=http://host:8080 mail=bob@example.com",
        "//host/path:x@y",
        "https://host:8080/path@v3 http://host:80?mail=bob@example.com http://h:80,bob@example.com",
        "https://packages.example/@scope/pkg@1.2.3 https://host/a:b@c",
        "http://[::1]:8080/a@b http://localhost:3000/users/bob@example.com",
        "(http://host:8080)bob@example.com [x](http://host:80|bob@example.com)",
        "{\"a\":\"redis://h:6379\",\"b\":\"bob@example.com\"}",
        "{\"a\":\"redis://h:6379\\nbob@example.com\"}",
        "['redis://h:secret', 'bob@example.com']",
        "<http://host:80> <bob@example.com>",
        "postgresql:///db?host=/tmp&user=a@b postgresql://db postgres://bob@db:5432/x",
        "next=https%3A%2F%2Fhost%3A8080%2Fa%40b",
    ] {
        expect_same(&redactor, text);
        for depth in 1..=2 {
            expect_same(&redactor, &in_json(text, depth));
        }
    }
}

/// A block of `label` with lines of 64 characters and a last one of 22.
fn pem(label: &str, joint: &str) -> String {
    let line = token("", BASE64, 64);
    let last = token("", BASE64, 22);
    let dashes = "-".repeat(5);
    [
        format!("{dashes}BEGIN {label}{dashes}"),
        line.clone(),
        line,
        format!("{last}=="),
        format!("{dashes}END {label}{dashes}"),
    ]
    .join(joint)
}

const KEYS: [&str; 8] = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "ANY PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
];

#[test]
fn p7_a_key_on_one_line_goes_whole() {
    let redactor = standard();
    let joints = [
        "\\n",
        "\\r\\n",
        "\\\\n",
        "\\\\r\\\\n",
        "\\u000a",
        "\\u000A",
        " ",
        "",
        "%0A",
        "%0D%0A",
        "&#10;",
        "&#xA;",
        "\\x0a",
        "\\\\\\\\n",
        "\\n\" + \"",
        "','",
    ];
    for label in KEYS {
        for joint in joints {
            expect(
                &redactor,
                &format!("key={} tail", pem(label, joint)),
                &format!("key={MASK} tail"),
            );
            let quoted = format!("{{\"k\":\"{}\",\"x\":1}}", pem(label, joint));
            if !joint.contains('"') {
                expect(&redactor, &quoted, &format!("{{\"k\":\"{MASK}\",\"x\":1}}"));
            }
        }
        let list = format!("[\"{}\",\"x\"]", pem(label, "\",\""));
        expect(
            &redactor,
            &list,
            "[\"[REDACTED]\",\"[REDACTED]\",\"[REDACTED]\",\"[REDACTED]\",\"[REDACTED]\",\"x\"]",
        );
        let text = format!("key {} tail", pem(label, "\n"));
        let expected = format!("key {MASK} tail");
        for depth in 0..=2 {
            expect(
                &redactor,
                &in_json(&text, depth),
                &in_json(&expected, depth),
            );
        }
        let cut = pem(label, "\\n");
        let cut = &cut[..cut.find("==").unwrap() - 3];
        assert!(!redacted(&redactor, cut).contains(&token("", BASE64, 64)));
        expect(
            &redactor,
            &format!("{{\"k\":\"{cut}\"}}"),
            &format!("{{\"k\":\"{MASK}\"}}"),
        );
    }
}

#[test]
fn p7_headers_and_blank_lines_are_part_of_a_key() {
    let redactor = standard();
    for joint in ["\n", "\\n", "\\r\\n", "\\\\n"] {
        let block = pem("RSA PRIVATE KEY", joint);
        let headers = format!(
            "KEY-----{joint}Proc-Type: 4,ENCRYPTED{joint}DEK-Info: AES-128-CBC,0123456789ABCDEF{joint}{joint}"
        );
        let block = block.replacen(&format!("KEY-----{joint}"), &headers, 1);
        expect(&redactor, &format!("{block} tail"), "[REDACTED] tail");
        let block = pem("PGP PRIVATE KEY BLOCK", joint);
        let headers = format!(
            "BLOCK-----{joint}Version: GnuPG v2.4 (Linux){joint}Comment: https://example.com{joint}{joint}"
        );
        let block = block.replacen(&format!("BLOCK-----{joint}"), &headers, 1);
        let block = block.replacen(&format!("=={joint}"), &format!("=={joint}=aB3d{joint}"), 1);
        expect(&redactor, &format!("{block} tail"), "[REDACTED] tail");
    }
}

#[test]
fn p7_a_key_of_many_lines_goes_line_by_line() {
    let redactor = standard();
    for label in KEYS {
        for (indent, end) in [
            ("", "\n"),
            ("    ", "\n"),
            ("2026-11-23T10:00:00Z app[1]: ", "\n"),
            ("", "\r\n"),
        ] {
            let block = pem(label, &format!("{end}{indent}"));
            let text = format!("before{end}{indent}{block}{end}after{end}");
            let out = String::from_utf8(redactor.redact(text.as_bytes())).unwrap();
            let masks = vec![format!("{indent}{MASK}"); 5].join(end);
            assert_eq!(
                out,
                format!("before{end}{masks}{end}after{end}"),
                "of {text:?}"
            );
            assert_eq!(redactor.redact(out.as_bytes()), out.as_bytes());
        }
    }
}

#[test]
fn p7_a_begin_in_prose_swallows_no_log() {
    let redactor = standard();
    let begin = format!("{0}BEGIN RSA PRIVATE KEY{0}", "-".repeat(5));
    expect(
        &redactor,
        &format!("a key starts with {begin} and is long"),
        "a key starts with [REDACTED] and is long",
    );
    let text = format!(
        "planted {begin}\nGET /index.html 200\n{}\n",
        token("", BASE64, 64)
    );
    let out = String::from_utf8(redactor.redact(text.as_bytes())).unwrap();
    assert_eq!(
        out,
        format!(
            "planted {MASK}\nGET /index.html 200\n{}\n",
            token("", BASE64, 64)
        )
    );
}

#[test]
fn p7_public_keys_and_certificates_stay() {
    let redactor = standard();
    for label in [
        "CERTIFICATE",
        "PUBLIC KEY",
        "RSA PUBLIC KEY",
        "PGP PUBLIC KEY BLOCK",
        "CERTIFICATE REQUEST",
        "X509 CRL",
        "PGP MESSAGE",
    ] {
        for joint in ["\n", "\\n", " "] {
            let text = pem(label, joint);
            assert_eq!(redactor.redact(text.as_bytes()), text.as_bytes());
            expect_same(&redactor, &text);
        }
    }
    expect_same(
        &redactor,
        &token("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", BASE64, 43),
    );
    expect_same(
        &redactor,
        &token("age1", "acdefghjklmnpqrstuvwxyz023456789", 58),
    );
}

#[test]
fn p7_putty_and_age() {
    let redactor = standard();
    let line = token("", BASE64, 64);
    let mac = token("", HEX, 64);
    for joint in ["\n", "\\n", "\\r\\n"] {
        let file = [
            "PuTTY-User-Key-File-3: ssh-ed25519",
            "Encryption: aes256-cbc",
            "Comment: bob@example.com",
            "Public-Lines: 2",
            &line,
            "AAAA",
            "Key-Derivation: Argon2id",
            "Argon2-Memory: 8192",
            "Private-Lines: 1",
            &line,
            &format!("Private-MAC: {mac}"),
        ]
        .join(joint);
        let out = redacted(
            &redactor,
            &format!("{{\"k\":\"{}\"}}", file.replace('\n', "\\n")),
        );
        assert!(!out.contains(&line) && !out.contains(&mac), "{out:?}");
    }
    expect(
        &redactor,
        &token("k=AGE-SECRET-KEY-1", UPPER, 58),
        "k=[REDACTED]",
    );
}

#[test]
fn p8_hashes_and_ids_are_no_secrets() {
    let redactor = standard();
    let (sha1, sha256, id) = (token("", HEX, 40), token("", HEX, 64), token("", HEX, 16));
    let uuid = format!(
        "{}-{}-{}-{}-{}",
        &sha1[..8],
        &sha1[8..12],
        &sha1[12..16],
        &sha1[16..20],
        &sha1[20..32]
    );
    for text in [
        format!("checked out commit {sha1} on branch release/3"),
        format!("trace_id={} span_id={id} request_id={uuid}", &sha1[..32]),
        format!("pulled registry.example.com/app:1.2@sha256:{sha256}"),
        format!("docker.io/library/nginx@sha256:{sha256} etag=W/\"{}\"", &sha1[..32]),
        format!("integrity sha512-{}==", token("", BASE64, 86)),
        format!("data:image/png;base64,{}", token("iVBORw0KGgo", BASE64, 400)),
        format!("response=200 signature={id} order 4539578763621486 ts=1744103655744"),
        format!("grant_type=authorization_code&state={uuid}"),
        "WWW-Authenticate: Bearer realm=\"x\", error=\"invalid_token\", error_description=\"The access token expired\"".to_owned(),
        "Bearer of bad news; bearer token required; Basic authentication; authorization: enabled".to_owned(),
        "Authentication failed for user; token expired; the key to success: patience".to_owned(),
        "{\"max_tokens\":4096,\"primary_key\":\"id\",\"key\":\"orders/604/items\"}".to_owned(),
    ] {
        for depth in 0..=2 {
            expect_same(&redactor, &in_json(&text, depth));
        }
    }
}

#[test]
fn p9_weak_passwords_in_quotes_are_masked() {
    let redactor = standard();
    for name in [
        "password",
        "PASSWORD",
        "db_Password",
        "secret",
        "client_secret",
        "token",
        "key",
        "api_key",
    ] {
        for value in [
            "hunter2",
            "x",
            "a b",
            "1234",
            "***hunter2",
            "p@ss:w/rd",
            "[x]",
        ] {
            for quote in ["'", "\""] {
                let text = format!("login {name}={quote}{value}{quote}, ok");
                let expected = format!("login {name}={quote}{MASK}{quote}, ok");
                for depth in 0..=2 {
                    expect(
                        &redactor,
                        &in_json(&text, depth),
                        &in_json(&expected, depth),
                    );
                }
            }
        }
        expect(
            &redactor,
            &format!("{name}=\"it's\" ok"),
            &format!("{name}=\"{MASK}\" ok"),
        );
        expect(
            &redactor,
            &format!("{name}='say \"x\"' ok"),
            &format!("{name}='{MASK}' ok"),
        );
    }
}

#[test]
fn p10_near_misses_are_cheap_in_every_rule() {
    for pack in embedded_packs().unwrap() {
        for rule in pack.rules() {
            let work = check::near_miss_work(&pack, rule).unwrap();
            assert!(
                work <= check::MOST_WORK,
                "{}: {work} steps a byte",
                rule.full_id()
            );
        }
    }
}

#[test]
fn the_header_of_any_scheme_in_any_dump() {
    let redactor = standard();
    let schemes = [
        ("Basic", token("", BASE64, 22)),
        ("Bearer", token("", BASE64URL, 40)),
        ("Negotiate", token("YII", BASE64, 80)),
        ("NTLM", token("TlRMTVNTUA", BASE64, 40)),
        ("ApiKey", token("", BASE64, 60)),
        ("Token", token("", HEX, 40)),
        ("Made-Up", token("a1", ALNUM, 40)),
    ];
    for (scheme, credential) in &schemes {
        for name in [
            "Authorization",
            "authorization",
            "Proxy-Authorization",
            "HTTP_AUTHORIZATION",
        ] {
            for (before, after) in [
                (format!("> {name}: {scheme} "), ""),
                (format!("curl -H '{name}: {scheme} "), "' https://h/"),
                (
                    format!("headers={{Host=[h], {name}=[{scheme} "),
                    "], Accept=[*/*]}",
                ),
                (format!("map[{name}:[{scheme} "), "] Host:[h]]"),
                (format!("{{\"{name}\":\"{scheme} "), "\",\"a\":1}"),
                (format!("{{\"{name}\":[\"{scheme} "), "\"]}"),
                (format!("{{'{name}': '{scheme} "), "', 'a': 1}"),
                (format!("[\"Host\",\"h\",\"{name}\",\"{scheme} "), "\"]"),
                (
                    format!("{{\"name\":\"{name}\",\"value\":\"{scheme} "),
                    "\"}",
                ),
                (format!("\"{name}\"=>\"{scheme} "), "\", \"a\"=>1"),
                (
                    format!("request headers: Host: h | {name}: {scheme} "),
                    " | Accept: */*",
                ),
                (
                    format!("b'GET / HTTP/1.1\\r\\n{name}: {scheme} "),
                    "\\r\\nHost: h\\r\\n'",
                ),
                (format!("<header name=\"{name}\" value=\"{scheme} "), "\"/>"),
            ] {
                let text = format!("{before}{credential}{after}");
                let expected = format!("{before}{MASK}{after}");
                for depth in 0..=2 {
                    expect(
                        &redactor,
                        &in_json(&text, depth),
                        &in_json(&expected, depth),
                    );
                }
            }
        }
    }
}

/// The rule by itself, under the first profile in which it runs.
fn alone(pack: &Pack, rule: &RuleSource) -> Redactor {
    let others = pack.rules().iter().filter(|other| other.id() != rule.id());
    let builder = Redactor::builder()
        .embedded(false)
        .profile(profile(rule))
        .pack(pack.clone());
    let builder = if pack.is_optional() {
        builder.enable(pack.name())
    } else {
        builder
    };
    others
        .fold(builder, |builder, other| builder.disable(other.full_id()))
        .build()
        .unwrap()
}

fn profile(rule: &RuleSource) -> Profile {
    let runs_in = |profile: &Profile| rule.profiles().contains(profile);
    [Profile::Standard, Profile::Strict, Profile::Article]
        .into_iter()
        .find(runs_in)
        .unwrap()
}

/// What comes out of a session that gets the parts one after the other.
fn streamed<'a>(redactor: &Arc<Redactor>, parts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let (mut pieces, mut out) = (Vec::new(), Vec::new());
    for part in parts {
        session.write(part, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, part));
        }
    }
    session.end(&mut pieces);
    for piece in pieces.drain(..) {
        out.extend_from_slice(session.bytes(&piece, &[]));
    }
    out
}

#[test]
fn every_example_whole_byte_by_byte_and_at_each_split() {
    for pack in embedded_packs().unwrap() {
        for rule in pack.rules() {
            let redactor = Arc::new(alone(&pack, rule));
            let same = rule
                .passes()
                .iter()
                .map(|text| (text.as_str(), text.as_str()));
            let examples = rule
                .examples()
                .iter()
                .map(|example| (example.input.as_str(), example.output.as_str()));
            for (input, output) in examples.chain(same) {
                let (input, id) = (input.as_bytes(), rule.full_id());
                assert_eq!(redactor.redact(input), output.as_bytes(), "{id}, whole");
                assert_eq!(
                    streamed(&redactor, input.chunks(1)),
                    output.as_bytes(),
                    "{id}, byte by byte"
                );
                for at in 1..input.len() {
                    let (head, tail) = input.split_at(at);
                    let out = streamed(&redactor, [head, tail].into_iter());
                    assert_eq!(out, output.as_bytes(), "{id}, split at {at}");
                }
            }
        }
    }
}

/// What an example hides: the stretches of its input for which masks stand in its output.
fn hidden(input: &str, output: &str) -> Vec<String> {
    let mut rest = input;
    let mut parts = output.split(MASK).peekable();
    let mut hidden = Vec::new();
    rest = rest.strip_prefix(parts.next().unwrap()).unwrap_or(rest);
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() && part.is_empty() {
            rest.len()
        } else if parts.peek().is_none() {
            rest.rfind(part).unwrap()
        } else {
            rest.find(part).unwrap()
        };
        hidden.push(rest[..end].to_owned());
        rest = &rest[end + part.len()..];
    }
    hidden
}

#[test]
fn all_rules_together_hide_what_each_hides() {
    let redactor = standard();
    let packs = embedded_packs().unwrap();
    for pack in packs.iter().filter(|pack| !pack.is_optional()) {
        for rule in pack
            .rules()
            .iter()
            .filter(|rule| profile(rule) == Profile::Standard)
        {
            for example in rule.examples() {
                for secret in hidden(&example.input, &example.output) {
                    if secret.len() < 6 {
                        continue;
                    }
                    for (before, after) in [
                        ("", ""),
                        ("x ", " y"),
                        ("\x1b[32m", "\x1b[0m"),
                        ("(", ")"),
                        ("a=1\t", "\t"),
                    ] {
                        // A word after the name alone, or of letters after a scheme, that another
                        // word follows is prose.
                        let whole_line = ["authorization/header-word", "authorization/header-bare"];
                        if whole_line.contains(&rule.full_id()) && after == " y" {
                            continue;
                        }
                        let text = format!("{before}{}{after}", example.input);
                        let out = redacted(&redactor, &text);
                        assert!(
                            !out.contains(&secret),
                            "{}: {text:?} became {out:?}",
                            rule.full_id()
                        );
                    }
                }
            }
            for text in rule.passes() {
                redacted(&redactor, text);
            }
        }
    }
}

#[test]
fn json_stays_json_with_every_example_in_it() {
    let redactor = standard();
    let packs = embedded_packs().unwrap();
    for pack in packs.iter().filter(|pack| !pack.is_optional()) {
        for rule in pack.rules() {
            let inputs = rule.examples().iter().map(|example| &example.input);
            for text in inputs.chain(rule.passes()) {
                for depth in 1..=3 {
                    let out = redacted(&redactor, &in_json(text, depth));
                    assert!(
                        serde_json::from_str::<serde_json::Value>(&out).is_ok(),
                        "{}: {out:?}",
                        rule.full_id()
                    );
                }
            }
        }
    }
}
