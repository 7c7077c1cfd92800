#![allow(clippy::float_cmp, reason = "counts are whole numbers")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::time::SystemTime;

use blackbar::{Redactor, Tally};
use tokio::runtime::Runtime;

use super::*;
use crate::rim::config::build::{self, Surroundings};
use crate::rim::config::file::Source;
use crate::rim::config::serve::{Route, Serve};
use crate::rim::http::answer::Reason;
use crate::rim::http::events::{Observer, RequestRecord};
use crate::rim::payload::{Outcome, Refusal};

const CONFIGURATION: &str = "\
[[listen]]
http = \"127.0.0.1:9000\"
[[listen.route]]
name = \"sentry\"
path = \"/api/*\"
upstream = \"http://a\"
[[listen.route]]
name = \"logs\"
mode = \"observe\"
until = 9999-01-01
upstream = \"http://b\"
";

fn serve_of() -> Serve {
    serve_as(CONFIGURATION)
}

fn serve_as(text: &str) -> Serve {
    let source = Source::of("b.toml", text.to_owned());
    let mut file = source.parse().unwrap();
    build::effective(&mut file);
    let surroundings = Surroundings {
        now: SystemTime::UNIX_EPOCH,
        formats: Vec::new(),
        files: None,
    };
    build::build(&file, &source, &surroundings).unwrap().serve
}

/// Series and their values, and the names of families, read strictly.
fn exposition(text: &str) -> (BTreeMap<String, f64>, BTreeSet<String>) {
    let (mut series, mut families) = (BTreeMap::new(), BTreeSet::new());
    let body = text
        .strip_suffix("# EOF\n")
        .expect("it ends as OpenMetrics do");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(
                ["counter", "gauge", "histogram", "info"].contains(&kind),
                "{line}"
            );
            assert!(families.insert(name.to_owned()), "{line}");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            assert!(family.starts_with("blackbar_"), "{line}");
            assert!(
                families
                    .iter()
                    .any(|known| family.starts_with(known.as_str())),
                "{line}"
            );
            let before = series.insert(name.to_owned(), value.parse().unwrap());
            assert!(before.is_none(), "twice: {line}");
        }
    }
    (series, families)
}

fn record<'a>(route: Option<&'a Arc<Route>>, head: &'a Tally) -> RequestRecord<'a> {
    RequestRecord {
        route,
        status: 200,
        by_upstream: true,
        bytes_in: 10,
        bytes_out: 3,
        head,
        body: None,
        candidates: None,
        observed: false,
        spared: None,
        reason: None,
        time: Duration::from_millis(2),
    }
}

/// What the rules of the route count in a text.
fn tally(redactor: &Arc<Redactor>, text: &[u8]) -> Tally {
    let mut session = blackbar::Session::new(redactor.clone(), blackbar::Framing::Lines);
    let mut pieces = Vec::new();
    session.write(text, &mut pieces);
    session.end(&mut pieces);
    session.tally().clone()
}

#[test]
fn every_series_is_there_from_the_start() {
    let serve = serve_of();
    let (gauges, metrics) = (Gauges::new(&serve), Metrics::new(&serve));
    let (series, _) = exposition(&metrics.text(&gauges));
    for name in [
        "blackbar_requests_total{route=\"sentry\",code_class=\"5xx\"}",
        "blackbar_requests_total{route=\"(none)\",code_class=\"4xx\"}",
        "blackbar_request_bytes_total{route=\"logs\",direction=\"in\"}",
        "blackbar_records_total{route=\"logs\"}",
        "blackbar_findings_total{route=\"sentry\",pack=\"fields\",rule=\"fields/password\"}",
        "blackbar_observed_findings_total{route=\"logs\",pack=\"fields\",rule=\"fields/password\"}",
        "blackbar_refused_total{route=\"(none)\",reason=\"no_route\"}",
        "blackbar_refused_total{route=\"sentry\",reason=\"corrupt_encoding\"}",
        "blackbar_observed_refusals_total{route=\"logs\",reason=\"body_too_large\"}",
        "blackbar_stubbed_total{route=\"sentry\",reason=\"binary\"}",
        "blackbar_upstream_errors_total{route=\"sentry\",reason=\"upstream_unreachable\"}",
        "blackbar_observing{route=\"sentry\"}",
        "blackbar_budget_bytes",
        "blackbar_connections",
        "blackbar_in_flight",
        "blackbar_request_duration_seconds_count{route=\"sentry\"}",
    ] {
        assert_eq!(series.get(name), Some(&0.0), "{name}");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        series[&format!("blackbar_build_info{{version=\"{version}\"}}")],
        1.0
    );
    assert_eq!(series["blackbar_upstream_up{route=\"logs\"}"], 1.0);
    assert_eq!(series["blackbar_observing{route=\"logs\"}"], 1.0);
    assert!(series["blackbar_budget_limit_bytes"] > 0.0);
}

#[test]
fn requests_are_counted_and_make_no_series() {
    let serve = serve_of();
    let (gauges, metrics) = (Gauges::new(&serve), Metrics::new(&serve));
    let (before, _) = exposition(&metrics.text(&gauges));
    let routes = &serve.listen[0].routes;
    let found = tally(&routes[0].rules.plain, b"password=hunter2hunter2\nx\n");
    let body = Outcome {
        tally: found.clone(),
        changed: true,
        format: "text",
        stubs: vec![("binary", 4)],
    };
    metrics.request(&RequestRecord {
        body: Some(&body),
        ..record(Some(&routes[0]), &found)
    });
    for spared in [None, Some(Reason::Body(Refusal::TooLarge))] {
        metrics.request(&RequestRecord {
            observed: true,
            spared,
            ..record(Some(&routes[1]), &found)
        });
    }
    // Whatever a client sends: statuses, reasons and routes are of fixed sets.
    for (number, reason) in Reason::all().enumerate() {
        metrics.request(&RequestRecord {
            status: u16::try_from(number * 40).unwrap(),
            reason: Some(reason),
            ..record(None, &Tally::default())
        });
    }
    let (after, _) = exposition(&metrics.text(&gauges));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, value) in [
        (
            "blackbar_requests_total{route=\"sentry\",code_class=\"2xx\"}",
            1.0,
        ),
        (
            "blackbar_request_bytes_total{route=\"sentry\",direction=\"in\"}",
            10.0,
        ),
        (
            "blackbar_request_bytes_total{route=\"sentry\",direction=\"out\"}",
            3.0,
        ),
        ("blackbar_records_total{route=\"sentry\"}", 2.0),
        (
            "blackbar_findings_total{route=\"sentry\",pack=\"fields\",rule=\"fields/password\"}",
            2.0,
        ),
        (
            "blackbar_findings_total{route=\"logs\",pack=\"fields\",rule=\"fields/password\"}",
            0.0,
        ),
        (
            "blackbar_observed_findings_total{route=\"logs\",pack=\"fields\",rule=\"fields/password\"}",
            2.0,
        ),
        // What went on was not refused.
        (
            "blackbar_observed_refusals_total{route=\"logs\",reason=\"body_too_large\"}",
            1.0,
        ),
        (
            "blackbar_refused_total{route=\"logs\",reason=\"body_too_large\"}",
            0.0,
        ),
        (
            "blackbar_stubbed_total{route=\"sentry\",reason=\"binary\"}",
            4.0,
        ),
        (
            "blackbar_refused_total{route=\"(none)\",reason=\"no_route\"}",
            1.0,
        ),
        (
            "blackbar_request_duration_seconds_count{route=\"sentry\"}",
            1.0,
        ),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
    let too_large = Reason::Body(Refusal::TooLarge).name();
    let name = format!("blackbar_refused_total{{route=\"(none)\",reason=\"{too_large}\"}}");
    assert_eq!(after[&name], 1.0);
}

#[test]
fn gauges_show_the_present() {
    let serve = serve_of();
    let (gauges, metrics) = (Gauges::new(&serve), Metrics::new(&serve));
    gauges.connections.store(7, Ordering::Relaxed);
    gauges.budget_used.store(4096, Ordering::Relaxed);
    gauges.note_upstream("sentry", false);
    let (series, _) = exposition(&metrics.text(&gauges));
    assert_eq!(series["blackbar_connections"], 7.0);
    assert_eq!(series["blackbar_budget_bytes"], 4096.0);
    assert_eq!(series["blackbar_upstream_up{route=\"sentry\"}"], 0.0);
    assert_eq!(series["blackbar_upstream_up{route=\"logs\"}"], 1.0);
}

#[test]
fn paths_and_methods() {
    let serve = serve_of();
    let (gauges, metrics) = (Gauges::new(&serve), Metrics::new(&serve));
    let ask = |method: &Method, path: &str| answer(method, path, &metrics, &gauges);
    assert_eq!(ask(&Method::GET, "/healthz").status(), 200);
    assert_eq!(ask(&Method::GET, "/readyz").status(), 503);
    gauges.ready.store(true, Ordering::Release);
    assert_eq!(ask(&Method::GET, "/readyz").status(), 200);
    assert_eq!(
        ask(&Method::GET, "/metrics").headers()[CONTENT_TYPE],
        OPENMETRICS
    );
    assert_eq!(ask(&Method::GET, "/metrics/").status(), 404);
    let refused = ask(&Method::POST, "/metrics");
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()[ALLOW]),
        (405, &HeaderValue::from_static("GET, HEAD"))
    );
    let hostile = ask(&Method::GET, "/hunter2");
    assert!(!hostile.body().contains("hunter2"));
}

#[test]
fn it_answers_over_a_socket() {
    let serve_ = serve_of();
    let (gauges, metrics) = (
        Arc::new(Gauges::new(&serve_)),
        Arc::new(Metrics::new(&serve_)),
    );
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(listener, metrics, gauges));
    let ask = |request: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let close = "Host: x\r\nConnection: close\r\n\r\n";
    let healthy = ask(&format!("GET /healthz HTTP/1.1\r\n{close}"));
    assert!(
        healthy.starts_with("HTTP/1.1 200 ") && healthy.ends_with("alive\n"),
        "{healthy}"
    );
    let metrics = ask(&format!("GET /metrics HTTP/1.1\r\n{close}"));
    exposition(metrics.split_once("\r\n\r\n").unwrap().1);
    // More than a head may be ends that connection, and no other.
    let mut large = std::net::TcpStream::connect(address).unwrap();
    large
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let _ = large.write_all(format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(9000)).as_bytes());
    let mut told = Vec::new();
    // What was not read resets the connection, perhaps before the answer is seen.
    let _ = large.read_to_end(&mut told);
    assert!(told.is_empty() || told.starts_with(b"HTTP/1.1 4"));
    assert!(ask(&format!("HEAD /healthz HTTP/1.1\r\n{close}")).ends_with("\r\n\r\n"));
}

#[test]
fn series_come_stay_and_go_with_their_routes() {
    let before = serve_of();
    let (gauges, metrics) = (Gauges::new(&before), Metrics::new(&before));
    let found = tally(
        &before.listen[0].routes[0].rules.plain,
        b"password=hunter2hunter2\n",
    );
    metrics.request(&record(Some(&before.listen[0].routes[0]), &found));
    gauges.note_upstream("sentry", false);
    let text = CONFIGURATION.replace("\"logs\"", "\"other\"");
    let after = serve_as(&format!("[detect]\nfields = [\"ticket\"]\n{text}"));
    gauges.adopt(&after);
    metrics.adopt(&after);
    metrics.forget_gone();
    let requests =
        |route: &str| format!("blackbar_requests_total{{route=\"{route}\",code_class=\"2xx\"}}");
    let masked =
        "blackbar_findings_total{route=\"sentry\",pack=\"fields\",rule=\"fields/password\"}";
    // A request that began by the old routes, whose rules are others, is counted as theirs.
    metrics.request(&record(Some(&before.listen[0].routes[0]), &found));
    metrics.request(&record(Some(&before.listen[0].routes[1]), &found));
    let found = tally(
        &after.listen[0].routes[0].rules.plain,
        b"ticket=hunter2hunter2\n",
    );
    metrics.request(&record(Some(&after.listen[0].routes[0]), &found));
    let (series, _) = exposition(&metrics.text(&gauges));
    assert_eq!(series[&requests("sentry")], 3.0);
    assert_eq!(series[masked], 2.0);
    assert_eq!(
        series["blackbar_findings_total{route=\"sentry\",pack=\"command-line\",rule=\"command-line/ticket\"}"],
        1.0
    );
    assert_eq!(
        (series[&requests("logs")], series[&requests("other")]),
        (1.0, 0.0)
    );
    assert_eq!(series["blackbar_upstream_up{route=\"sentry\"}"], 0.0);
    drop(before);
    metrics.forget_gone();
    let (series, _) = exposition(&metrics.text(&gauges));
    let of_old: Vec<_> = series
        .keys()
        .filter(|name| name.contains("\"logs\""))
        .collect();
    assert!(of_old.is_empty(), "{of_old:?}");
    assert_eq!((series[&requests("sentry")], series[masked]), (3.0, 2.0));
}

/// Or a configuration that is made with names of its own each time would fill the memory.
#[test]
fn series_of_a_rule_go_with_the_last_one_that_works_by_it() {
    let lines = "[[listen]]\nname = \"lines\"\ntcp = \"127.0.0.1:5170\"\nupstream = \"a:1\"\n";
    let with = |detect: &str| serve_as(&format!("{detect}{CONFIGURATION}{lines}"));
    let before = with("[detect]\nfields = [\"ticket\"]\n");
    let (gauges, metrics) = (Gauges::new(&before), Metrics::new(&before));
    let stream = before.streams[0].clone();
    let counters = (metrics.stream(&stream), stream);
    let after = with("");
    metrics.adopt(&after);
    let _counters = metrics.stream(&after.streams[0]);
    let of_rule = |id: &str| {
        metrics.forget_gone();
        let (series, _) = exposition(&metrics.text(&gauges));
        let label = format!("rule=\"{id}\"");
        let mut routes: Vec<_> = ["sentry", "lines"].to_vec();
        routes.retain(|route| {
            let of_route = format!("findings_total{{route=\"{route}\"");
            let mut names = series.keys();
            names.any(|name| name.contains(&of_route) && name.contains(&label))
        });
        routes
    };
    assert_eq!(of_rule("command-line/ticket"), ["sentry", "lines"]);
    drop(before);
    assert_eq!(of_rule("command-line/ticket"), ["lines"]);
    drop(counters);
    assert!(of_rule("command-line/ticket").is_empty());
    assert_eq!(of_rule("fields/password"), ["sentry", "lines"]);
}

#[test]
fn reloads_are_counted() {
    let serve = serve_of();
    let (gauges, metrics) = (Gauges::new(&serve), Metrics::new(&serve));
    let told = || {
        let (series, _) = exposition(&metrics.text(&gauges));
        [
            "blackbar_config_last_reload_successful",
            "blackbar_config_reloads_total{result=\"success\"}",
            "blackbar_config_reloads_total{result=\"failure\"}",
            "blackbar_config_last_reload_success_timestamp_seconds",
        ]
        .map(|name| series[name])
    };
    let [is_good, done, failed, at] = told();
    assert!((is_good, done, failed) == (1.0, 0.0, 0.0) && at > 1.7e9);
    metrics.reloaded(false);
    assert_eq!(told(), [0.0, 0.0, 1.0, at]);
    metrics.reloaded(true);
    let [is_good, done, failed, later] = told();
    assert!((is_good, done, failed) == (1.0, 1.0, 1.0) && later >= at);
}
