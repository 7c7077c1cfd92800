//! What the README shows works as it is shown.

use blackbar::{Pack, check, embedded_packs};

// The example of the section "As a library", its imports and all.
include!("readme/filter.rs");

const README: &str = include_str!("../README.md");

#[test]
fn the_demo_prints_what_is_shown() {
    let demo = block("## Try it", "sh");
    let demo = demo.replace(
        "cargo run --release --quiet",
        env!("CARGO_BIN_EXE_blackbar"),
    );
    let run = std::process::Command::new("bash")
        .arg("-c")
        .arg(demo)
        .output()
        .expect("bash starts");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        block("## Try it", "text")
    );
    assert!(run.status.success());
}

#[test]
fn the_rule_holds() {
    let pack = Pack::parse("acme", "acme.toml", block("### A rule of your own", "toml"));
    let pack = pack.expect("it parses");
    let others = embedded_packs().expect("the embedded packs parse");
    assert_eq!(check::check_pack(&pack, &others), []);
}

#[test]
fn the_names_hold() {
    let pack = Pack::parse("acme", "acme.toml", block("### Fields", "toml"));
    let pack = pack.expect("it parses");
    let others = embedded_packs().expect("the embedded packs parse");
    assert_eq!(check::check_pack(&pack, &others), []);
}

#[test]
fn the_library_example_works() {
    assert_eq!(
        block("## As a library", "rust"),
        include_str!("readme/filter.rs")
    );
    let mut output = Vec::new();
    filter(b"password='hunter2'\nkey=\"x".as_slice(), &mut output)
        .expect("reading and writing memory");
    assert_eq!(output, b"password='[REDACTED]'\nkey=\"[REDACTED]");
}

/// The first block in `language` below the heading that begins so.
fn block(heading: &str, language: &str) -> &'static str {
    let section = README.split_once(heading).expect("the heading").1;
    let section = section
        .split_once(&format!("\n```{language}\n"))
        .expect("the block")
        .1;
    section.split_once("```\n").expect("its end").0
}
