use std::time::{Duration, SystemTime};

use crate::rim::config::build::{Built, Surroundings, build, effective};
use crate::rim::config::file::Source;

/// 2026-11-28, some time of the day.
fn surroundings() -> Surroundings {
    Surroundings {
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_880_000),
        formats: Vec::new(),
        files: None,
    }
}

fn fine(text: &str) -> Built {
    let source = Source::of("b.toml", text.to_owned());
    let mut file = source.parse().unwrap();
    effective(&mut file);
    build(&file, &source, &surroundings()).unwrap()
}

/// A configuration of one route with more keys, and with tables before it.
fn route(before: &str, keys: &str) -> String {
    format!(
        "{before}\n[[listen]]\nhttp = \"127.0.0.1:9000\"\n[[listen.route]]\n\
         upstream = \"https://backend.example:8443/in\"\n{keys}\n"
    )
}

/// What the rules of the only route make of a text.
fn masked(built: &Built, text: &[u8]) -> String {
    String::from_utf8(built.serve.listen[0].routes[0].rules.plain.redact(text)).unwrap()
}

#[test]
fn exceptions_end_and_it_is_known_when() {
    let start = |day: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400);
    let disable =
        |until: &str| format!("[detect]\ndisable = [{{ id = \"jwt\", reason = \"x\"{until} }}]");
    let relax = |until: &str| {
        format!("relax = [{{ allow_field = \"pin\", reason = \"x\", until = {until} }}]")
    };
    // 2026-12-01 is day 20788.
    for (before, keys, expires) in [
        (disable(""), String::new(), None),
        (
            disable(", until = 2026-12-01"),
            String::new(),
            Some(start(20_788)),
        ),
        (
            disable(", until = 2026-12-03"),
            relax("2026-12-02"),
            Some(start(20_789)),
        ),
        (
            disable(", until = 2026-12-02"),
            "mode = \"observe\"\nuntil = 2026-12-01".to_owned(),
            Some(start(20_788)),
        ),
        (disable(", until = 2026-11-28"), relax("2026-11-01"), None),
    ] {
        assert_eq!(
            fine(&route(&before, &keys)).expires,
            expires,
            "{before} {keys}"
        );
    }
    let ended = fine(&route(&disable(", until = 2026-11-28"), ""));
    let told: Vec<_> = ended.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|told| told.contains("`detect.disable.until`: since 2026-11-28 this")),
        "{told:?}"
    );
}

#[test]
fn what_was_read_makes_the_same_again_without_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("own.toml");
    let text = "[[name]]\nid = \"own\"\nabout = \"A test\"\nwords = [\"ticket\"]\nmatch = \"exact\"\n\
                source = \"https://example.com\"\nexamples = [[\"ticket=hunter2hunter2\", \"ticket=[REDACTED]\"]]\n\
                passes = [\"ticket=\"]\n";
    std::fs::write(&pack, text).unwrap();
    let detect = format!(
        "[detect]\nfields = [\"voucher\"]\nrules = [\"{}\"]",
        pack.display()
    );
    let relax = "relax = [{ allow_field = \"voucher\", reason = \"x\", until = 2026-12-01 }]";
    let source = Source::of("b.toml", route(&detect, relax));
    let mut file = source.parse().unwrap();
    effective(&mut file);
    let line = b"voucher=hunter2hunter2 ticket=hunter2hunter2";
    let first = build(&file, &source, &surroundings()).unwrap();
    assert_eq!(
        masked(&first, line),
        "voucher=hunter2hunter2 ticket=[REDACTED]"
    );
    std::fs::remove_file(pack).unwrap();
    let later = Surroundings {
        now: first.expires.unwrap(),
        files: Some(first.files),
        ..surroundings()
    };
    let second = build(&file, &source, &later).unwrap();
    assert_eq!(
        masked(&second, line),
        "voucher=[REDACTED] ticket=[REDACTED]"
    );
    assert_eq!(second.expires, None);
    let without = Surroundings {
        files: None,
        ..later
    };
    assert!(build(&file, &source, &without).is_err());
}
