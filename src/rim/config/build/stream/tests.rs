use std::time::{Duration, SystemTime};

use super::*;
use crate::rim::config::build::{Built, Surroundings, build, effective};
use crate::rim::config::file::{File, Source, Wrongs};

fn parsed(text: &str) -> Result<(File, Source), Wrongs> {
    let source = Source::of("b.toml", text.to_owned());
    let mut file = source.parse()?;
    effective(&mut file);
    Ok((file, source))
}

fn built(text: &str) -> Result<Built, Wrongs> {
    let (file, source) = parsed(text)?;
    let surroundings = Surroundings {
        now: SystemTime::UNIX_EPOCH,
        formats: Vec::new(),
        files: None,
    };
    build(&file, &source, &surroundings)
}

fn listen(keys: &str) -> String {
    format!("[[listen]]\n{keys}\n")
}

fn only(text: &str) -> std::sync::Arc<Stream> {
    let built = built(text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(built.serve.listen.is_empty());
    built.serve.streams[0].clone()
}

#[test]
fn the_defaults() {
    let stream = only(&listen(
        "tcp = \"127.0.0.1:5170\"\nupstream = \"shipper:5171\"",
    ));
    assert_eq!(stream.name, "stream-1");
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
        resend: 1 << 20,
        overflow: Overflow::DropNewest,
    };
    assert_eq!(stream.delivery, delivery);
}

#[test]
fn what_is_chosen_is_taken() {
    let stream = only(&listen(
        "name = \"syslog\"\ntcp = \"unix:/run/in.sock\"\nupstream = \"unix:/run/out.sock\"\n\
         framing = \"syslog\"\nsharing = \"shared\"\nring = \"2M\"\nresend = \"64K\"\n\
         overflow = \"drop-newest\"\nidle = \"5m\"",
    ));
    assert_eq!(stream.name, "syslog");
    assert_eq!(stream.framing, StreamFraming::Syslog);
    assert_eq!(stream.idle, Some(Duration::from_secs(300)));
    let delivery = Delivery::Shared {
        ring: 2 << 20,
        resend: 64 << 10,
        overflow: Overflow::DropNewest,
    };
    assert_eq!(stream.delivery, delivery);
}

#[test]
fn what_is_in_effect_can_be_read_again() {
    for keys in [
        "tcp = \"unix:/run/in.sock\"\nupstream = \"[::1]:5171\"\nsharing = \"shared\"",
        "udp = \"127.0.0.1:514\"\nupstream = \"udp:host:514\"",
        "udp = \"127.0.0.1:514\"\nupstream = \"host:514\"\nframing = \"lines\"",
        "tcp = \"127.0.0.1:1\"\nupstream = \"host:514\"\nupstream_tls = {}\nidle = \"90s\"",
    ] {
        let (file, _) = parsed(&listen(keys)).unwrap();
        let shown = toml::to_string_pretty(&file).unwrap();
        let (again, _) = parsed(&shown).unwrap_or_else(|wrong| panic!("{wrong}\n{shown}"));
        assert_eq!(toml::to_string_pretty(&again).unwrap(), shown);
        built(&shown).unwrap_or_else(|wrong| panic!("{wrong}\n{shown}"));
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let tcp = "tcp = \"127.0.0.1:5170\"\n";
    let fine = format!("{tcp}upstream = \"a:1\"\n");
    let udp = "udp = \"127.0.0.1:514\"\nupstream = \"a:1\"\n";
    for (keys, expected) in [
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
            "3:8: key `listen.ring`: it belongs to a listener with tcp",
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
            format!("{fine}name = \"a b\""),
            "4:8: key `listen.name`: write 1 to 64",
        ),
    ] {
        let wrong = built(&listen(&keys)).err().map(|wrong| wrong.to_string());
        let wrong = wrong.unwrap_or_else(|| panic!("it is taken: {keys}"));
        assert!(
            wrong.starts_with(&format!("b.toml:{expected}")),
            "{keys}\n{wrong}"
        );
        assert!(!wrong.contains("hunter2"), "{wrong}");
    }
}
