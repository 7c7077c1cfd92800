//! The files of `target/corpora/json`, where they are: JSONTestSuite and its like, data of
//! other projects that is not part of this one.

use std::fs;
use std::path::{Path, PathBuf};

use blackbar::{Framing, Values};

use crate::QUOTED;
use crate::torture::{
    BOTH, DOCUMENT, Engine, MASK, Table, Verdict, holds, in_chunks, is_json, shown,
};

/// Longer files are not wrapped.
const WRAPPED: usize = 16 << 10;

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpora/json");
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("{} is not there: skipped", folder.display());
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What must hold of any input.
fn holds_its_promises(engine: &Engine, framing: Framing, input: &[u8]) -> Result<Vec<u8>, String> {
    let whole = in_chunks(&engine.roomy, framing, [input]);
    let fail = |what: &str| {
        Err(format!(
            "{framing:?}: {what}\n  input    {}\n  got      {}",
            shown(input),
            shown(&whole)
        ))
    };
    for (redactor, size) in [
        (&engine.roomy, 1),
        (&engine.roomy, 1009),
        (&engine.tight, 1),
        (&engine.tight, 61),
    ] {
        if in_chunks(redactor, framing, input.chunks(size)) != whole {
            return fail(&format!("other in chunks of {size}"));
        }
    }
    if in_chunks(&engine.roomy, framing, [&*whole]) != whole {
        return fail("other a second time");
    }
    if whole != input && !holds(&whole, MASK) && !holds(&whole, "null") {
        return fail("changed without a mask");
    }
    let of_lines = |text: &[u8]| {
        text.split(|&byte| byte == b'\n')
            .map(is_json)
            .collect::<Vec<_>>()
    };
    let valid = match framing {
        Framing::Lines => of_lines(input)
            .into_iter()
            .zip(of_lines(&whole))
            .all(|(before, after)| !before || after),
        Framing::Document => !is_json(input) || is_json(&whole),
    };
    if valid {
        Ok(whole)
    } else {
        fail("valid JSON no more")
    }
}

/// The file between, behind and under what is sensitive.
fn holds_them_wrapped(engine: &Engine, text: &[u8]) -> Verdict {
    let wrap = |before: &str, after: &str| [before.as_bytes(), text, after.as_bytes()].concat();
    for input in [
        wrap(r#"{"password":"correct-horse9","x":"#, "}"),
        wrap("[", r#",{"password":"correct-horse9"}]"#),
        wrap("", r#" {"password":"correct-horse9"}"#),
    ] {
        let got = holds_its_promises(engine, Framing::Document, &input)?;
        if holds(&got, "correct-horse9") {
            return Err(format!(
                "leaks\n  input    {}\n  got      {}",
                shown(&input),
                shown(&got)
            ));
        }
    }
    let value = text.trim_ascii();
    let opening = matches!(value.first(), Some(b'{' | b'[' | b'-' | b'0'..=b'9'));
    let is_empty = value.strip_suffix(b"]").or(value.strip_suffix(b"}"));
    let is_empty = is_empty.is_some_and(|value| value[1..].trim_ascii().is_empty());
    if opening && !is_empty && is_json(value) {
        let input = [br#"{"password":"#, value, br#","a":[]}"#].concat();
        let expected = format!(r#"{{"password":{QUOTED},"a":[]}}"#);
        engine.becomes(DOCUMENT, input, expected)?;
    }
    Ok(())
}

#[test]
fn the_files_of_other_projects_keep_the_promises() {
    let mut table = Table::default();
    let engine = Engine::new(Values::String);
    let typed = Engine::new(Values::Typed);
    table.case("at least one", || Ok(()));
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read(&path).unwrap();
        for engine in [&engine, &typed] {
            for &framing in BOTH {
                let case = || holds_its_promises(engine, framing, &text).map(|_| ());
                table.case(&name, case);
            }
        }
        if text.len() <= WRAPPED {
            table.case(&name, || holds_them_wrapped(&engine, &text));
        }
    }
    table.done();
}
