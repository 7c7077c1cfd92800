//! SARIF 2.1.0: the parts of its schema that a report of ours uses, required properties,
//! types and no others.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Project, line};

/// What the schema says of a value.
enum Shape {
    Text,
    /// A whole number of at least this.
    Number(u64),
    Bool,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An array whose items are so.
    List(&'static Shape),
    /// An object of these properties; those that are `true` are required.
    Object(&'static [(&'static str, bool, Shape)]),
    /// An object of texts under any name.
    Texts,
}

use Shape::{Bool, List, Number, Object, OneOf, Text, Texts};

const MESSAGE: Shape = Object(&[("text", true, Text)]);
const LEVEL: Shape = OneOf(&["none", "note", "warning", "error"]);

const REGION: Shape = Object(&[
    ("startLine", true, Number(1)),
    ("startColumn", true, Number(1)),
    ("endLine", true, Number(1)),
    ("endColumn", true, Number(1)),
    ("byteOffset", true, Number(0)),
    ("byteLength", true, Number(1)),
]);

const LOCATION: Shape = Object(&[(
    "physicalLocation",
    true,
    Object(&[
        ("artifactLocation", true, ARTIFACT),
        ("region", true, REGION),
    ]),
)]);

const ARTIFACT: Shape = Object(&[("uri", true, Text), ("uriBaseId", false, Text)]);

/// Of a file that could not be looked at.
const FILE: Shape = Object(&[(
    "physicalLocation",
    true,
    Object(&[("artifactLocation", true, ARTIFACT)]),
)]);

const INVOCATION: Shape = Object(&[
    ("executionSuccessful", true, Bool),
    ("toolExecutionNotifications", true, List(&NOTIFICATION)),
]);

const NOTIFICATION: Shape = Object(&[
    ("level", true, LEVEL),
    ("message", true, MESSAGE),
    ("locations", true, List(&FILE)),
]);

const RESULT: Shape = Object(&[
    ("ruleId", true, Text),
    ("ruleIndex", true, Number(0)),
    ("level", true, LEVEL),
    ("message", true, MESSAGE),
    ("locations", true, List(&LOCATION)),
    ("partialFingerprints", true, Texts),
]);

const RULE: Shape = Object(&[
    ("id", true, Text),
    ("shortDescription", true, MESSAGE),
    ("helpUri", false, Text),
    (
        "defaultConfiguration",
        true,
        Object(&[("level", true, LEVEL)]),
    ),
]);

const DRIVER: Shape = Object(&[
    ("name", true, Text),
    ("version", true, Text),
    ("rules", true, List(&RULE)),
]);

const RUN: Shape = Object(&[
    ("tool", true, Object(&[("driver", true, DRIVER)])),
    ("invocations", true, List(&INVOCATION)),
    (
        "originalUriBaseIds",
        true,
        Object(&[("%SRCROOT%", true, Object(&[("uri", true, Text)]))]),
    ),
    (
        "columnKind",
        true,
        OneOf(&["utf16CodeUnits", "unicodeCodePoints"]),
    ),
    ("results", true, List(&RESULT)),
]);

const LOG: Shape = Object(&[
    ("$schema", true, Text),
    ("version", true, OneOf(&["2.1.0"])),
    ("runs", true, List(&RUN)),
]);

fn hold(value: &Value, shape: &Shape, path: &str) {
    match shape {
        Text => assert!(value.is_string(), "{path}: {value}"),
        Bool => assert!(value.is_boolean(), "{path}: {value}"),
        Number(least) => {
            assert!(
                value.as_u64().is_some_and(|number| number >= *least),
                "{path}: {value}"
            );
        }
        OneOf(texts) => {
            let text = value.as_str().unwrap_or_default();
            assert!(texts.contains(&text), "{path}: {value}");
        }
        List(item) => {
            let items = value
                .as_array()
                .unwrap_or_else(|| panic!("{path}: {value}"));
            for (index, value) in items.iter().enumerate() {
                hold(value, item, &format!("{path}[{index}]"));
            }
        }
        Texts => {
            let object = value
                .as_object()
                .unwrap_or_else(|| panic!("{path}: {value}"));
            assert!(object.values().all(Value::is_string), "{path}: {value}");
        }
        Object(properties) => {
            let object = value
                .as_object()
                .unwrap_or_else(|| panic!("{path}: {value}"));
            for (name, required, shape) in *properties {
                match object.get(*name) {
                    Some(value) => hold(value, shape, &format!("{path}.{name}")),
                    None => assert!(!required, "{path}.{name} is missing"),
                }
            }
            for name in object.keys() {
                let known = properties.iter().any(|(known, ..)| known == name);
                assert!(known, "{path}.{name} is none of the schema's");
            }
        }
    }
}

fn report(project: &Project, arguments: &[&str]) -> Value {
    let run = project.check(&[&["--format", "sarif"], arguments].concat());
    let report = serde_json::from_str(&run.out).expect("it is JSON");
    hold(&report, &LOG, "log");
    report
}

#[test]
fn a_report_has_the_schemas_form() {
    let project = Project::new();
    project.write("a b/\u{fc}.txt", format!("one\n\u{fc} {}", line()));
    project.write("b.txt", line() + "url=postgresql://app:hunter2@db/shop\n");
    let report = report(&project, &[]);
    let run = &report["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.txt");
    let region = serde_json::json!({
        "startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 28,
        "byteOffset": 16, "byteLength": 16
    });
    assert_eq!(place["region"], region);
    assert!(run["invocations"][0]["executionSuccessful"] == true);
}

#[test]
fn results_point_to_their_rules() {
    let project = Project::new();
    project.write(
        "a.txt",
        line() + "url=postgresql://app:hunter2@db/shop\n" + &line(),
    );
    let report = report(&project, &[]);
    let run = &report["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules
        .iter()
        .filter_map(|rule| rule["id"].as_str())
        .collect();
    assert_eq!((rules.len(), ids.len()), (2, 2), "each rule once");
    for result in run["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn an_empty_report_and_one_of_failures_hold_too() {
    let project = Project::new();
    let empty = report(&project, &[]);
    assert_eq!(empty["runs"][0]["results"], Value::Array(Vec::new()));
    let failed = report(&project, &["missing"]);
    assert_eq!(
        failed["runs"][0]["invocations"][0]["executionSuccessful"],
        false
    );
}

#[test]
fn relative_paths_have_a_base() {
    let project = Project::new();
    project.write("a.txt", line());
    let place = |report: &Value| {
        report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
            .clone()
    };
    let relative = report(&project, &["a.txt"]);
    assert_eq!(place(&relative)["uriBaseId"], "%SRCROOT%");
    let base = &relative["runs"][0]["originalUriBaseIds"]["%SRCROOT%"]["uri"];
    let base = base.as_str().unwrap();
    assert!(
        base.starts_with("file:///") && base.ends_with('/'),
        "{base}"
    );
    let absolute = report(&project, &[project.path("a.txt").to_str().unwrap()]);
    assert!(place(&absolute)["uriBaseId"].is_null());
}

#[test]
fn skipped_files_are_notifications() {
    let project = Project::new();
    project.write("a.bin", b"\0\0");
    project.write("b.gz", b"\x1f\x8b\x08\0 and so on");
    let report = report(&project, &[".", "missing"]);
    let invocation = &report["runs"][0]["invocations"][0];
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    let told: Vec<(&str, &str)> = notes
        .iter()
        .map(|note| {
            let place = &note["locations"][0]["physicalLocation"]["artifactLocation"];
            (
                note["level"].as_str().unwrap(),
                place["uri"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [("note", "a.bin"), ("warning", "b.gz"), ("error", "missing")];
    assert_eq!(told, expected);
}

#[test]
fn a_secret_of_several_lines_ends_where_it_ends() {
    let project = Project::new();
    let (kind, body) = ("RSA PRIVATE KEY", "QUJD".repeat(16));
    let body = format!("{body}\n").repeat(9);
    project.write(
        "a.pem",
        format!("-----BEGIN {kind}-----\n{body}-----END {kind}-----\n"),
    );
    let report = report(&project, &[]);
    let region = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert!(
        region["endLine"].as_u64().unwrap() > region["startLine"].as_u64().unwrap(),
        "{region}"
    );
}

#[test]
#[should_panic(expected = "log.runs[0].results is missing")]
fn the_check_of_the_form_is_one() {
    let mut report = report(&Project::new(), &[]);
    report["runs"][0].as_object_mut().unwrap().remove("results");
    hold(&report, &LOG, "log");
}
