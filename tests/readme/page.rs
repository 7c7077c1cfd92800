//! What is shown on a page of documentation.

use blackbar::{Pack, check, embedded_packs};

/// The first block in `language` below the heading that begins so.
pub(crate) fn block<'a>(page: &'a str, heading: &str, language: &str) -> &'a str {
    let section = page.split_once(heading).expect("the heading").1;
    let section = section
        .split_once(&format!("\n```{language}\n"))
        .expect("the block")
        .1;
    section.split_once("```\n").expect("its end").0
}

/// Checks a pack as `blackbar rules check` does.
pub(crate) fn assert_holds(text: &str) {
    let pack = Pack::parse("acme", "acme.toml", text).expect("it parses");
    let others = embedded_packs().expect("the embedded packs parse");
    assert_eq!(check::check_pack(&pack, &others), []);
}
