//! The article's checklist: environment files, Dockerfiles, manifests, logs; and programs.

use crate::support::{Project, VALUE};

#[test]
fn dockerfiles() {
    let project = Project::new();
    let text = format!(
        "FROM scratch\nENV DB_PASSWORD {VALUE}\nENV API_TOKEN={VALUE}\nARG SECRET={VALUE}\nENV PATH /bin\n"
    );
    project.write("Dockerfile", text);
    let run = project.check(&[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let places: Vec<&str> = run.out.lines().map(|line| &line[..15]).collect();
    let expected = ["Dockerfile:2:17", "Dockerfile:3:15", "Dockerfile:4:12"];
    assert_eq!(places, expected, "{}", run.out);
}

#[test]
fn kubernetes_manifests() {
    let project = Project::new();
    let text = "kind: Secret\nmetadata:\n  name: app\ndata:\n  a: Y29ycmVjdC1ob3JzZS00Mg==\nstringData:\n  b: \"plain words\"\n---\n\
                kind: ConfigMap\ndata:\n  a: Y29ycmVjdC1ob3JzZS00Mg==\n";
    project.write("deploy/app.yaml", text);
    let run = project.check(&[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.out);
    assert!(
        lines[0].starts_with("deploy/app.yaml:5:6: check/kubernetes-secret  "),
        "{}",
        run.out
    );
    assert!(
        lines[1].starts_with("deploy/app.yaml:7:7: check/kubernetes-secret  "),
        "{}",
        run.out
    );
    assert!(!run.out.contains("plain words") && !run.out.contains("Y29y"));
}

/// Where in `name` secrets of Kubernetes are found.
fn of_kubernetes(name: &str, text: &str) -> Vec<String> {
    let project = Project::new();
    project.write(name, text);
    let run = project.check(&[]);
    let lines = run.out.lines();
    lines
        .filter(|line| line.contains(" check/kubernetes-secret "))
        .map(|line| {
            line[name.len() + 1..]
                .split(": ")
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn kubernetes_manifests_in_json() {
    let secret = "{\n  \"apiVersion\": \"v1\",\n  \"data\": {\n    \"foo\": \"Y29ycmVjdA==\"\n  },\n  \"kind\": \"Secret\"\n}";
    assert_eq!(of_kubernetes("a.json", secret), ["4:13"]);
    let line = secret.replace('\n', "").replace("  ", "");
    assert_eq!(of_kubernetes("a.json", &line), ["1:38"]);
    let list = format!("{{\"kind\":\"List\",\"items\":[\n{line},\n{line}]}}\n");
    assert_eq!(of_kubernetes("a.json", &list), ["2:38", "3:38"]);
    assert_eq!(of_kubernetes("a.yaml", &list), ["2:38", "3:38"]);
    assert_eq!(
        of_kubernetes("a.json", &format!("{line}\n{line}\n")),
        ["1:38", "2:38"]
    );
    let piped = Project::new().check_input(&["-"], list.as_bytes());
    assert_eq!(piped.out.matches(" check/kubernetes-secret ").count(), 2);
    let other = line.replace("Secret", "ConfigMap");
    assert!(of_kubernetes("a.json", &other).is_empty());
}

#[test]
fn kubernetes_manifests_in_flow_style() {
    let text = "kind: Secret\nstringData: {bar: \"S\", baz: open sesame}\ndata: {\"foo\": \"Y29ycmVjdA==\",\n  qux: 'cGFzcw=='}\n";
    assert_eq!(
        of_kubernetes("a.yml", text),
        ["2:20", "2:29", "3:16", "4:9"]
    );
    let text = "kind: List\nitems:\n- {kind: Secret, data: {a: YQ==}}\n- {kind: ConfigMap, data: {a: YQ==}}\n";
    assert_eq!(of_kubernetes("a.yml", text), ["3:28"]);
}

#[test]
fn logs_and_environment_files() {
    let project = Project::new();
    project.write(
        "app.log",
        format!("INFO login {{\"password\":\"{VALUE}\"}} done\n"),
    );
    project.write(
        "prod.env",
        format!("# database\nDB_PASSWORD='{VALUE}'\nDEBUG=1\n"),
    );
    let run = project.check(&[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.out.contains("app.log:1:25: fields/password"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("prod.env:2:14: fields/password"),
        "{}",
        run.out
    );
}

#[test]
fn programs_hold_literals_and_expressions() {
    let project = Project::new();
    let text = format!(
        "struct User {{\n    password: Option<Hashed12345>,\n}}\nlet password = read_line12345(x);\n\
         let url = \"password={VALUE}\";\nlet token = \"{VALUE}\";\n"
    );
    project.write("a.rs", &text);
    let run = project.check(&[]);
    let lines: Vec<&str> = run.out.lines().map(|line| &line[..6]).collect();
    assert_eq!(lines, ["a.rs:5", "a.rs:6"], "{}", run.out);
    // The same text elsewhere is taken as it stands.
    project.write("a.txt", &text);
    assert!(project.check(&["a.txt"]).out.lines().count() > 2);
}

#[test]
fn an_indented_document_is_one_record() {
    let project = Project::new();
    let text = format!("{{\n  \"a\": 1,\n  \"password\":\n    \"{VALUE}\"\n}}\n");
    project.write("a.json", text);
    let run = project.check(&[]);
    assert!(
        run.out.starts_with("a.json:4:6: fields/password"),
        "{}",
        run.out
    );
    assert_eq!((run.code, run.out.lines().count()), (Some(1), 1));
}

#[test]
fn a_private_key_is_one_finding_wherever_it_lies() {
    let project = Project::new();
    let (kind, body) = ("RSA PRIVATE KEY", "QUJD".repeat(16));
    let key = format!(
        "-----BEGIN {kind}-----\n{}-----END {kind}-----\n",
        format!("{body}\n").repeat(9)
    );
    // Across the place where the file is read in two.
    let filler = "nothing to see in this line of text\n".repeat(256 * 1024 / 36 - 4);
    project.write("a.pem", &key);
    project.write("b.pem", format!("{filler}{key}"));
    let run = project.check(&["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{}", run.out);
    assert_eq!(findings[0]["fingerprint"], findings[1]["fingerprint"]);
    assert_eq!(findings[0]["length"], findings[1]["length"]);
}

#[test]
fn a_line_without_end_is_bounded_and_counted_right() {
    let project = Project::new();
    let mut text = "\u{fc} ".repeat(1 << 20);
    text.push_str(&["password=", VALUE, " "].concat());
    text += &"x ".repeat(1 << 20);
    project.write("a.log", &text);
    let run = project.check(&["--max-record", "4K", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["line"], 1);
    assert_eq!(finding["column"], (2 << 20) + 10);
    assert_eq!(finding["offset"], (3 << 20) + 9);
    assert_eq!(finding["length"], VALUE.len());
}
