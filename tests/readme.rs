//! What the README shows works as it is shown.

#[path = "readme/page.rs"]
mod page;

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
    page::assert_holds(block("### A rule of your own", "toml"));
}

#[test]
fn the_names_hold() {
    page::assert_holds(block("### Fields", "toml"));
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

fn block(heading: &str, language: &str) -> &'static str {
    page::block(README, heading, language)
}
