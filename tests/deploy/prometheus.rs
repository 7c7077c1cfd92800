//! The alerts: valid, of metrics that there are, and raised when they should be.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::support::{blackbar, deployed, script, succeed, tool};

fn alerts() -> String {
    fs::read_to_string(deployed("prometheus/alerts.yml")).expect("readable")
}

#[test]
fn promtool_takes_the_alerts() {
    let Some(mut promtool) = tool("promtool") else {
        return;
    };
    succeed(
        promtool
            .args(["check", "rules", "--lint=all", "--lint-fatal"])
            .arg(deployed("prometheus/alerts.yml")),
    );
}

#[test]
fn the_alerts_are_raised_when_they_should_be() {
    let Some(mut promtool) = tool("promtool") else {
        return;
    };
    succeed(
        promtool
            .args(["test", "rules"])
            .arg(script("alerts_test.yml")),
    );
    let cases = fs::read_to_string(script("alerts_test.yml")).expect("readable");
    for line in alerts().lines() {
        if let Some(name) = line.trim().strip_prefix("- alert: ") {
            let raised = format!("alertname=\"{name}\", alertstate=\"firing\"");
            assert!(cases.contains(&raised), "no case raises {name}");
        }
    }
}

#[test]
fn every_metric_and_reason_is_there() {
    let (exposition, alerts) = (exposition(), alerts());
    let names = words(&alerts);
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        // With the labels of a series behind it.
        let series = format!("\n{name}{{");
        let plain = format!("\n{name} ");
        let is_there = exposition.contains(&series) || exposition.contains(&plain);
        assert!(is_there, "{name} is not in\n{exposition}");
    }
    let alerts = alerts.replace("{reason=~\"", "{reason=\"");
    for part in alerts.split("{reason=\"").skip(1) {
        let reasons = part.split('"').next().expect("a quote");
        for reason in reasons.split('|') {
            let label = format!("reason=\"{reason}\"");
            assert!(exposition.contains(&label), "{label}");
        }
    }
}

/// The names of metrics in the text.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("blackbar_"))
        .collect()
}

/// A `serve` that ends with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `/metrics` shows.
fn exposition() -> String {
    let options = [
        "--http",
        "127.0.0.1:0=http://127.0.0.1:9",
        "--tcp",
        "127.0.0.1:0=127.0.0.1:9",
        "--admin",
        "127.0.0.1:0",
    ];
    let mut command = blackbar(&[&["serve"][..], &options].concat());
    let child = command.stderr(Stdio::piped()).spawn().expect("it starts");
    let mut serving = Serving(child);
    let log = BufReader::new(serving.0.stderr.take().expect("piped"));
    // Its listeners have their series once they listen.
    let (mut address, mut listening) = (None, 0);
    for line in log.lines().map(|line| line.expect("UTF-8")) {
        if let Some((_, told)) = line.split_once("admin on ") {
            address = Some(told.to_owned());
        }
        listening += usize::from(line.contains("listening on "));
        if address.is_some() && listening == 2 {
            break;
        }
    }
    let address = address.expect("it says where the admin listener is");
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    text
}
