use std::time::{Duration, SystemTime};

use super::*;
use crate::rim::config::FilesRead;
use crate::rim::config::build::{Built, Surroundings, build, effective};
use crate::rim::config::file::{File, Source, Wrongs};
use crate::rim::config::sink::{
    Compression, CredentialSource, ForwardSink, HttpSink, Rotation, Sink,
};
use crate::rim::config::stream::UpstreamFraming;

fn parsed(text: &str) -> Result<(File, Source), Wrongs> {
    let source = Source::of("b.toml", text.to_owned());
    let mut file = source.parse()?;
    effective(&mut file);
    Ok((file, source))
}

fn built(text: &str) -> Result<Built, Wrongs> {
    built_after(text, None)
}

/// After a build that has read these files.
pub(in crate::rim::config::build) fn built_after(
    text: &str,
    files: Option<FilesRead>,
) -> Result<Built, Wrongs> {
    let (file, source) = parsed(text)?;
    let surroundings = Surroundings {
        now: SystemTime::UNIX_EPOCH,
        formats: Vec::new(),
        files,
    };
    build(&file, &source, &surroundings)
}

pub(in crate::rim::config::build) fn listen(keys: &str) -> String {
    format!("[[listen]]\n{keys}\n")
}

pub(in crate::rim::config::build) fn only(text: &str) -> std::sync::Arc<Stream> {
    let built = built(text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(built.serve.listen.is_empty());
    built.serve.streams[0].clone()
}

#[test]
fn the_defaults() {
    let stream = only(&listen(
        "tcp = \"127.0.0.1:5170\"\nupstream = \"shipper:5171\"",
    ));
    assert_eq!(stream.name, "tcp-127.0.0.1-5170");
    assert_eq!(stream.entry.to_string(), "127.0.0.1:5170");
    assert_eq!(stream.upstream.to_string(), "shipper:5171");
    assert_eq!(stream.framing, StreamFraming::Lines);
    assert_eq!(stream.delivery, Delivery::PerConnection);
    assert!(stream.idle.is_none() && stream.tls.is_none() && stream.upstream_tls.is_none());
    let stream = only(&listen(
        "udp = \"127.0.0.1:514\"\nupstream = \"shipper:5171\"",
    ));
    assert_eq!(stream.framing, StreamFraming::Syslog);
    let delivery = Delivery::Shared {
        ring: 16 << 20,
        overflow: Overflow::DropNewest,
        sink: Sink::Stream {
            resend: 1 << 20,
            framing: UpstreamFraming::AsItCame,
        },
    };
    assert_eq!(stream.delivery, delivery);
}

#[test]
fn a_listener_without_a_name_is_called_by_where_it_listens() {
    let listen = |text: &str| -> Listen { toml::from_str(text).unwrap() };
    let mut all = [
        listen("udp = \"[::1]:514\""),
        listen("tcp = \"127.0.0.1:0\""),
        listen("tcp = \"127.0.0.1:0\""),
        listen("forward = \"unix:/run/blackbar/in.sock\""),
        listen("tcp = \"0.0.0.0:1\"\nname = \"tcp-127.0.0.1-0\""),
        listen("http = \"127.0.0.1:9\""),
    ];
    fill(&mut all);
    let names = all.iter().map(|listen| listen.name.as_deref());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            Some("udp-1-514"),
            Some("tcp-127.0.0.1-0-2"),
            Some("tcp-127.0.0.1-0-3"),
            Some("forward-unix-run-blackbar-in.sock"),
            Some("tcp-127.0.0.1-0"),
            None
        ]
    );
    let long = format!("tcp = \"unix:/{}\"", "x".repeat(90));
    let mut long = [listen(&long)];
    fill(&mut long);
    assert_eq!(long[0].name.as_ref().unwrap().len(), LONGEST_NAME);
}

#[test]
fn what_is_chosen_is_taken() {
    let stream = only(&listen(
        "name = \"syslog\"\ntcp = \"unix:/run/in.sock\"\nupstream = \"unix:/run/out.sock\"\n\
         framing = \"syslog\"\nsharing = \"shared\"\nupstream_framing = \"newline\"\n\
         ring = \"2M\"\nresend = \"64K\"\n\
         overflow = \"drop-newest\"\nidle = \"5m\"",
    ));
    assert_eq!(stream.name, "syslog");
    assert_eq!(stream.framing, StreamFraming::Syslog);
    assert_eq!(stream.idle, Some(Duration::from_secs(300)));
    let delivery = Delivery::Shared {
        ring: 2 << 20,
        overflow: Overflow::DropNewest,
        sink: Sink::Stream {
            resend: 64 << 10,
            framing: UpstreamFraming::Newline,
        },
    };
    assert_eq!(stream.delivery, delivery);
}

fn sink(keys: &str) -> Sink {
    match only(&listen(&format!("tcp = \"127.0.0.1:1\"\n{keys}")))
        .delivery
        .clone()
    {
        Delivery::Shared { sink, .. } => sink,
        Delivery::PerConnection => panic!("{keys}"),
    }
}

#[test]
fn files_standard_output_and_http_are_shared() {
    assert_eq!(sink("upstream = \"stdout:\""), Sink::Stdout);
    let rotation = |keys: &str| match sink(&format!("upstream = \"file:/log\"\n{keys}")) {
        Sink::File(file) => {
            assert_eq!(file.path.to_str(), Some("/log"));
            file.rotation
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(rotation(""), None);
    let size = 100 << 20;
    let keep = |keep| Some(Rotation { size, keep });
    assert_eq!(rotation("rotate_size = \"100M\""), keep(5));
    assert_eq!(rotation("rotate_size = \"100M\"\nrotate_keep = 1"), keep(1));
}

fn http(keys: &str) -> HttpSink {
    match sink(keys) {
        Sink::Http(http) => *http,
        other => panic!("{other:?}"),
    }
}

#[test]
fn http_has_batches_and_headers() {
    let told = http("upstream = \"https://host/logs?stream=app\"");
    assert_eq!(told.url, "https://host/logs?stream=app");
    assert_eq!(
        (told.batch_bytes, told.batch_time),
        (1 << 20, Duration::from_secs(1))
    );
    assert!(told.compression == Compression::None && told.headers.is_empty());
    let told = http(
        "upstream = \"http://host\"\nbatch_bytes = \"64K\"\nbatch_time = \"50ms\"\n\
         compression = \"gzip\"\nheaders = { Authorization = { env = \"PATH\", prefix = \"Bearer \" } }",
    );
    assert_eq!(
        (told.batch_bytes, told.batch_time),
        (64 << 10, Duration::from_millis(50))
    );
    assert_eq!(told.compression, Compression::Gzip);
    let (name, credential) = &told.headers[0];
    assert_eq!(name, "authorization");
    assert_eq!(
        credential.source,
        CredentialSource::Environment("PATH".to_owned())
    );
    assert_eq!(credential.prefix, "Bearer ");
}

fn forward(keys: &str) -> ForwardSink {
    match sink(&format!("upstream = \"forward:fluentd:24224\"\n{keys}")) {
        Sink::Forward(forward) => *forward,
        other => panic!("{other:?}"),
    }
}

#[test]
fn forward_has_a_tag_batches_and_a_key() {
    let mut expected = ForwardSink {
        tag: "tcp-127.0.0.1-1".to_owned(),
        login: None,
        batch_bytes: 1 << 20,
        batch_time: Duration::from_secs(1),
        compression: Compression::None,
    };
    assert_eq!(forward(""), expected);
    "in".clone_into(&mut expected.tag);
    assert_eq!(forward("name = \"in\""), expected);
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "one\n").unwrap();
    let told = forward(&format!(
        "tag = \"app.web\"\nbatch_bytes = \"64K\"\nbatch_time = \"50ms\"\ncompression = \"gzip\"\n\
         upstream_tls = {{}}\nupstream_security = {{ shared_key_file = \"{}\" }}",
        key.display()
    ));
    let login = told.login.as_ref().unwrap();
    assert_eq!(
        (login.shared_key.bytes(), &login.user),
        (&b"one"[..], &None)
    );
    expected = ForwardSink {
        tag: "app.web".to_owned(),
        login: told.login.clone(),
        batch_bytes: 64 << 10,
        batch_time: Duration::from_millis(50),
        compression: Compression::Gzip,
    };
    assert_eq!(told, expected);
    // A sink with another key is another sink.
    std::fs::write(&key, "two\n").unwrap();
    let other = forward(&format!(
        "upstream_security = {{ shared_key_file = \"{}\" }}",
        key.display()
    ));
    assert_ne!(other.login, told.login);
}

#[test]
fn what_is_in_effect_can_be_read_again() {
    for keys in [
        "tcp = \"unix:/run/in.sock\"\nupstream = \"[::1]:5171\"\nsharing = \"shared\"",
        "udp = \"127.0.0.1:514\"\nupstream = \"udp:host:514\"",
        "udp = \"127.0.0.1:514\"\nupstream = \"host:514\"\nframing = \"lines\"",
        "tcp = \"127.0.0.1:1\"\nupstream = \"host:514\"\nupstream_tls = {}\nidle = \"90s\"",
        "udp = \"127.0.0.1:514\"\nupstream = \"stdout:\"",
        "tcp = \"127.0.0.1:1\"\nupstream = \"a:1\"\nmode = \"observe\"\nuntil = 2027-01-31\n\
         detect = { fields = [\"pet\"] }",
        "tcp = \"127.0.0.1:1\"\nupstream = \"file:/log\"\nrotate_size = \"1M\"",
        "tcp = \"127.0.0.1:1\"\nupstream = \"https://host\"\nupstream_tls = {}\n\
         headers = { X-Key = { env = \"PATH\" } }",
        "udp = \"127.0.0.1:514\"\nupstream = \"forward:[::1]:24224\"\ntag = \"syslog\"",
        "tcp = \"127.0.0.1:1\"\nupstream = \"forward:host:24224\"\nupstream_tls = {}",
        "forward = \"127.0.0.1:1\"\nupstream = \"host:24224\"\nupstream_tls = {}\nidle = \"90s\"",
        "forward = \"unix:/run/in.sock\"\nupstream = \"unix:/run/out.sock\"\nundecodable = \"text\"",
    ] {
        let (file, _) = parsed(&listen(keys)).unwrap();
        let shown = toml::to_string_pretty(&file).unwrap();
        let (again, _) = parsed(&shown).unwrap_or_else(|wrong| panic!("{wrong}\n{shown}"));
        assert_eq!(toml::to_string_pretty(&again).unwrap(), shown);
        built(&shown).unwrap_or_else(|wrong| panic!("{wrong}\n{shown}"));
    }
}

/// What is wrong with the keys of a listener begins so.
#[track_caller]
pub(in crate::rim::config::build) fn check_refused(cases: &[(String, &str)]) {
    for (keys, expected) in cases {
        let wrong = built(&listen(keys)).err().map(|wrong| wrong.to_string());
        let wrong = wrong.unwrap_or_else(|| panic!("it is taken: {keys}"));
        assert!(
            wrong.starts_with(&format!("b.toml:{expected}")),
            "{keys}\n{wrong}"
        );
        assert!(!wrong.contains("hunter2"), "{wrong}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let tcp = "tcp = \"127.0.0.1:5170\"\n";
    let fine = format!("{tcp}upstream = \"a:1\"\n");
    let udp = "udp = \"127.0.0.1:514\"\nupstream = \"a:1\"\n";
    check_refused(&[
        (String::new(), "1:1: key `listen`: it listens nowhere"),
        (tcp.to_owned(), "1:1: key `listen`: it has no upstream"),
        (
            format!("{fine}udp = \"127.0.0.1:1\""),
            "1:1: key `listen`: write one of",
        ),
        (
            format!("{fine}http = \"127.0.0.1:1\"\nroute = [{{ upstream = \"http://a\" }}]"),
            "1:1: key `listen`: write one of",
        ),
        (
            "http = \"127.0.0.1:1\"\nring = \"1M\"\nroute = [{ upstream = \"http://a\" }]"
                .to_owned(),
            "3:8: key `listen.ring`: it belongs to a listener with tcp, udp or forward",
        ),
        (
            format!("{tcp}upstream = \"hunter2\""),
            "3:12: key `listen.upstream`: write host:port",
        ),
        (
            format!("{tcp}upstream = \"127.0.0.1:5170\""),
            "3:12: key `listen.upstream`: this is a listener",
        ),
        (
            format!("{fine}route = [{{ upstream = \"http://a\" }}]"),
            "4:9: key `listen.route`: routes belong",
        ),
        (
            format!("{fine}framing = \"syslgo\""),
            "4:11: key `listen.framing`: there is no such choice; did you mean `syslog`?",
        ),
        (
            format!("{fine}framming = \"syslog\""),
            "4:1: key `listen.framming`: there is no such key; did you mean `framing`?",
        ),
        (
            format!("{fine}ring = \"1M\""),
            "4:8: key `listen.ring`: it belongs to sharing",
        ),
        (
            format!("{fine}sharing = \"shared\"\nring = \"1K\""),
            "5:8: key `listen.ring`: write at least",
        ),
        (
            format!("{udp}overflow = \"block\""),
            "4:12: key `listen.overflow`: datagrams cannot",
        ),
        (
            format!("{udp}sharing = \"per-connection\""),
            "4:11: key `listen.sharing`: datagrams have",
        ),
        (
            format!("{udp}idle = \"5s\""),
            "4:8: key `listen.idle`: datagrams have",
        ),
        (
            format!("{udp}tls = {{ certificate = \"a\", key = \"b\" }}"),
            "4:7: key `listen.tls`: TLS needs a TCP listener",
        ),
        (
            format!("{tcp}upstream = \"udp:a:1\"\nupstream_tls = {{}}"),
            "4:16: key `listen.upstream_tls`: TLS needs an upstream",
        ),
        (
            format!("{fine}upstream_tls = {{ ca = \"/nonexistent/ca.pem\" }}"),
            "4:23: key `listen.upstream_tls.ca`: cannot read",
        ),
        (
            format!("{fine}forward = \"127.0.0.1:1\""),
            "1:1: key `listen`: write one of http, tcp, udp and forward",
        ),
        (
            format!("{fine}name = \"a b\""),
            "4:8: key `listen.name`: write 1 to 64",
        ),
    ]);
}

#[test]
fn what_a_sink_cannot_be_is_refused_with_its_place() {
    let tcp = "tcp = \"127.0.0.1:5170\"\n";
    let fine = format!("{tcp}upstream = \"a:1\"\n");
    check_refused(&[
        (
            format!("{tcp}upstream = \"file:/dev/stdout\""),
            "3:12: key `listen.upstream`: a file is made and rotated, and this is a device; for \
             standard output write \"stdout:\"",
        ),
        (
            format!("{tcp}upstream = \"file:/log\"\nsharing = \"per-connection\""),
            "4:11: key `listen.sharing`: all clients share",
        ),
        (
            format!("{tcp}upstream = \"stdout:\"\nresend = \"1M\""),
            "4:10: key `listen.resend`: it belongs to an upstream host:port",
        ),
        (
            format!("{fine}rotate_size = \"1M\""),
            "4:15: key `listen.rotate_size`: it belongs to an upstream file:/path",
        ),
        (
            format!("{tcp}upstream = \"file:/log\"\nrotate_keep = 2"),
            "4:15: key `listen.rotate_keep`: it needs rotate_size",
        ),
        (
            format!("{tcp}upstream = \"file:/log\"\nrotate_size = 9\nrotate_keep = 0"),
            "5:15: key `listen.rotate_keep`: write a number from 1",
        ),
        (
            format!(
                "{tcp}upstream = \"file:/log\"\n[[listen]]\ntcp = \"127.0.0.1:2\"\n\
                 upstream = \"file:/log\""
            ),
            "3:12: key `listen.upstream`: another listener writes to this file",
        ),
        (
            format!(
                "{tcp}upstream = \"file:/log\"\nrotate_size = \"1M\"\nrotate_keep = 2\n[[listen]]\n\
                 tcp = \"127.0.0.1:2\"\nupstream = \"file:/log.2\""
            ),
            "8:12: key `listen.upstream`: another listener rotates its file to this one",
        ),
        (
            format!("{tcp}upstream = \"stdout:\"\nupstream_tls = {{}}"),
            "4:16: key `listen.upstream_tls`: TLS needs an upstream",
        ),
        (
            format!("{tcp}upstream = \"http://host\"\nupstream_tls = {{}}"),
            "4:16: key `listen.upstream_tls`: TLS needs an upstream",
        ),
        (
            format!("{tcp}upstream = \"http://a:hunter2@host\""),
            "3:12: key `listen.upstream`: a user or password in the URL is refused",
        ),
        (
            format!("{tcp}upstream = \"http://host/?password=hunter2\""),
            "3:12: key `listen.upstream`: it holds a secret",
        ),
        (
            format!("{fine}compression = \"gzip\""),
            "4:15: key `listen.compression`: it belongs to an upstream http://",
        ),
        (
            format!("{tcp}upstream = \"http://host\"\nheaders = {{ Host = {{ env = \"PATH\" }} }}"),
            "4:20: key `listen.headers.Host`: this header is set by blackbar",
        ),
        (
            format!("{tcp}upstream = \"http://host\"\nheaders = {{ A = {{ env = \"NO_SUCH\" }} }}"),
            "4:25: key `listen.headers.A.env`: the environment has no NO_SUCH",
        ),
        (
            format!("{tcp}upstream = \"http://host\"\nheaders = {{ A = {{ file = \"/none\" }} }}"),
            "4:26: key `listen.headers.A.file`: cannot read /none",
        ),
        (
            format!("{tcp}upstream = \"http://host\"\nheaders = {{ A = {{}} }}"),
            "4:17: key `listen.headers.A`: write one of env",
        ),
    ]);
}

#[test]
fn what_a_sink_of_forward_cannot_be_is_refused_with_its_place() {
    let tcp = "tcp = \"127.0.0.1:5170\"\n";
    let fine = format!("{tcp}upstream = \"a:1\"\n");
    let forward = format!("{tcp}upstream = \"forward:a:1\"\n");
    check_refused(&[
        (
            format!("{tcp}upstream = \"forward:a\""),
            "3:12: key `listen.upstream`: write host:port",
        ),
        (
            format!("{tcp}upstream = \"forward:127.0.0.1:5170\""),
            "3:12: key `listen.upstream`: this is a listener",
        ),
        (
            "forward = \"127.0.0.1:1\"\nupstream = \"forward:a:1\"".to_owned(),
            "3:12: key `listen.upstream`: Forward needs a stream; write host:port",
        ),
        (
            format!("{fine}tag = \"app\""),
            "4:7: key `listen.tag`: it belongs to an upstream forward:host:port",
        ),
        (
            format!("{fine}upstream_security = {{ shared_key_file = \"Cargo.toml\" }}"),
            "4:21: key `listen.upstream_security`: it belongs to an upstream forward:host:port",
        ),
        (
            format!("{forward}tag = \"\""),
            "4:7: key `listen.tag`: write 1 to 255 bytes",
        ),
        (
            format!("{forward}tag = \"a b\""),
            "4:7: key `listen.tag`: write 1 to 255 bytes",
        ),
        (
            format!("{forward}batch_bytes = \"2G\""),
            "4:15: key `listen.batch_bytes`: Forward has no room",
        ),
        (
            format!("{forward}sharing = \"per-connection\""),
            "4:11: key `listen.sharing`: all clients share",
        ),
        (
            format!("{forward}resend = \"1M\""),
            "4:10: key `listen.resend`: it belongs to an upstream host:port",
        ),
        (
            format!("{forward}headers = {{ A = {{ env = \"PATH\" }} }}"),
            "4:11: key `listen.headers`: it belongs to an upstream http://",
        ),
        (
            format!("{forward}undecodable = \"text\""),
            "4:15: key `listen.undecodable`: it belongs to a listener with forward",
        ),
        (
            format!("{forward}upstream_security = {{ shared_key_file = \"/nonexistent/key\" }}"),
            "4:41: key `listen.upstream_security.shared_key_file`: cannot read",
        ),
    ]);
}

#[test]
fn a_listener_strengthens_relaxes_and_observes() {
    let base = "tcp = \"127.0.0.1:1\"\nupstream = \"a:1\"\n";
    let masks = |keys: &str, text: &str| {
        let stream = only(&listen(&format!("{base}{keys}")));
        stream.rules.plain.redact(text.as_bytes()) != text.as_bytes()
    };
    let plain = "favourite: hunter2\n";
    assert!(!masks("", plain));
    assert!(masks("detect = { fields = [\"favourite\"] }", plain));
    let relax = |until: &str| {
        format!("relax = [{{ allow_field = \"password\", reason = \"why\", until = {until} }}]")
    };
    assert!(!masks(&relax("2027-01-31"), "password: hunter2\n"));
    assert!(masks(&relax("1970-01-01"), "password: hunter2\n"));
    let observing = only(&listen(&format!(
        "{base}mode = \"observe\"\nuntil = 2027-01-31"
    )));
    assert!(observing.observe_until.is_some());
    assert!(only(&listen(base)).observe_until.is_none());
}

#[test]
fn what_is_relaxed_has_a_reason_and_what_observes_an_end() {
    let base = "tcp = \"127.0.0.1:1\"\nupstream = \"a:1\"\n";
    let cases = [
        (
            "mode = \"observe\"",
            "4:8: key `listen.mode`: observing lets secrets pass",
        ),
        (
            "until = 2027-01-31",
            "4:9: key `listen.until`: it belongs to mode",
        ),
        (
            "relax = [{ allow_field = \"a\", reason = \" \", until = 2027-01-31 }]",
            "4:40: key `listen.relax.reason`: say why",
        ),
        (
            "detect = { profile = \"article\" }",
            "4:22: key `listen.detect.profile`: a route or a listener may only strengthen",
        ),
        (
            "detect = { packs = [\"no-such\"] }",
            "4:21: key `listen.detect.packs`: no rule and no pack",
        ),
    ];
    check_refused(&cases.map(|(keys, expected)| (format!("{base}{keys}"), expected)));
}
