//! `config check` and `config show`, and how `serve` begins: exit codes and messages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A password where none belongs; no message may show it.
const SECRET: &str = "hunter2hunter2";

/// The binary, with an environment that says nothing to it.
fn blackbar(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BLACKBAR_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    told(blackbar(arguments).output().expect("the binary starts"))
}

/// The same, with standard input.
fn run_with(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = blackbar(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    told(child.wait_with_output().expect("it ends"))
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A directory with `blackbar.toml`, and the file's path.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let path = folder.path().join("blackbar.toml");
    std::fs::write(&path, text).expect("writable");
    (folder, path)
}

const FINE: &str = "\
[limits]
budget = \"192M\"

[[listen]]
http = \"127.0.0.1:9000\"

[[listen.route]]
name = \"sentry\"
path = \"/api/*\"
upstream = \"https://sentry.example\"
preset = \"sentry\"
";

/// What `config show` makes of it.
const SHOWN: &str = include_str!("config/shown.toml");

#[test]
fn check_says_what_is_fine() {
    let (_folder, path) = file(FINE);
    let (code, out, err) = run(&["config", "check", "-c", path.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(
        out,
        "http://127.0.0.1:9000\n  sentry: /api/* -> https://sentry.example\n\
         listeners: 1, routes: 1, no problems\n"
    );
}

#[test]
fn check_says_where_something_is_wrong_and_what_to_do() {
    for (text, expected) in [
        (
            FINE.replace("budget", "budgte"),
            ":2:1: key `limits.budgte`: there is no such key; did you mean `budget`?\n",
        ),
        (
            FINE.replace("https://sentry", &format!("https://me:{SECRET}@sentry")),
            ":10:12: key `listen.route.upstream`: a user or password in the URL is refused, ",
        ),
        (
            FINE.replace("preset = \"sentry\"", &format!("format = \"{SECRET}\"")),
            ":11:10: key `listen.route.format`: there is no such format; there are ",
        ),
        (
            FINE.replace("[[listen]]", &format!("[[listen]]\ntls = \"{SECRET}\"")),
            ":5:7: key `listen.tls`: ",
        ),
        (format!("[log\n\"{SECRET}\" = 1"), ":1:5: "),
    ] {
        let (_folder, path) = file(&text);
        let (code, out, err) = run(&["config", "check", "-c", path.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        let begin = format!("blackbar: {}{expected}", path.display());
        assert!(err.starts_with(&begin), "{err}\n{begin}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(!err.contains(SECRET), "{err}");
    }
}

#[test]
fn check_says_all_that_is_wrong() {
    let text = FINE.replace("budget", "budgte").replace("preset", "perset");
    let (code, _, err) = run_with(&["config", "check", "-c", "-"], &text);
    assert_eq!(code, Some(2));
    let places: Vec<_> = err
        .lines()
        .map(|line| line.split(": ").nth(1).unwrap())
        .collect();
    assert_eq!(
        places,
        ["standard input:2:1", "standard input:11:1"],
        "{err}"
    );
}

#[test]
fn without_a_configuration_it_says_what_to_write() {
    for command in [&["config", "check"][..], &["config", "show"], &["serve"]] {
        let (code, _, err) = run(command);
        assert_eq!(code, Some(2));
        assert!(err.contains("--http 127.0.0.1:9000=https://"), "{err}");
    }
    let (code, _, err) = run(&["config", "check", "-c", "nowhere.toml"]);
    assert_eq!(code, Some(2));
    let expected = "blackbar: cannot read the configuration in nowhere.toml: No such file";
    assert!(err.starts_with(expected), "{err}");
}

#[test]
fn show_writes_everything_that_is_in_effect() {
    let (code, out, err) = run_with(&["config", "show", "-c", "-"], FINE);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, SHOWN);
}

#[test]
fn what_show_writes_is_fine_and_is_shown_again() {
    let options = [
        "--http",
        "[::1]:9000=http://127.0.0.1:9200",
        "--field",
        "iban",
    ];
    let (_, shown, _) = run(&[&["config", "show"], &options[..]].concat());
    assert!(
        shown.contains("iban") && shown.contains("[::1]:9000"),
        "{shown}"
    );
    let (code, out, err) = run_with(&["config", "check", "-c", "-"], &shown);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let (_, again, _) = run_with(&["config", "show", "-c", "-"], &shown);
    assert_eq!(again, shown);
}

#[test]
fn options_win_over_the_environment_and_that_over_the_file() {
    let (_folder, path) = file(&format!(
        "[detect]\nprofile = \"strict\"\nfields = [\"iban\"]\n{FINE}"
    ));
    let shown = |profile: Option<&str>, arguments: &[&str]| {
        let mut command = blackbar(&["config", "show"]);
        command.env("BLACKBAR_CONFIG", &path).args(arguments);
        if let Some(profile) = profile {
            command.env("BLACKBAR_PROFILE", profile);
        }
        let (code, out, err) = told(command.output().expect("the binary starts"));
        assert_eq!((code, err.as_str()), (Some(0), ""));
        out
    };
    assert!(shown(None, &[]).contains("profile = \"strict\""));
    let environment = shown(Some("standard"), &[]);
    assert!(environment.contains("profile = \"standard\""));
    let options = shown(
        Some("standard"),
        &["--profile", "article-errors", "--field", "bic"],
    );
    assert!(options.contains("profile = \"article-errors\""));
    // Lists add.
    assert!(
        options.contains("\"iban\"") && options.contains("\"bic\""),
        "{options}"
    );
}

#[test]
fn a_bad_http_option_says_what_to_do_and_shows_nothing() {
    for (value, expected) in [
        ("127.0.0.1:9000", "write ADDR=URL"),
        (
            "9000=https://x.example",
            "before the `=`, write an IP address and a port",
        ),
        (
            "127.0.0.1:9000=x.example",
            "after the `=`, write the whole URL",
        ),
        (
            "127.0.0.1:9000=https://me:hunter2hunter2@x",
            "after the `=`, a user or password",
        ),
    ] {
        let (code, _, err) = run(&["serve", "--http", value]);
        assert_eq!(code, Some(2));
        assert!(err.starts_with("blackbar: --http: "), "{err}");
        assert!(err.contains(expected) && !err.contains(SECRET), "{err}");
    }
}

#[test]
fn warnings_go_to_standard_error_and_are_no_failure() {
    let text = FINE.to_owned() + "mode = \"observe\"\nuntil = 2001-01-01\n";
    let (code, out, err) = run_with(&["config", "check", "-c", "-"], &text);
    assert_eq!(code, Some(0));
    assert!(out.ends_with("routes: 1, warnings: 1\n"), "{out}");
    let expected = "blackbar: standard input:13:9: key `listen.route.until`: since 2001-01-01 ";
    assert!(err.starts_with(expected), "{err}");
}

/// A `serve` that is ended with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it with an admin listener, and gives the lines of its log up to the one that
/// tells where it is. Then nobody reads the log any more, which must not disturb it.
fn serving(arguments: &[&str]) -> (Serving, Vec<String>) {
    let mut child = blackbar(&[
        "serve",
        "--http",
        "127.0.0.1:0=http://127.0.0.1:9",
        "--admin",
    ])
    .arg("127.0.0.1:0")
    .args(arguments)
    .stderr(Stdio::piped())
    .spawn()
    .expect("the binary starts");
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let serving = Serving(child);
    let mut lines = Vec::new();
    for line in stderr.lines() {
        lines.push(line.expect("UTF-8"));
        if lines.last().is_some_and(|line| line.contains("admin on ")) {
            break;
        }
    }
    (serving, lines)
}

/// The answer, asked for until it begins as expected.
fn ask(address: &str, path: &str, expected: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let mut stream = TcpStream::connect(address).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        if text.starts_with(expected) {
            return text;
        }
        assert!(Instant::now() < deadline, "{text}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn serve_logs_as_text_without_colours_and_answers_on_the_admin_listener() {
    let (_serving, lines) = serving(&[]);
    let line = lines.last().expect("it logs");
    assert!(
        line.contains(" INFO ") && !line.contains('\u{1b}'),
        "{line}"
    );
    let address = line.rsplit(' ').next().expect("the address");
    ask(address, "/healthz", "HTTP/1.1 200 ");
    ask(address, "/readyz", "HTTP/1.1 200 ");
    let metrics = ask(address, "/metrics", "HTTP/1.1 200 ");
    assert!(
        metrics.contains("blackbar_upstream_up{route=\"route-1\"} 1\n"),
        "{metrics}"
    );
    ask(address, "/nothing", "HTTP/1.1 404 ");
}

#[test]
fn serve_logs_as_json() {
    let (_serving, lines) = serving(&["--log-format", "json"]);
    for line in lines {
        let object: serde_json::Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(object["level"], "INFO");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let http = format!("{address}=http://127.0.0.1:9");
    let (code, _, err) = run(&["serve", "--http", &http]);
    assert_eq!(code, Some(3));
    assert!(err.contains(&address) && err.contains("in use"), "{err}");
}

#[test]
fn a_bad_log_filter_is_refused() {
    let mut command = blackbar(&["serve", "--http", "127.0.0.1:0=http://127.0.0.1:9"]);
    command.env("BLACKBAR_LOG", "info,=[");
    let (code, _, err) = told(command.output().expect("the binary starts"));
    assert_eq!(code, Some(2));
    assert!(err.starts_with("blackbar: BLACKBAR_LOG: "), "{err}");
}

#[test]
fn streams_are_checked_and_shown() {
    let (code, out, _) = run(&["config", "check", "--tcp", "unix:/run/a.sock=shipper:5171"]);
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("tcp-unix-run-a.sock: tcp unix:/run/a.sock -> shipper:5171\n"),
        "{out}"
    );
    let (_, shown, _) = run(&["config", "show", "--tcp", "127.0.0.1:5170=[::1]:5171"]);
    assert!(shown.contains("tcp = \"127.0.0.1:5170\"") && shown.contains("framing = \"lines\""));
    let (code, _, err) = run_with(&["config", "check", "-c", "-"], &shown);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for (told, expected) in [
        ("127.0.0.1:5170", "--tcp: write ADDR=UPSTREAM"),
        (
            "a=hunter2hunter2:1",
            "--tcp: before the `=`, write an IP address",
        ),
        (
            "127.0.0.1:1=hunter2hunter2",
            "--tcp: after the `=`, write host:port",
        ),
    ] {
        let (code, _, err) = run(&["config", "check", "--tcp", told]);
        assert_eq!(code, Some(2));
        assert!(err.contains(expected) && !err.contains(SECRET), "{err}");
    }
}

#[test]
fn a_listener_of_forward_is_shown_as_one() {
    let (_folder, path) =
        file("[[listen]]\nforward = \"127.0.0.1:24224\"\nupstream = \"fluentd:24224\"\n");
    let (code, out, err) = run(&["config", "check", "-c", path.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with("forward-127.0.0.1-24224: forward 127.0.0.1:24224 -> fluentd:24224\n"),
        "{out}"
    );
}
