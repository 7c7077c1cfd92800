//! `blackbar rules` and `--rules`.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use blackbar::core::field::NameSource;
use blackbar::{Pack, RuleSource, embedded_packs};

use crate::support::{Files, PACK, assert_one_line, blackbar, ended, run, start};

#[test]
fn list_names_every_rule() {
    let run = run(&["rules", "list"], b"");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let text = run.out_text();
    assert!(text.starts_with("ID "), "{text}");
    for pack in [
        "article",
        "authorization",
        "jwt",
        "pem",
        "stripe",
        "url-credentials",
    ] {
        let prefix = format!("{pack}/");
        assert!(
            text.lines().any(|line| line.starts_with(&prefix)),
            "{pack}: {text}"
        );
    }
}

#[test]
fn list_is_json_for_programs() {
    let text = run(&["rules", "list", "--format", "json"], b"").out_text();
    let rules: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rules = rules.as_array().expect("an array");
    assert!(rules.len() > 10);
    for rule in rules {
        // A rule has a pattern and its anchors, a name of fields its words.
        let own = if rule["words"].is_array() {
            ("match", "words")
        } else {
            ("pattern", "anchors")
        };
        for key in ["id", "about", own.0, "source"] {
            assert!(
                rule[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key}: {rule}"
            );
        }
        assert!(
            rule[own.1].is_array() && rule["profiles"].is_array(),
            "{rule}"
        );
    }
}

#[test]
fn list_takes_rules_of_ones_own() {
    let files = Files::new();
    let pack = files.write("acme.toml", PACK);
    let run = run(
        &[
            "rules".as_ref(),
            "list".as_ref(),
            "--rules".as_ref(),
            pack.as_os_str(),
        ],
        b"",
    );
    assert!(run.out_text().contains("acme/key"), "{}", run.out_text());
}

#[test]
fn a_reader_of_a_list_may_leave() {
    let mut child = start(blackbar().args(["rules", "list", "--format=json"]));
    drop(child.stdout.take());
    assert_eq!(ended(child), (Some(0), String::new()));
}

#[test]
fn show_tells_all_of_a_rule() {
    let files = Files::new();
    let pack = files.write("acme.toml", PACK);
    let show = |id: &str| {
        let arguments = ["rules", "show", id, "--rules"].map(AsRef::<std::ffi::OsStr>::as_ref);
        run(&[&arguments[..], &[pack.as_os_str()]].concat(), b"")
    };
    for id in ["acme/key", "acme"] {
        let text = show(id).out_text();
        for part in [
            "acme/key",
            "acme_[a-z0-9]{8,}",
            "https://acme.example",
            "use [REDACTED].",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let unknown = show("acme/kee");
    assert_eq!(unknown.code, Some(2));
    assert_one_line(&unknown.err);
    assert!(unknown.err.contains("`acme/key`"), "{}", unknown.err);
}

#[test]
fn check_accepts_what_we_bring_along() {
    let run = run(&["rules", "check"], b"");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out_text().contains("no problems"), "{}", run.out_text());
}

#[test]
fn check_accepts_files_and_directories() {
    let files = Files::new();
    let pack = files.write("acme.toml", PACK);
    files.write("README.md", "not a pack");
    for path in [pack.as_os_str(), files.dir().as_os_str()] {
        let run = run(&["rules".as_ref(), "check".as_ref(), path], b"");
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(
            run.out_text().contains("packs: 1, rules: 1"),
            "{}",
            run.out_text()
        );
    }
}

#[test]
fn check_says_all_that_is_wrong_and_where() {
    let files = Files::new();
    files.write("a.toml", PACK.replace("use [REDACTED].", "use another"));
    files.write("b.toml", PACK.replace("about = \"Key", "abuot = \"Key"));
    files.write("c.toml", PACK.replace("acme_[a-z0-9]{8,}", "acme_[a-z"));
    let run = run(
        &["rules".as_ref(), "check".as_ref(), files.dir().as_os_str()],
        b"",
    );
    assert_eq!((run.code, run.out.len()), (Some(2), 0));
    for (name, about) in [("a", "key"), ("b.toml", "abuot"), ("c.toml", "pattern")] {
        let named = run
            .err
            .lines()
            .any(|line| line.contains(name) && line.contains(about));
        assert!(named, "{name}: {}", run.err);
    }
    assert!(
        run.err.lines().all(|line| line.starts_with("blackbar: ")),
        "{}",
        run.err
    );
}

#[test]
fn check_refuses_a_path_without_packs() {
    let files = Files::new();
    for path in [files.dir().to_owned(), files.path("missing.toml")] {
        let run = run(&["rules".as_ref(), "check".as_ref(), path.as_os_str()], b"");
        assert_eq!((run.code, run.out.len()), (Some(2), 0));
        assert_one_line(&run.err);
    }
}

#[test]
fn rules_of_ones_own_run_beside_ours() {
    let files = Files::new();
    let pack = files.write("acme.toml", PACK);
    let sub = files.path("more");
    std::fs::create_dir(&sub).expect("ours");
    std::fs::write(sub.join("zeta.toml"), PACK.replace("acme_", "zeta_")).expect("ours");
    let stripe = format!("sk_live_{}", "a1B2".repeat(8));
    let line = format!("acme_0123456789 zeta_0123456789 {stripe}\n");
    let arguments = [
        "--rules".as_ref(),
        pack.as_os_str(),
        "--rules".as_ref(),
        sub.as_os_str(),
    ];
    let run = run(&arguments, line.as_bytes());
    assert_eq!(
        run.out_text(),
        "[REDACTED] [REDACTED] [REDACTED]\n",
        "{}",
        run.err
    );
}

#[test]
fn rules_that_do_not_hold_stop_everything() {
    let files = Files::new();
    let broken = files.write("broken.toml", "[[rule]]\nid = 1\n");
    let pack = files.write("acme.toml", PACK);
    let empty = files.path("empty");
    std::fs::create_dir(&empty).expect("ours");
    for path in [broken, files.path("missing.toml"), empty] {
        let run = run(&["--rules".as_ref(), path.as_os_str()], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{path:?}");
        assert_one_line(&run.err);
    }
    let twice = [
        "--rules".as_ref(),
        pack.as_os_str(),
        "--rules".as_ref(),
        pack.as_os_str(),
    ];
    let run = run(&twice, b"text\n");
    assert_eq!(run.code, Some(2), "the same ids twice: {}", run.err);
    assert!(run.err.contains("acme/key"), "{}", run.err);
}

/// Everything that a pack says, a line each.
fn told(pack: &Pack) -> Vec<String> {
    let mut all = vec![format!(
        "{} {} {:?} {} {:?}",
        pack.name(),
        pack.origin(),
        pack.about(),
        pack.is_optional(),
        pack.allowed_values().collect::<Vec<_>>()
    )];
    all.extend(pack.rules().iter().map(|rule| {
        let what = (rule.pattern(), rule.ignore_case());
        let how = (rule.lead(), rule.secret(), rule.before(), rule.after());
        let more = (rule.reach(), rule.verify(), rule.block());
        let when = (rule.profiles(), rule.is_optional());
        let why = (rule.about(), rule.source());
        let texts = (rule.examples(), rule.passes());
        format!(
            "{} {what:?} {how:?} {more:?} {when:?} {why:?} {texts:?}",
            rule.full_id()
        )
    }));
    all.extend(pack.names().iter().map(|name| {
        let words: Vec<&str> = name.words().collect();
        let what = (words, name.matching(), name.demand());
        let when = (name.profiles(), name.is_optional());
        let why = (name.about(), name.source());
        let texts = (name.examples(), name.passes());
        format!("{} {what:?} {when:?} {why:?} {texts:?}", name.full_id())
    }));
    all.extend(pack.benign().iter().map(|benign| {
        let words: Vec<&str> = benign.words().collect();
        let when = (benign.profiles(), benign.passes());
        format!(
            "{words:?} {:?} {when:?} {}",
            benign.matching(),
            benign.reason()
        )
    }));
    all
}

#[test]
fn embedded_packs_are_what_their_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packs = embedded_packs().expect("the packs hold");
    let files = fs::read_dir(folder.join("patterns")).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "toml"));
    assert_eq!(packs.len(), files.count());
    for pack in &packs {
        let text = fs::read_to_string(folder.join(pack.origin())).expect("a file");
        let read = Pack::parse(pack.name(), pack.origin(), &text).expect("a pack");
        assert_eq!(told(pack), told(&read));
        for (rule, read) in pack.rules().iter().zip(read.rules()) {
            // Embedded rules of optional packs do without derived anchors.
            let underived = pack.is_optional() && rule.anchors().is_empty();
            assert!(underived || rule.anchors() == read.anchors());
        }
    }
}

#[test]
fn ids_are_unique_among_embedded_packs() {
    let packs = embedded_packs().expect("the packs hold");
    let rules = packs.iter().flat_map(Pack::rules).map(RuleSource::full_id);
    let names = packs.iter().flat_map(Pack::names);
    let names = names.map(NameSource::full_id);
    let mut ids = HashSet::new();
    for id in rules.chain(names) {
        assert!(ids.insert(id), "{id} is defined twice");
    }
}
