use std::time::Duration;

use hyper::Method;

use super::*;

/// 2026-11-28, some time of the day.
fn surroundings() -> Surroundings {
    Surroundings {
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_880_000),
        formats: vec!["json", "sentry"],
        files: None,
    }
}

pub(super) fn built(text: &str) -> Result<Built, Wrongs> {
    let source = Source::of("b.toml", text.to_owned());
    let mut file = source.parse()?;
    effective(&mut file);
    build(&file, &source, &surroundings())
}

fn fine(text: &str) -> Built {
    built(text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

/// A configuration of one route with more keys, and with tables before and behind.
pub(super) fn route(before: &str, keys: &str) -> String {
    format!(
        "{before}\n[[listen]]\nhttp = \"127.0.0.1:9000\"\n[[listen.route]]\n\
         upstream = \"https://backend.example:8443/in\"\n{keys}\n"
    )
}

fn only_route(built: &Built) -> &Route {
    &built.serve.listen[0].routes[0]
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let built = fine(&route("[limits]\nbudget = \"96M\"", ""));
    assert!(built.warnings.is_empty());
    let Serve {
        limits, timeouts, ..
    } = &built.serve;
    assert_eq!((limits.budget, limits.max_head), (96 << 20, 64 << 10));
    assert_eq!((limits.max_connections, limits.max_in_flight), (4096, 1024));
    let seconds = [
        timeouts.head,
        timeouts.idle,
        timeouts.connect,
        timeouts.response,
        timeouts.drain,
    ];
    assert_eq!(seconds.map(|time| time.as_secs()), [10, 60, 10, 300, 25]);
    let route = only_route(&built);
    assert_eq!(
        (route.name.as_str(), route.path.as_str()),
        ("route-1", "/*")
    );
    assert_eq!(route.upstream.base.path(), "/in");
    let policy = &route.policy;
    assert_eq!(
        (policy.max_body, policy.max_ratio, policy.hold),
        (32 << 20, 200, false)
    );
    let dsn = policy.sentry_upstream.as_deref();
    assert_eq!(dsn, Some("https://backend.example:8443"));
    assert!(route.observe_until.is_none() && route.candidates.is_none());
    assert!(route.passes.headers.contains(&"authorization".to_owned()));
    assert!(route.takes(&Method::POST, "/x") && built.serve.admin.is_none());
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_cannot_be_is_refused_with_its_place() {
    let with = |keys: &str| route("", keys);
    let upstream = |url: &str| {
        format!("[[listen]]\nhttp = \"127.0.0.1:9000\"\nroute = [{{ upstream = \"{url}\" }}]\n")
    };
    for (text, expected) in [
        (String::new(), "b.toml: nothing listens"),
        (
            "[[listen]]\nhttp = \"127.0.0.1:9000\"\n".to_owned(),
            "b.toml:1:1: key `listen`: it has no route",
        ),
        (
            upstream("ftp://x"),
            "b.toml:3:23: key `listen.route.upstream`: write a URL that begins",
        ),
        (
            upstream("backend.example"),
            "b.toml:3:23: key `listen.route.upstream`: write the whole URL",
        ),
        (
            upstream("https://u:hunter2@x"),
            "b.toml:3:23: key `listen.route.upstream`: a user or password",
        ),
        (
            upstream("https://x?token=hunter2"),
            "b.toml:3:23: key `listen.route.upstream`: leave out",
        ),
        (
            upstream("https://x#hunter2"),
            "b.toml:3:23: key `listen.route.upstream`: leave out",
        ),
        (
            upstream("hunter2 hunter2"),
            "b.toml:3:23: key `listen.route.upstream`: this is no URL",
        ),
        (
            upstream("http://localhost:9000"),
            "b.toml:3:23: key `listen.route.upstream`: this is a listener",
        ),
        (
            with("name = \"a b\""),
            "b.toml:6:8: key `listen.route.name`: write 1 to 64",
        ),
        (
            with("name = \"(none)\""),
            "b.toml:6:8: key `listen.route.name`: write 1 to 64",
        ),
        (
            with("methods = [\"POST\", \"get\"]"),
            "b.toml:6:20: key `listen.route.methods`: write a method in capitals",
        ),
        (
            with("format = \"jsno\""),
            "b.toml:6:10: key `listen.route.format`: there is no such format; did you mean \"json\"?",
        ),
        (
            with("format = \"hunter2\""),
            "b.toml:6:10: key `listen.route.format`: there is no such format; there are json, sentry",
        ),
        (
            with("methods = [\"CONNECT\"]"),
            "b.toml:6:12: key `listen.route.methods`: write a method",
        ),
        (
            with("path = \"api/*\""),
            "b.toml:6:8: key `listen.route.path`: write a path",
        ),
        (
            with("path = \"/api*\""),
            "b.toml:6:8: key `listen.route.path`: write a path",
        ),
        (
            with("path = \"/a/../b\""),
            "b.toml:6:8: key `listen.route.path`: write a path",
        ),
        (
            with("http2 = true"),
            "b.toml:6:9: key `listen.route.http2`: HTTP/2 is negotiated",
        ),
        (
            with("ca = \"nowhere.pem\""),
            "b.toml:6:6: key `listen.route.ca`: cannot read nowhere.pem: No such file",
        ),
        (
            with("identity = { certificate = \"a.crt\", key = \"a.key\" }"),
            "b.toml:6:28: key `listen.route.identity.certificate`: cannot read a.crt",
        ),
        (
            with("pass_types = [\"*/*\"]"),
            "b.toml:6:15: key `listen.route.pass_types`: write a media type",
        ),
        (
            with("mode = \"observe\""),
            "b.toml:6:8: key `listen.route.mode`: observing lets secrets pass",
        ),
        (
            with("until = 2027-01-31"),
            "b.toml:6:9: key `listen.route.until`: it belongs to mode",
        ),
        (
            with("passes = { headers = [\"a b\"] }"),
            "b.toml:6:22: key `listen.route.passes.headers`: write names",
        ),
        (
            with("passes = { cookies = [\"a=b\"] }"),
            "b.toml:6:22: key `listen.route.passes.cookies`: write names",
        ),
        (
            with("detect = { profile = \"article\" }"),
            "b.toml:6:22: key `listen.route.detect.profile`: a route or a listener may only strengthen",
        ),
        (
            with("detect = { packs = [\"pi\"] }"),
            "b.toml:6:21: key `listen.route.detect.packs`: no rule and no pack",
        ),
        (
            with("relax = [{ reason = \"x\", until = 2027-01-31 }]"),
            "b.toml:6:10: key `listen.route.relax`: write exactly one",
        ),
        (
            with(
                "relax = [{ disable = \"jwt\", allow_field = \"x\", reason = \"x\", until = 2027-01-31 }]",
            ),
            "b.toml:6:10: key `listen.route.relax`: write exactly one",
        ),
        (
            with("relax = [{ disable = \"jwt\", reason = \" \", until = 2027-01-31 }]"),
            "b.toml:6:38: key `listen.route.relax.reason`: say why",
        ),
        (
            route("[detect]\ndisable = [{ id = \"jwt\", reason = \"\" }]", ""),
            "b.toml:2:35: key `detect.disable.reason`: say why",
        ),
        (
            route("[detect]\nonly = [\"strype\"]", ""),
            "b.toml:2:9: key `detect.only`: no rule, name or pack `strype`; did you mean `stripe`?",
        ),
        (
            route("[detect]\nmask = \"hidden\"", ""),
            "b.toml:2:8: key `detect.mask`: \"hidden\" cannot be the text of masks",
        ),
        (
            route("[detect]\ncandidates = [\"nowhere\"]", ""),
            "b.toml:2:14: key `detect.candidates`: cannot read the rules in nowhere",
        ),
        (
            route("[limits]\nmax_ratio = 0", ""),
            "b.toml:2:13: key `limits.max_ratio`: write a number of at least 1",
        ),
        (
            route("[limits]\nmax_in_flight = 0", ""),
            "b.toml:2:17: key `limits.max_in_flight`: write a number",
        ),
        (
            route("[limits]\nmax_head = \"1K\"", ""),
            "b.toml:2:12: key `limits.max_head`: write at least",
        ),
        (
            route("[admin]\nlisten = \"127.0.0.1:9000\"", ""),
            "b.toml:2:10: key `admin.listen`: 127.0.0.1:9000 is taken",
        ),
        (
            with("name = \"a\"\n[[listen.route]]\nname = \"a\"\nupstream = \"http://x\""),
            "b.toml:8:8: key `listen.route.name`: \"a\" is the name of another route",
        ),
        (
            with("[[listen]]\nhttp = \"127.0.0.1:9000\"\nroute = [{ upstream = \"http://x\" }]"),
            "b.toml:7:8: key `listen.http`: 127.0.0.1:9000 is taken",
        ),
        (
            with("[listen.tls]\ncertificate = \"nowhere.crt\"\nkey = \"nowhere.key\""),
            "b.toml:7:15: key `listen.tls.certificate`: cannot read nowhere.crt",
        ),
    ] {
        let wrong = built(&text).err().expect(&text).to_string();
        assert!(wrong.starts_with(expected), "{wrong}\n{text}");
        assert!(!wrong.contains("hunter2"), "{wrong}");
    }
}

#[test]
fn a_rule_that_is_switched_off_runs_again_from_its_day_on() {
    let until = |day: &str| {
        let built = fine(&route(
            &format!("[detect]\ndisable = [{{ id = \"fields\", reason = \"x\", until = {day} }}]"),
            "",
        ));
        let masked = only_route(&built)
            .rules
            .plain
            .redact(b"password=hunter2hunter2");
        (String::from_utf8(masked).unwrap(), built.warnings.len())
    };
    assert_eq!(
        until("2027-01-31"),
        ("password=hunter2hunter2".to_owned(), 0)
    );
    assert_eq!(until("2026-11-28"), ("password=[REDACTED]".to_owned(), 1));
}

#[test]
fn http2_and_tls_of_an_upstream_need_their_scheme() {
    let plain = |keys: &str| {
        format!(
            "[[listen]]\nhttp = \"127.0.0.1:9000\"\nroute = [{{ upstream = \"http://x\", {keys} }}]\n"
        )
    };
    let http2 = fine(&plain("http2 = true, preserve_host = true"));
    let upstream = &only_route(&http2).upstream;
    assert!(upstream.http2 && upstream.preserve_host);
    for (keys, expected) in [
        ("ca = \"x\"", "it needs an upstream with https:"),
        (
            "identity = { certificate = \"a\", key = \"b\" }",
            "it needs an upstream with https:",
        ),
    ] {
        let wrong = built(&plain(keys)).err().expect(keys).to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
}

#[test]
fn warnings_say_what_hardly_was_meant() {
    for (text, expected) in [
        (
            route(
                "",
                "[[listen.route]]\npath = \"/api/*\"\nupstream = \"http://x\"",
            ),
            "nothing reaches this route",
        ),
        (
            route("[limits]\nbudget = \"95M\"", ""),
            "a body of max_body does not fit",
        ),
        (
            route("[limits]\nbudget = \"96M\"", "max_body = \"33M\""),
            "a body of max_body does not fit",
        ),
        (
            route("", "mode = \"observe\"\nuntil = 2026-11-28"),
            "since 2026-11-28 this route no longer observes",
        ),
        (
            route("", "mode = \"observe\"\nuntil = 2026-11-29"),
            "until 2026-11-29 this route passes originals on",
        ),
        (
            route(
                "",
                "relax = [{ disable = \"jwt\", reason = \"x\", until = 2026-11-28 }]",
            ),
            "this exception no longer holds",
        ),
    ] {
        let warnings = fine(&text).warnings;
        let told: Vec<String> = warnings.iter().map(Wrong::to_string).collect();
        assert!(
            told.iter().any(|warning| warning.contains(expected)),
            "{told:?}"
        );
        assert!(
            told.iter().all(|warning| warning.starts_with("b.toml:")),
            "{told:?}"
        );
    }
}

#[test]
fn observing_ends_with_its_day() {
    let observing = fine(&route("", "mode = \"observe\"\nuntil = 2027-01-31"));
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_801_353_600);
    assert_eq!(only_route(&observing).observe_until, Some(end));
    let enforcing = fine(&route("", "mode = \"observe\"\nuntil = 2026-11-28"));
    assert_eq!(only_route(&enforcing).observe_until, None);
}

const LINE: &[u8] = b"password=hunter2hunter2 colour=blue7blue7 acme-12345678";

fn masked(keys: &str) -> String {
    let built = fine(&route("", keys));
    let redacted = only_route(&built).rules.plain.redact(LINE);
    String::from_utf8(redacted).unwrap()
}

#[test]
fn routes_strengthen_and_relax() {
    let mask = "password=[REDACTED] colour=blue7blue7 acme-12345678";
    assert_eq!(masked(""), mask);
    assert_eq!(
        masked("detect = { fields = [\"colour\"], patterns = [\"acme-[0-9]{8}\"] }"),
        "password=[REDACTED] colour=[REDACTED] [REDACTED]"
    );
    let unmasked = std::str::from_utf8(LINE).unwrap();
    let relax = |what: &str, until: &str| {
        masked(&format!(
            "relax = [{{ {what}, reason = \"x\", until = {until} }}]"
        ))
    };
    for what in [
        "disable = \"fields\"",
        "allow_field = \"password\"",
        "allow_value = \"hunter2hunter2\"",
    ] {
        assert_eq!(relax(what, "2027-01-31"), unmasked, "{what}");
        // From its day on it no longer holds.
        assert_eq!(relax(what, "2026-11-28"), mask, "{what}");
    }
    // The article's pattern wants quotes.
    assert_eq!(relax("profile = \"article\"", "2027-01-31"), unmasked);
}

#[test]
fn rules_are_compiled_once_for_all_routes_that_share_them() {
    let more = "[[listen.route]]\nupstream = \"http://x\"\ndetect = { fields = [\"colour\"] }\n\
                [[listen.route]]\nupstream = \"http://y\"\n";
    let built = fine(&route("", more));
    let routes = &built.serve.listen[0].routes;
    assert!(Arc::ptr_eq(&routes[0].rules.plain, &routes[2].rules.plain));
    assert!(!Arc::ptr_eq(&routes[0].rules.plain, &routes[1].rules.plain));
    // Stores with a mapping get null for a number, unless the operator chose.
    let rules = &routes[0].rules;
    let number = br#"{"password":123456}"#;
    assert_eq!(rules.plain.redact(number), br#"{"password":"[REDACTED]"}"#);
    assert_eq!(rules.typed.redact(number), br#"{"password":null}"#);
    let chosen = fine(&route("[detect]\nvalues = \"string\"", ""));
    let rules = &only_route(&chosen).rules;
    assert!(Arc::ptr_eq(&rules.plain, &rules.typed));
}

#[test]
fn presets_narrow_what_passes_and_operators_widen_it() {
    let built = fine(&route(
        "",
        "preset = \"loki\"\npasses = { headers = [\"X-Tenant\"] }",
    ));
    let route_ = only_route(&built);
    assert_eq!(
        route_.passes.headers,
        ["authorization", "x-scope-orgid", "x-tenant"]
    );
    assert!(route_.policy.sentry_upstream.is_none());
    let none = fine(&route("", "preset = \"none\""));
    let passes = &only_route(&none).passes;
    assert!(passes.headers.is_empty() && passes.parameters.is_empty());
}

#[test]
fn the_effective_configuration_is_a_fixed_point() {
    let text = route(
        "[limits]\nbudget = \"64M\"",
        "preset = \"aws\"\nname = \"logs\"",
    );
    let source = Source::of("b.toml", text);
    let mut file = source.parse().unwrap();
    effective(&mut file);
    let written = toml::to_string_pretty(&file).unwrap();
    let mut again = Source::of("b.toml", written.clone()).parse().unwrap();
    effective(&mut again);
    assert_eq!(toml::to_string_pretty(&again).unwrap(), written);
}
