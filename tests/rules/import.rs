//! `rules import gitleaks`.

use std::ffi::OsStr;

use blackbar::core::template::expand;

use crate::support::{Files, Run, assert_one_line, run};

/// A configuration of that form, of our own.
const CONFIG: &str = r#"title = "ours"

[[rules]]
id = "acme-key"
description = "Acme API key"
regex = '''\b(acme_[0-9a-f]{24})(?:['"\s]|$)'''
keywords = ["acme_"]
tags = ["key"]

[[rules]]
id = "zeta_generic"
description = ""
regex = '''(?i)[\w.-]{0,50}?(?:zeta)(?:[ \t\w.-]{0,20})[=:]([a-z0-9]{32})(?:['"\s;]|$)'''
entropy = 3.0
keywords = ["ZETA"]
[[rules.allowlists]]
stopwords = ["example"]

[[rules]]
id = "key-file"
description = "A file of keys"
path = '''id_(rsa|dsa)$'''

[[rules]]
id = "broken"
description = "No such regex"
regex = '''foo(?!bar)[0-9]{8}'''

[[rules]]
id = "codes"
description = "Two kinds of code"
regex = '''(?:KA|QX)[0-9]{3}-[A-Z2-7]{16}'''
keywords = ["nowhere"]

[allowlist]
paths = ['''vendor/''']
"#;

fn import(config: &OsStr, more: &[&OsStr]) -> Run {
    let arguments = ["rules", "import", "gitleaks"].map(OsStr::new);
    run(&[&arguments[..], &[config], more].concat(), b"")
}

#[test]
fn what_can_be_is_carried_over_and_holds() {
    let files = Files::new();
    let (config, pack) = (files.write("gl.toml", CONFIG), files.path("gitleaks.toml"));
    let imported = import(config.as_ref(), &["-o".as_ref(), pack.as_ref()]);
    assert_eq!(
        (imported.code, imported.out.len()),
        (Some(0), 0),
        "{}",
        imported.err
    );
    assert!(
        imported.err.contains("3 of 5 rules carried over"),
        "{}",
        imported.err
    );
    let check = run(&["rules".as_ref(), "check".as_ref(), pack.as_os_str()], b"");
    assert_eq!(check.code, Some(0), "{}", check.err);
    let text = std::fs::read_to_string(&pack).expect("written");
    for part in [
        "Acme API key",
        "Imported from gitleaks: zeta-generic",
        "min = 3.0",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let log = expand(
        "a={acme_|hex*30}; my_zeta_token={|hex*32}\nKA123-{|base32*20} zeta=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
    );
    let arguments = [
        "--rules".as_ref(),
        pack.as_os_str(),
        "--disable=fields".as_ref(),
    ];
    let redacted = run(&arguments, log.as_bytes());
    assert_eq!(
        redacted.out_text(),
        "a=[REDACTED]; my_zeta_token=[REDACTED]\n\
         [REDACTED] zeta=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "{}\n{text}",
        redacted.err
    );
}

#[test]
fn what_cannot_be_is_said_line_by_line() {
    let files = Files::new();
    let config = files.write("gl.toml", CONFIG);
    let imported = import(config.as_ref(), &[]);
    for (line, parts) in [
        (3, "rule acme-key: wider: its last repeat ended after 24"),
        (3, "rule acme-key: `tags`"),
        (
            10,
            "rule zeta_generic: wider: an allowlist is not carried over (stopwords)",
        ),
        (
            19,
            "rule key-file: left out: it looks at the names of files",
        ),
        (
            24,
            "rule broken: left out: its regex cannot be used: look-around",
        ),
        (35, "the allowlist of all rules"),
    ] {
        let told = imported
            .err
            .lines()
            .any(|told| told.contains(&format!("gl.toml:{line}: {parts}")));
        assert!(told, "{line}: {parts}: {}", imported.err);
    }
    assert!(imported.out_text().contains("[[rule]]"), "{}", imported.err);
}

#[test]
fn files_that_are_no_configuration_are_refused() {
    let files = Files::new();
    for (name, text) in [
        ("not.toml", "rules = ["),
        ("empty.toml", "title = \"x\"\n"),
        ("none.toml", "[[rules]]\nid = \"a\"\npath = \"b\"\n"),
    ] {
        let refused = import(files.write(name, text).as_ref(), &[]);
        assert_eq!((refused.code, refused.out.len()), (Some(2), 0), "{name}");
        assert!(refused.err.contains(name), "{}", refused.err);
    }
    let missing = import(files.path("missing.toml").as_ref(), &[]);
    assert_eq!(missing.code, Some(2));
    assert_one_line(&missing.err);
}
