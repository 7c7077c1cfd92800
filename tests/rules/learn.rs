//! `rules learn`.

use std::ffi::OsStr;

use blackbar::core::template::expand;

use crate::support::{Files, Run, assert_one_line, run};

fn samples() -> Vec<String> {
    [
        "{acme_live_|alnum*32}",
        "{acme_live_|alnum*33}",
        "{acme_live_|alnum*34}",
    ]
    .map(expand)
    .into()
}

fn learn(samples: &[String], more: &[&OsStr]) -> Run {
    let arguments = [
        "rules",
        "learn",
        "--id",
        "acme/api-key",
        "--source",
        "https://acme.example",
    ];
    let arguments = arguments.map(OsStr::new);
    run(
        &[&arguments[..], more].concat(),
        samples.join("\n").as_bytes(),
    )
}

/// Whether `text` holds more of a sample than the prefix.
fn tells(text: &str, samples: &[String]) -> bool {
    let random = samples.iter().map(|sample| &sample["acme_live_".len()..]);
    random.into_iter().any(|random| text.contains(&random[..6]))
}

#[test]
fn a_rule_is_learnt_checked_and_used() {
    let files = Files::new();
    let pack = files.path("acme.toml");
    let learnt = learn(&samples(), &["-o".as_ref(), pack.as_ref()]);
    assert_eq!(
        (learnt.code, learnt.out.len()),
        (Some(0), 0),
        "{}",
        learnt.err
    );
    assert!(learnt.err.contains("finds all 3 samples"), "{}", learnt.err);
    let text = std::fs::read_to_string(&pack).expect("written");
    assert!(text.contains("acme_live_[A-Za-z0-9]{32,}"), "{text}");
    assert!(!tells(&text, &samples()) && !tells(&learnt.err, &samples()));
    let check = run(&["rules".as_ref(), "check".as_ref(), pack.as_os_str()], b"");
    assert_eq!(check.code, Some(0), "{}", check.err);
    let other = expand("x={acme_live_|alnum*40};");
    let filtered = run(&["--rules".as_ref(), pack.as_os_str()], other.as_bytes());
    assert_eq!(filtered.out_text(), "x=[REDACTED];");
    let again = learn(&samples(), &["-o".as_ref(), pack.as_ref()]);
    assert_eq!(again.code, Some(2), "a file is never replaced");
    assert_one_line(&again.err);
}

#[test]
fn hits_in_a_log_are_counted_without_values() {
    let files = Files::new();
    let hit = expand("{acme_live_|lower*32}");
    let log = files.write(
        "app.log",
        format!("nothing\nseen {hit} here\nand {hit} {hit}\n"),
    );
    let learnt = learn(&samples(), &["--log".as_ref(), log.as_ref()]);
    assert_eq!(learnt.code, Some(0), "{}", learnt.err);
    assert!(
        learnt.out_text().contains("[[rule]]"),
        "{}",
        learnt.out_text()
    );
    assert!(learnt.err.contains("2 of 3 lines"), "{}", learnt.err);
    assert!(
        learnt.err.contains("a{4}_a{4}_a{32}  on line 2, 3"),
        "{}",
        learnt.err
    );
    assert!(!learnt.err.contains(&hit[10..16]), "{}", learnt.err);
}

#[test]
fn what_cannot_be_learnt_is_said_and_nothing_written() {
    let all = samples();
    let ordinary: Vec<String> = all
        .iter()
        .map(|s| s.replace("acme_live_", "token-"))
        .collect();
    let unlike: Vec<String> = all.iter().map(|s| s[10..].to_owned()).collect();
    for (samples, part) in [
        (&all[..2], "say too little"),
        (
            &[all[0].clone(), all[0].clone(), all[0].clone()],
            "the same",
        ),
        (&ordinary[..], "\"token\""),
        (&unlike[..], "no prefix in common"),
        (&[], "say too little"),
    ] {
        let refused = learn(samples, &[]);
        assert_eq!((refused.code, refused.out.len()), (Some(2), 0), "{part}");
        assert_one_line(&refused.err);
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
        assert!(!tells(&refused.err, &all), "{}", refused.err);
    }
    let source = ["rules", "learn", "--id", "acme/k", "--source", "a page"];
    let refused = run(&source, all.join("\n").as_bytes());
    assert_eq!((refused.code, refused.out.len()), (Some(2), 0));
    assert!(refused.err.contains("key `source`"), "{}", refused.err);
}

#[test]
fn samples_of_hardly_more_than_their_beginning_are_refused() {
    let cut = [samples(), vec!["acme_live_x".to_owned()]].concat();
    let words = ["hunter1", "hunter2", "hunter3"].map(str::to_owned);
    let short = ["acme_1234567", "acme_abcdefg", "acme_1a2b3c4"].map(str::to_owned);
    for (samples, number) in [(&cut[..], 4), (&words, 1), (&short, 1)] {
        let refused = learn(samples, &[]);
        assert_eq!((refused.code, refused.out.len()), (Some(2), 0), "{number}");
        assert_one_line(&refused.err);
        let part = format!("sample {number} has only ");
        assert!(refused.err.contains(&part), "{}", refused.err);
    }
}

#[test]
fn the_user_is_told_to_look_at_what_is_kept() {
    let learnt = learn(&samples(), &[]);
    assert_eq!(learnt.code, Some(0), "{}", learnt.err);
    assert!(
        learnt
            .err
            .contains("holds the first 10 characters of the samples as they are"),
        "{}",
        learnt.err
    );
}
