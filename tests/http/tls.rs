//! TLS on both sides: ALPN, client certificates, and certificates that change.

use std::fs;
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::StreamOwned;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use tempfile::TempDir;

use crate::support::{Proxy, Upstream, eventually, read_message, read_rest};

/// An authority that signs certificates for `localhost`.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes `{name}.pem` and `{name}.key`; the authority's own as `{name}-ca.pem`.
    fn write(&self, folder: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        fs::write(folder.join(format!("{name}-ca.pem")), self.0.pem()).unwrap();
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        Arc::new(roots)
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn chain(folder: &Path, name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    (vec![certificate], key)
}

/// A GET over TLS; the certificate that was shown and the answer, or why not.
fn get(
    proxy: &Proxy,
    authority: &Authority,
    identity: Option<&str>,
) -> std::io::Result<(Vec<u8>, String)> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots());
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let (chain, key) = chain(proxy.folder.path(), name);
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = "localhost".try_into().unwrap();
    let mut stream = StreamOwned::new(
        ClientConnection::new(Arc::new(config), name).unwrap(),
        proxy.connect(),
    );
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let answer = read_rest(&mut stream);
    let shown = stream
        .conn
        .peer_certificates()
        .map_or_else(Vec::new, |chain| chain[0].to_vec());
    Ok((shown, answer))
}

fn listening(folder: TempDir, upstream: &Upstream, more: &str) -> Proxy {
    let text = format!(
        "[[listen]]\nhttp = \"127.0.0.1:0\"\n\
         tls = {{ certificate = \"server.pem\", key = \"server.key\"{more} }}\n\
         [[listen.route]]\nname = \"all\"\npath = \"/*\"\nupstream = \"http://{}\"\n",
        upstream.address
    );
    Proxy::configured(folder, &text)
}

#[test]
fn a_listener_shows_its_certificate_and_a_new_one_when_it_changes() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let folder = tempfile::tempdir().unwrap();
    authority.write(folder.path(), "server");
    let proxy = listening(folder, &upstream, "");
    let (first, answer) = get(&proxy, &authority, None).unwrap();
    assert!(answer.ends_with("ok"), "{answer}");
    // A pair that does not hold is not taken.
    fs::write(proxy.folder.path().join("server.key"), "no key").unwrap();
    proxy.await_log("the old certificate stays in use");
    assert_eq!(get(&proxy, &authority, None).unwrap().0, first);
    authority.write(proxy.folder.path(), "server");
    let shown = || get(&proxy, &authority, None).unwrap().0;
    eventually(|| shown() != first, || proxy.log());
}

#[test]
fn a_client_must_show_a_certificate_where_one_is_asked_for() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let folder = tempfile::tempdir().unwrap();
    authority.write(folder.path(), "server");
    authority.write(folder.path(), "client");
    let proxy = listening(folder, &upstream, ", client_ca = \"client-ca.pem\"");
    let without = get(&proxy, &authority, None);
    assert!(without.is_err() || without.unwrap().1.is_empty());
    assert!(upstream.recorded().is_empty());
    let (_, answer) = get(&proxy, &authority, Some("client")).unwrap();
    assert!(answer.ends_with("ok"), "{answer}");
}

/// An upstream of TLS that answers one request on each connection.
fn tls_upstream(folder: &Path) -> u16 {
    let (chain, key) = chain(folder, "upstream");
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let tls: StreamOwned<ServerConnection, TcpStream> =
                StreamOwned::new(connection, stream.unwrap());
            let mut reader = BufReader::new(tls);
            if read_message(&mut reader).is_some() {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                let _ = reader.get_mut().write_all(answer);
            }
        }
    });
    port
}

#[test]
fn an_upstream_is_verified_by_the_authority_that_is_given() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    authority.write(folder.path(), "upstream");
    let port = tls_upstream(folder.path());
    let text = |ca: &str| {
        format!(
            "[[listen]]\nhttp = \"127.0.0.1:0\"\n[[listen.route]]\nname = \"all\"\npath = \"/*\"\n\
             upstream = \"https://localhost:{port}\"\n{ca}"
        )
    };
    let proxy = Proxy::configured(folder, &text("ca = \"upstream-ca.pem\"\n"));
    assert!(proxy.post("/", "", b"hi").ends_with("ok"));
    let strict = Proxy::configured(tempfile::tempdir().unwrap(), &text(""));
    crate::support::assert_refused(&strict.post("/", "", b"hi"), 502, "upstream_unreachable");
}
