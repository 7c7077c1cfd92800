//! Where a route's requests go.

use std::path::PathBuf;

use hyper::Uri;

use super::Building;
use super::stream::is_own;
use crate::rim::config::file::schema;
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::serve::{ClientTls, Upstream};
use crate::rim::config::url;

impl Building<'_> {
    pub(super) fn upstream(
        &mut self,
        route: &schema::Route,
        path: &KeyPath,
    ) -> Result<Upstream, Wrong> {
        let base =
            url::base(&route.upstream).map_err(|what| self.wrong(&path.key("upstream"), what))?;
        self.check_circle(&base, path)?;
        let is_tls = base.scheme_str() == Some("https");
        if route.http2 && is_tls {
            let what = "HTTP/2 is negotiated with an https: upstream; leave this out";
            return Err(self.wrong(&path.key("http2"), what));
        }
        let tls_only = [
            ("ca", route.ca.is_some()),
            ("identity", route.identity.is_some()),
        ];
        if let Some((key, _)) = tls_only.iter().find(|(_, given)| *given && !is_tls) {
            let what = "it needs an upstream with https:";
            return Err(self.wrong(&path.key(key), what));
        }
        Ok(Upstream {
            base,
            http2: route.http2,
            preserve_host: route.preserve_host,
            tls: self.client_tls(route.ca.as_ref(), route.identity.as_ref(), path)?,
        })
    }

    /// The keys `ca` and `identity` below `path`.
    pub(super) fn client_tls(
        &mut self,
        ca: Option<&PathBuf>,
        identity: Option<&schema::Identity>,
        path: &KeyPath,
    ) -> Result<ClientTls, Wrong> {
        if let Some(authorities) = ca {
            self.check_file(authorities, &path.key("ca"))?;
        }
        let identity = self.identity(identity, &path.key("identity"))?;
        let files = identity
            .iter()
            .flat_map(|(certificate, key)| [certificate, key]);
        let stamps = ca
            .into_iter()
            .chain(files)
            .map(|file| self.files.stamp(file));
        Ok(ClientTls {
            stamps: stamps.collect(),
            ca: ca.cloned(),
            identity,
        })
    }

    /// The files of a client certificate and its key.
    fn identity(
        &self,
        told: Option<&schema::Identity>,
        path: &KeyPath,
    ) -> Result<Option<(PathBuf, PathBuf)>, Wrong> {
        let Some(identity) = told else {
            return Ok(None);
        };
        self.check_file(&identity.certificate, &path.key("certificate"))?;
        self.check_file(&identity.key, &path.key("key"))?;
        Ok(Some((identity.certificate.clone(), identity.key.clone())))
    }

    /// A request that comes back in would go round until something breaks.
    pub(super) fn check_circle(&self, base: &Uri, path: &KeyPath) -> Result<(), Wrong> {
        let default = if base.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = base.port_u16().unwrap_or(default);
        let host = base.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut listeners = self.file.listen.iter().filter_map(|listen| listen.http);
        if listeners.any(|own| is_own(own.0, host, port)) {
            let what = "this is a listener of the same configuration; its requests would go \
                        round in circles";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        Ok(())
    }
}

/// Scheme, host and port, for a DSN.
pub(super) fn origin(base: &Uri) -> String {
    let scheme = base.scheme_str().unwrap_or_default();
    let authority = base.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{authority}")
}
