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

/// The rules of `config`, used on `log`, and what the import said.
fn imported(config: &str, log: &str) -> (String, String) {
    let files = Files::new();
    let (config, pack) = (files.write("gl.toml", config), files.path("gitleaks.toml"));
    let import = import(config.as_ref(), &["-o".as_ref(), pack.as_ref()]);
    assert_eq!(import.code, Some(0), "{}", import.err);
    let options = ["--disable=fields".as_ref(), "--rules".as_ref()];
    let arguments = [&options[..], &[pack.as_os_str()]].concat();
    let redacted = run(&arguments, expand(log).as_bytes());
    assert_eq!(redacted.code, Some(0), "{}", redacted.err);
    (redacted.out_text(), import.err)
}

fn rule(regex: &str) -> String {
    format!("[[rules]]\nid = \"acmx\"\nregex = '''{regex}'''\n")
}

#[test]
fn of_several_groups_none_is_guessed_to_be_the_secret() {
    for (regex, log, whole) in [
        (
            "(prod|dev)-acmx-([a-z0-9]{20})",
            "at prod-acmx-{|lower*20} ok",
            true,
        ),
        // A lone group that is too short for a secret.
        (
            "(prod|dev)-acmx-[a-z0-9]{20}",
            "at prod-acmx-{|lower*20} ok",
            true,
        ),
        // A group that holds all others is the token.
        (
            "\\b((prod|dev)-acmx-[a-z0-9]{20})\\b",
            "at prod-acmx-{|lower*20} ok",
            false,
        ),
        // What ends with a condition is not dropped with it.
        (
            "(prod|dev)-acmx-([a-z0-9]{20})(?:\\s|$)",
            "at prod-acmx-{|lower*20} ok",
            true,
        ),
    ] {
        let (out, told) = imported(&rule(regex), log);
        let out = out.trim_end_matches(" ok");
        assert_eq!(out, "at [REDACTED]", "{regex}: {told}");
        let said = told.contains("gl.toml:1: rule acmx: wider: the whole match is masked");
        assert_eq!(said, whole, "{regex}: {told}");
    }
}

#[test]
fn every_branch_is_opened_or_the_bound_is_told() {
    let (out, told) = imported(
        &rule("(alt9_[a-z]{10,12}|otx:[0-9]{10})"),
        "a {alt9_|lower*30} b {otx:|digit*25} c",
    );
    assert_eq!(out, "a [REDACTED] b [REDACTED] c", "{told}");
    for bound in ["12", "10"] {
        let part = format!("rule acmx: wider: its last repeat ended after {bound} characters");
        assert!(told.contains(&part), "{told}");
    }
    // What may be missing at the end does not hide what is before it.
    let (out, told) = imported(
        &rule("acmx_[A-Za-z0-9]{16}={0,2}"),
        "a {acmx_|alnum*30}== b",
    );
    assert_eq!(out, "a [REDACTED] b", "{told}");
    // A repeat of more than one class.
    let (out, told) = imported(
        &rule("acmx(?:-[a-z]{4}){3}"),
        "a acmx-{|lower*4}-{|lower*4}-{|lower*9} b",
    );
    assert_eq!(out, "a [REDACTED] b", "{told}");
    let (_, told) = imported(&rule("acmx=[a-z0-9 ]{16,20}"), "x");
    assert!(
        told.contains("rule acmx: its last repeat still ends after 20 characters"),
        "{told}"
    );
}

#[test]
fn dropped_conditions_are_told_line_by_line() {
    let regex = r#"\b(acmx_[a-z0-9]{16,})(?:['"\s]|$)"#;
    let (out, told) = imported(&rule(regex), "a {acmx_|lower*16}; b");
    assert_eq!(out, "a [REDACTED]; b");
    assert!(
        told.contains("gl.toml:1: rule acmx: wider: its condition on what follows is dropped"),
        "{told}"
    );
}

#[test]
fn rules_without_an_id_a_regex_or_a_path_are_told_apart() {
    let files = Files::new();
    let text = "[[rules]]\n\n[[rules]]\nid = \"empty\"\n\n[[rules]]\nid = \"--\"\nregex = \"a\"\n";
    let config = files.write("gl.toml", text);
    let told = import(config.as_ref(), &[]).err;
    for part in [
        "gl.toml:1: a rule without an id: left out",
        "gl.toml:3: rule empty: left out: it has neither `regex` nor `path`",
        "gl.toml:6: rule --: left out: its id has no letter and no digit",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_wrong_name_of_the_pack_is_told_once() {
    let files = Files::new();
    let config = files.write("gl.toml", CONFIG);
    let refused = import(config.as_ref(), &["--pack".as_ref(), "Bad Name".as_ref()]);
    assert_eq!((refused.code, refused.out.len()), (Some(2), 0));
    assert_one_line(&refused.err);
    assert!(refused.err.contains("--pack"), "{}", refused.err);
}
