//! TLS and client certificates on both sides (RFC 5425: counts of octets in TLS).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

use crate::certificates::certificates;
use crate::support::{Relay, SECRET, Upstream, counted, masked, read_rest};

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn chain(folder: &Path, name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    (vec![certificate], key)
}

/// How an upstream asks for a certificate.
pub fn asking(folder: &Path, roots: &Arc<RootCertStore>) -> Arc<ServerConfig> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider());
    let (chain, key) = chain(folder, "upstream");
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// An upstream that asks for a certificate; what its first connection brings.
fn upstream(folder: &Path, roots: &Arc<RootCertStore>) -> (u16, mpsc::Receiver<String>) {
    let config = asking(folder, roots);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, bytes) = mpsc::channel();
    thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        let connection = ServerConnection::new(config).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let mut text = String::new();
        let read = stream.read_to_string(&mut text);
        let _ = told.send(format!("{text}{}", if read.is_ok() { "" } else { "(cut)" }));
    });
    (port, bytes)
}

#[test]
fn certificates_are_shown_and_asked_for_on_both_sides() {
    for sharing in ["per-connection", "shared"] {
        let folder = tempfile::tempdir().unwrap();
        let roots = certificates(folder.path(), &["server", "client", "own", "upstream"]);
        let (port, bytes) = upstream(folder.path(), &roots);
        let text = format!(
            "[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\n\
             framing = \"syslog\"\nsharing = \"{sharing}\"\nupstream = \"localhost:{port}\"\n\
             tls = {{ certificate = \"server.pem\", key = \"server.key\", client_ca = \"ca.pem\" }}\n\
             [listen.upstream_tls]\nca = \"ca.pem\"\n\
             identity = {{ certificate = \"own.pem\", key = \"own.key\" }}\n"
        );
        let mut relay = Relay::configured(folder, &text);
        let config = |identity: bool| {
            let builder = ClientConfig::builder_with_provider(provider())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots.clone());
            let (chain, key) = chain(relay.folder.path(), "client");
            Arc::new(if identity {
                builder.with_client_auth_cert(chain, key).unwrap()
            } else {
                builder.with_no_client_auth()
            })
        };
        let connect = |identity| {
            let name = "localhost".try_into().unwrap();
            let connection = ClientConnection::new(config(identity), name).unwrap();
            StreamOwned::new(connection, relay.connect())
        };
        let message = format!("<34>1 - - - - - - password={SECRET}");
        let mut stranger = connect(false);
        let _ = stranger.write_all(counted(&message).as_bytes());
        assert_eq!(read_rest(&mut stranger), "");
        relay.await_metric(
            "blackbar_refused_total{route=\"in\",reason=\"tls_handshake\"}",
            1,
        );
        let mut client = connect(true);
        client.write_all(counted(&message).as_bytes()).unwrap();
        client.conn.send_close_notify();
        client.flush().unwrap();
        relay.await_metric("blackbar_records_total{route=\"in\"}", 1);
        relay.signal("-TERM");
        let got = bytes.recv_timeout(crate::support::PATIENCE).unwrap();
        assert_eq!(got, counted(&masked(&message)), "{sharing}");
        assert_eq!(relay.exit_code(), Some(0));
    }
}

#[test]
fn an_upstream_that_nobody_vouches_for_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let roots = certificates(folder.path(), &["upstream", "own"]);
    let (port, bytes) = upstream(folder.path(), &roots);
    let text = format!(
        "[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\n\
         upstream = \"localhost:{port}\"\nupstream_tls = {{}}\n"
    );
    let relay = Relay::configured(folder, &text);
    relay.send(b"a line\n");
    assert_eq!(
        bytes.recv_timeout(crate::support::PATIENCE).unwrap(),
        "(cut)"
    );
    let series = "blackbar_upstream_errors_total{route=\"in\",reason=\"upstream_unreachable\"}";
    relay.await_metric(series, 1);
}

#[test]
fn plain_text_to_a_listener_of_tls_is_refused() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::new());
    certificates(folder.path(), &["server"]);
    let text = format!(
        "[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\n\
         upstream = \"{}\"\ntls = {{ certificate = \"server.pem\", key = \"server.key\" }}\n",
        upstream.address
    );
    let relay = Relay::configured(folder, &text);
    relay.send(b"a line in plain text\n");
    relay.await_metric(
        "blackbar_refused_total{route=\"in\",reason=\"tls_handshake\"}",
        1,
    );
    assert!(upstream.recorded().is_empty());
}
