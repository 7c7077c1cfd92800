//! TLS by rustls: what a listener shows, and whom we believe upstream.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::rim::config::serve::{ClientTls, ServerTls};
use crate::rim::message::name;
use crate::rim::stamp::Stamp;

/// The protocols that are agreed on in the handshake (ALPN, RFC 7301), best first.
pub(crate) type Protocols = &'static [&'static [u8]];

/// HTTP/2 and HTTP/1.1.
pub(crate) const HTTP: Protocols = &[b"h2", b"http/1.1"];

/// Nothing to agree on.
pub(crate) const STREAM: Protocols = &[];

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// What a listener shows, read again when the files change.
pub(crate) struct Shown {
    files: ServerTls,
    protocols: Protocols,
    current: ArcSwap<ServerConfig>,
}

impl Shown {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// They cannot be read or do not belong together; the text names the file.
    pub(crate) fn new(files: &ServerTls, protocols: Protocols) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            files: files.clone(),
            protocols,
            current: ArcSwap::from_pointee(server(files, protocols)?),
        }))
    }

    /// Whether it is of these files.
    pub(crate) fn is_of(&self, files: &ServerTls) -> bool {
        self.files == *files
    }

    /// What is shown to the next client.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Looks after the files for as long as a listener shows them. A pair that does not
    /// hold is logged, and the old one stays.
    pub(crate) async fn watch(shown: Weak<Self>) {
        let mut seen = shown.upgrade().map(|shown| shown.stamps());
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(shown) = shown.upgrade() else {
                return;
            };
            let stamps = Some(shown.stamps());
            if stamps != seen {
                seen = stamps;
                shown.read_again();
            }
        }
    }

    fn read_again(&self) {
        let certificate = name(&self.files.certificate);
        match server(&self.files, self.protocols) {
            Ok(config) => {
                self.current.store(Arc::new(config));
                tracing::info!("read the new certificate {certificate}");
            }
            Err(error) => tracing::error!("the old certificate stays in use: {error}"),
        }
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        let ServerTls {
            certificate,
            key,
            client_ca,
        } = &self.files;
        Stamp::all([certificate, key].into_iter().chain(client_ca))
    }
}

fn server(files: &ServerTls, protocols: Protocols) -> Result<ServerConfig, String> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = Arc::new(authorities(ca)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                .build()
                .map_err(|error| format!("{}: {error}", name(ca)))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain(&files.certificate)?, key(&files.key)?)
        .map_err(|error| format!("{}: {error}", name(&files.certificate)))?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// Whom we believe upstream, and what we show there.
///
/// # Errors
///
/// A file cannot be read or used; the text names it.
pub(crate) fn client(told: &ClientTls, protocols: Protocols) -> Result<ClientConfig, String> {
    let roots = match &told.ca {
        Some(path) => authorities(path)?,
        None => system_roots(),
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let mut config = match &told.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, path)) => builder
            .with_client_auth_cert(chain(certificate)?, key(path)?)
            .map_err(|error| format!("{}: {error}", name(certificate)))?,
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Those of the system, or Mozilla's where it has none.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots
            .add(certificate)
            .map_err(|error| format!("{}: {error}", name(path)))?;
    }
    Ok(roots)
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |error| format!("{}: {}", name(path), pem_reason(&error));
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(format!("{}: no certificate in it", name(path)));
    }
    Ok(certificates)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| format!("{}: {}", name(path), pem_reason(&error)))
}

/// Why a PEM file cannot be used, without a byte of it: it may hold a key.
fn pem_reason(error: &rustls::pki_types::pem::Error) -> String {
    use rustls::pki_types::pem::Error;
    match error {
        Error::Io(error) => crate::rim::message::reason(error),
        Error::NoItemsFound => "no key in it".to_owned(),
        _ => "not a PEM file".to_owned(),
    }
}
