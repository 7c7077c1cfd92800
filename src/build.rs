//! Writes the packs of `patterns/` down in Rust, so that a pack is one file and nothing
//! else, and so that no start has to read it.
//!
//! What a key means, and what may stand there, is the library's to say; here its value
//! becomes an expression of the type that the field of the same name has. A word of a fixed
//! set (`by = "base58-check"`) becomes the variant of that name (`Verifier::Base58Check`).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use toml::{Table, Value};

fn main() -> ExitCode {
    match write_list() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_list() -> Result<(), Box<dyn Error>> {
    let patterns = folder("CARGO_MANIFEST_DIR")?.join("patterns");
    println!("cargo::rerun-if-changed={}", patterns.display());
    let mut list = String::from("&[\n");
    for file in packs(&patterns).map_err(|error| at(&patterns, &error))? {
        list += &pack(&file).map_err(|error| at(&file, error.as_ref()))?;
        list += ",\n";
    }
    list.push_str("]\n");
    let out = folder("OUT_DIR")?.join("packs.rs");
    Ok(fs::write(&out, list).map_err(|error| at(&out, &error))?)
}

/// A folder that Cargo tells.
fn folder(variable: &str) -> Result<PathBuf, String> {
    let value = env::var_os(variable).map(PathBuf::from);
    value.ok_or_else(|| format!("{variable} is not set; build with cargo"))
}

/// The files of the packs, sorted.
fn packs(patterns: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(patterns)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn at(path: &Path, error: &dyn Error) -> String {
    format!("{}: {error}", path.display())
}

/// Either an expression, or what does not fit.
type Written = Result<String, String>;

/// How the value of a key is written down.
type Write = fn(Option<&Value>) -> Written;

fn pack(file: &Path) -> Result<String, Box<dyn Error>> {
    let name = file.file_stem().and_then(|stem| stem.to_str());
    let name = name.ok_or("the name of a pack is of a-z, 0-9 and `-`; rename the file")?;
    let mut pack: Table = toml::from_str(&fs::read_to_string(file)?)?;
    pack.entry("about").or_insert_with(|| "".into());
    let fields = fields(
        &pack,
        &[
            ("about", "about", |value| {
                Ok(format!("{:?}", string(value)?))
            }),
            ("optional", "optional", flag),
            ("rule", "rules", |value| list(value, rule)),
            ("name", "names", |value| list(value, sensitive)),
            ("benign", "benign", |value| list(value, benign)),
            ("allowed_values", "allowed_values", |value| {
                list(value, text)
            }),
        ],
    )?;
    let origin = format!("patterns/{name}.toml");
    Ok(format!(
        "Embedded {{ name: {name:?}, origin: {origin:?}, {fields} }}"
    ))
}

fn rule(value: Option<&Value>) -> Written {
    let fields = fields(
        table(value)?,
        &[
            ("id", "id", text),
            ("about", "about", text),
            ("pattern", "pattern", text),
            ("anchors", "anchors", |value| some(value, texts)),
            ("ignore_case", "ignore_case", flag),
            ("lead", "lead", number),
            ("secret", "secret", number),
            ("before", "before", |value| some(value, text)),
            ("after", "after", |value| some(value, text)),
            ("reach", "reach", |value| some(value, number)),
            ("verify", "verify", |value| some(value, verify)),
            ("profiles", "profiles", |value| some(value, texts)),
            ("block", "block", |value| {
                some(value, |value| variant("Block", value))
            }),
            ("source", "source", text),
            ("examples", "examples", pairs),
            ("passes", "passes", texts),
        ],
    )?;
    Ok(format!("RuleEntry {{ {fields} }}"))
}

fn sensitive(value: Option<&Value>) -> Written {
    let fields = fields(
        table(value)?,
        &[
            ("id", "id", text),
            ("about", "about", text),
            ("words", "words", texts),
            ("match", "matching", |value| variant("Matching", value)),
            ("value", "value", |value| {
                variant("Demand", value.or(Some(&"any".into())))
            }),
            ("syntax", "syntax", |value| {
                variant("Syntax", value.or(Some(&"plain".into())))
            }),
            ("counts", "counts", flag),
            ("profiles", "profiles", |value| some(value, texts)),
            ("source", "source", text),
            ("examples", "examples", pairs),
            ("passes", "passes", texts),
        ],
    )?;
    Ok(format!("RawName {{ {fields} }}"))
}

fn benign(value: Option<&Value>) -> Written {
    let fields = fields(
        table(value)?,
        &[
            ("words", "words", texts),
            ("match", "matching", |value| variant("Matching", value)),
            ("reason", "reason", text),
            ("profiles", "profiles", |value| some(value, texts)),
            ("passes", "passes", texts),
        ],
    )?;
    Ok(format!("RawBenign {{ {fields} }}"))
}

fn verify(value: Option<&Value>) -> Written {
    let fields = fields(
        table(value)?,
        &[
            ("by", "by", |value| variant("Verifier", value)),
            ("on_fail", "on_fail", |value| variant("OnFail", value)),
            ("min", "min", |value| some(value, number)),
            ("starts", "starts", |value| some(value, texts)),
            ("of", "of", |value| {
                some(value, |value| variant("NationalId", value))
            }),
            ("any", "any", |value| {
                some(value, |value| {
                    Ok(format!(
                        "Borrowed({})",
                        list(value, |value| variant("NationalId", value))?
                    ))
                })
            }),
        ],
    )?;
    Ok(format!("VerifySpec {{ {fields} }}"))
}

/// The fields of a struct: of each the key, the field's name and how it is written.
fn fields(table: &Table, all: &[(&str, &str, Write)]) -> Written {
    if let Some(key) = table
        .keys()
        .find(|key| all.iter().all(|(known, ..)| known != key))
    {
        return Err(format!("unknown key `{key}`"));
    }
    let field = |(key, field, write): &(&str, &str, Write)| {
        let written = write(table.get(*key)).map_err(|what| format!("key `{key}`: {what}"))?;
        Ok(format!("{field}: {written}"))
    };
    let fields: Result<Vec<String>, String> = all.iter().map(field).collect();
    Ok(fields?.join(", "))
}

/// What need not be there.
fn some(value: Option<&Value>, write: Write) -> Written {
    match value {
        Some(value) => Ok(format!("Some({})", write(Some(value))?)),
        None => Ok("None".to_owned()),
    }
}

/// A slice; that of a key that is not there is empty.
fn list(value: Option<&Value>, write: Write) -> Written {
    let values = value.map(|value| value.as_array().ok_or("it is not a list"));
    let values = values.transpose()?.map(Vec::as_slice).unwrap_or_default();
    let all: Result<Vec<String>, String> = values.iter().map(|each| write(Some(each))).collect();
    Ok(format!("&[{}]", all?.join(", ")))
}

fn texts(value: Option<&Value>) -> Written {
    Ok(format!("Borrowed({})", list(value, text)?))
}

fn pairs(value: Option<&Value>) -> Written {
    let pair = |value: Option<&Value>| match value.and_then(Value::as_array).map(Vec::as_slice) {
        Some([one, other]) => Ok(format!("({}, {})", text(Some(one))?, text(Some(other))?)),
        _ => Err("it is not a pair".to_owned()),
    };
    Ok(format!("Borrowed({})", list(value, pair)?))
}

fn text(value: Option<&Value>) -> Written {
    Ok(format!("Borrowed({:?})", string(value)?))
}

fn flag(value: Option<&Value>) -> Written {
    let flag = value.map(|value| value.as_bool().ok_or("it is neither true nor false"));
    Ok(flag.transpose()?.unwrap_or_default().to_string())
}

fn number(value: Option<&Value>) -> Written {
    match value {
        None => Ok("0".to_owned()),
        Some(Value::Integer(number)) => Ok(number.to_string()),
        Some(Value::Float(number)) => Ok(format!("{number:?}")),
        Some(_) => Err("it is not a number".to_owned()),
    }
}

/// The variant of an enum: `base58-check` is `Base58Check`.
fn variant(of: &str, value: Option<&Value>) -> Written {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    let words: Vec<String> = string(value)?.split('-').map(word).collect();
    Ok(format!("{of}::{}", words.concat()))
}

fn table(value: Option<&Value>) -> Result<&Table, String> {
    let table = value.and_then(Value::as_table);
    table.ok_or_else(|| "it is not a table".to_owned())
}

fn string(value: Option<&Value>) -> Result<&str, String> {
    let string = value.and_then(Value::as_str);
    string.ok_or_else(|| "a string is missing".to_owned())
}
