//! Optional packs: what runs only where it is asked for.

use crate::support::{Files, assert_one_line, blackbar, run, run_command};

/// Two rules and a name that do not run by themselves.
const PACK: &str = r#"
optional = true
[[rule]]
id = "member"
about = "Number of a member"
pattern = "member-[0-9]{4,}"
anchors = ["member-"]
source = "https://acme.example/members"
examples = [["of member-12345", "of [REDACTED]"]]
[[rule]]
id = "guest"
about = "Number of a guest"
pattern = "guest-[0-9]{4,}"
anchors = ["guest-"]
source = "https://acme.example/guests"
examples = [["of guest-12345", "of [REDACTED]"]]
[[name]]
id = "seat"
about = "Where somebody sits"
words = ["seat"]
match = "exact"
source = "https://acme.example/seats"
examples = [["seat=B12", "seat=[REDACTED]"]]
"#;

const LINE: &[u8] = b"member-12345 guest-12345 seat=B12\n";

#[test]
fn an_optional_pack_runs_where_it_is_enabled() {
    let files = Files::new();
    let pack = files.write("crowd.toml", PACK);
    let pack = pack.to_str().expect("a path in UTF-8");
    for (enabled, expected) in [
        (&[][..], "member-12345 guest-12345 seat=B12\n"),
        (&["crowd"], "[REDACTED] [REDACTED] seat=[REDACTED]\n"),
        (&["crowd/guest"], "member-12345 [REDACTED] seat=B12\n"),
        (
            &["crowd/member,crowd/seat"],
            "[REDACTED] guest-12345 seat=[REDACTED]\n",
        ),
    ] {
        let mut arguments = vec!["--rules", pack];
        for id in enabled {
            arguments.extend(["--pack", id]);
        }
        let run = run(&arguments, LINE);
        assert_eq!(run.out_text(), expected, "{enabled:?}: {}", run.err);
    }
}

#[test]
fn what_is_disabled_stays_so() {
    let files = Files::new();
    let pack = files.write("crowd.toml", PACK);
    let mut command = blackbar();
    command.env("BLACKBAR_PACK", "crowd").arg("--rules");
    command.arg(pack).args(["--disable", "crowd/member"]);
    let run = run_command(command, LINE);
    assert_eq!(
        run.out_text(),
        "member-12345 [REDACTED] seat=[REDACTED]\n",
        "{}",
        run.err
    );
}

#[test]
fn enabling_what_is_not_there_is_refused() {
    for id in ["crwod", "crowd", "stripe/no-such-rule"] {
        let run = run(&["--pack", id], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{id}");
        assert_one_line(&run.err);
        assert!(run.err.contains(id), "{}", run.err);
    }
}

#[test]
fn the_list_tells_what_is_optional() {
    let files = Files::new();
    let pack = files.write("crowd.toml", PACK);
    let pack = pack.to_str().expect("a path in UTF-8");
    let text = run(&["rules", "list", "--rules", pack], b"").out_text();
    for id in ["crowd/member", "crowd/guest", "crowd/seat"] {
        let line = text.lines().find(|line| line.starts_with(id));
        let line = line.unwrap_or_else(|| panic!("no {id} in {text}"));
        assert!(line.contains("opt-in"), "{line}");
    }
    let json = run(&["rules", "list", "--format", "json", "--rules", pack], b"");
    let entries: serde_json::Value = serde_json::from_str(&json.out_text()).expect("JSON");
    for entry in entries.as_array().expect("an array") {
        let id = entry["id"].as_str().expect("an id");
        if id.starts_with("crowd/") {
            assert_eq!(entry["optional"], true, "{id}");
        } else if id.starts_with("stripe/") {
            assert_eq!(entry["optional"], false, "{id}");
        }
    }
}

#[test]
fn optional_rules_are_checked_like_others() {
    let files = Files::new();
    let holds = files.write("crowd.toml", PACK);
    let ok = run(&["rules", "check", holds.to_str().unwrap()], b"");
    assert_eq!(ok.code, Some(0), "{}", ok.err);
    let wrong = PACK.replace("of member-12345", "of member-1");
    let fails = files.write("crowd.toml", wrong);
    let run = run(&["rules", "check", fails.to_str().unwrap()], b"");
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("crowd/member"), "{}", run.err);
}
