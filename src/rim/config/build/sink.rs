//! What only some upstreams of streams have: files, standard output, HTTP, Forward.

use std::env;
use std::path::Path;

use blackbar::Redactor;
use hyper::Uri;
use hyper::header::HeaderName;

use super::Building;
use crate::rim::config::file::schema::{self, Listen};
use crate::rim::config::file::value::{Period, Size};
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::serve::ClientTls;
use crate::rim::config::sink::{
    Compression, Credential, CredentialSource, FileSink, ForwardSink, HttpSink, Rotation, Sink,
};
use crate::rim::config::stream::{Destination, UpstreamFraming};

/// Bytes that a shared connection gets again. What the kernels of both sides hold at a time
/// is less, with the send buffer that is set and the receive buffers that are usual.
const RESEND: Size = Size(1 << 20);

/// How many files that were moved away are kept, and at most.
const KEEP: u32 = 5;
const MOST_KEPT: u32 = 1000;

/// Bytes of a batch, and how long a record waits for others of it.
const BATCH_BYTES: Size = Size(1 << 20);
const BATCH_TIME: Period = Period(std::time::Duration::from_secs(1));

/// Bytes of a message of Forward at most: its length has 32 bits, and peers have less room.
const LARGEST_CHUNK: usize = 1 << 30;

/// Bytes of a tag at most.
const LONGEST_TAG: usize = 255;

/// Headers that are ours, or the connection's.
const OWN_HEADERS: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Writes out what a shared upstream does where the listener does not say it.
pub(super) fn fill(listen: &mut Listen) {
    match &listen.upstream {
        Some(Destination::File(_)) if listen.rotate_size.is_some() => {
            listen.rotate_keep.get_or_insert(KEEP);
        }
        Some(Destination::Http(_)) => fill_batches(listen),
        Some(Destination::Forward { .. }) => {
            listen.tag = listen.tag.take().or_else(|| listen.name.clone());
            fill_batches(listen);
        }
        Some(upstream) if upstream.is_connection() => {
            listen.resend.get_or_insert(RESEND);
            let framing = UpstreamFraming::of(listen.framing.unwrap_or_default());
            listen.upstream_framing.get_or_insert(framing);
        }
        _ => {}
    }
}

fn fill_batches(listen: &mut Listen) {
    listen.batch_bytes.get_or_insert(BATCH_BYTES);
    listen.batch_time.get_or_insert(BATCH_TIME);
    listen.compression.get_or_insert_default();
}

impl Building<'_> {
    /// What a shared upstream is; none if it takes datagrams.
    pub(super) fn sink(
        &mut self,
        told: &Listen,
        upstream: &Destination,
        tls: Option<&ClientTls>,
        path: &KeyPath,
    ) -> Result<Option<Sink>, Wrong> {
        Ok(Some(match upstream {
            Destination::Udp { .. } => return Ok(None),
            Destination::Tcp { .. } | Destination::Unix(_) => Sink::Stream {
                resend: told.resend.unwrap_or(RESEND).0,
                framing: (told.upstream_framing)
                    .unwrap_or_else(|| UpstreamFraming::of(told.framing.unwrap_or_default())),
            },
            Destination::Stdout => Sink::Stdout,
            Destination::File(file) => Sink::File(FileSink {
                path: file.clone(),
                rotation: self.rotation(told, path)?,
            }),
            Destination::Http(url) => Sink::Http(Box::new(self.http_sink(told, url, tls, path)?)),
            Destination::Forward { .. } => Sink::Forward(Box::new(self.forward_sink(told, path)?)),
        }))
    }

    /// What does nothing for this upstream would do it unseen.
    pub(super) fn check_keys_of_sinks(
        &self,
        told: &Listen,
        upstream: &Destination,
        path: &KeyPath,
    ) -> Result<(), Wrong> {
        for key in told.stream_keys() {
            let (belongs, to) = match key {
                "rotate_size" | "rotate_keep" => {
                    (matches!(upstream, Destination::File(_)), "file:/path")
                }
                "batch_bytes" | "batch_time" | "compression" => (
                    matches!(upstream, Destination::Http(_) | Destination::Forward { .. }),
                    "http://host/path, https://host/path or forward:host:port",
                ),
                "headers" => (
                    matches!(upstream, Destination::Http(_)),
                    "http://host/path or https://host/path",
                ),
                "tag" => (
                    matches!(upstream, Destination::Forward { .. }),
                    "forward:host:port",
                ),
                "upstream_security" => (
                    told.forward.is_some() || matches!(upstream, Destination::Forward { .. }),
                    "forward:host:port, or to a listener with forward",
                ),
                "resend" | "upstream_framing" => {
                    (!upstream.is_shared_only(), "host:port or unix:/path")
                }
                _ => continue,
            };
            if !belongs {
                let what = format!("it belongs to an upstream {to}");
                return Err(self.wrong(&path.key(key), what));
            }
        }
        Ok(())
    }

    /// Two that rotate one file, or mend its torn lines, would be in each other's way.
    pub(super) fn check_only_writer(
        &self,
        upstream: &Destination,
        path: &KeyPath,
    ) -> Result<(), Wrong> {
        let same = |other: &&Listen| other.upstream.as_ref() == Some(upstream);
        let writers = self.file.listen.iter().filter(same).count();
        if matches!(upstream, Destination::File(_)) && writers > 1 {
            let what = "another listener writes to this file; give each one of its own";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        let rotates_over = |other: &Listen| match (upstream, &other.upstream) {
            (Destination::File(own), Some(Destination::File(file))) => moves_to(other, file, own),
            _ => false,
        };
        if self.file.listen.iter().any(rotates_over) {
            let what = "another listener rotates its file to this one, and would replace it; \
                        choose another name";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        Ok(())
    }

    /// A configuration holds no secrets, so neither does the URL of an upstream.
    pub(super) fn check_secret(
        &self,
        upstream: &Destination,
        redactor: &Redactor,
        path: &KeyPath,
    ) -> Result<(), Wrong> {
        let Destination::Http(url) = upstream else {
            return Ok(());
        };
        let url = url.to_string();
        if redactor.redact(url.as_bytes()) != url.as_bytes() {
            let what = "it holds a secret, and a configuration holds none; send it in a header, \
                        such as headers = { Authorization = { env = \"TOKEN\" } }";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        Ok(())
    }

    fn rotation(&self, told: &Listen, path: &KeyPath) -> Result<Option<Rotation>, Wrong> {
        let Some(Size(size)) = told.rotate_size else {
            return match told.rotate_keep {
                None => Ok(None),
                Some(_) => Err(self.wrong(&path.key("rotate_keep"), "it needs rotate_size")),
            };
        };
        let keep = told.rotate_keep.unwrap_or(KEEP);
        if !(1..=MOST_KEPT).contains(&keep) {
            let what = format!("write a number from 1 to {MOST_KEPT}");
            return Err(self.wrong(&path.key("rotate_keep"), what));
        }
        let size = size as u64;
        Ok(Some(Rotation { size, keep }))
    }

    fn http_sink(
        &self,
        told: &Listen,
        url: &Uri,
        tls: Option<&ClientTls>,
        path: &KeyPath,
    ) -> Result<HttpSink, Wrong> {
        let headers = told.headers.iter().map(|(name, header)| {
            let path = path.key("headers").key(name);
            Ok((self.header(name, &path)?, self.credential(header, &path)?))
        });
        Ok(HttpSink {
            url: url.clone(),
            tls: tls.cloned().unwrap_or_default(),
            batch_bytes: told.batch_bytes.unwrap_or(BATCH_BYTES).0,
            batch_time: told.batch_time.unwrap_or(BATCH_TIME).0,
            compression: told.compression.unwrap_or(Compression::None),
            headers: headers.collect::<Result<_, _>>()?,
        })
    }

    fn forward_sink(&mut self, told: &Listen, path: &KeyPath) -> Result<ForwardSink, Wrong> {
        let batch_bytes = told.batch_bytes.unwrap_or(BATCH_BYTES).0;
        if batch_bytes > LARGEST_CHUNK {
            let what = "Forward has no room for so large a message; write at most 1G";
            return Err(self.wrong(&path.key("batch_bytes"), what));
        }
        let tag = told.tag.clone().unwrap_or_default();
        let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control();
        if !(1..=LONGEST_TAG).contains(&tag.len()) || !tag.chars().all(is_plain) {
            let what = format!("write 1 to {LONGEST_TAG} bytes without blanks");
            return Err(self.wrong(&path.key("tag"), what));
        }
        let login = &path.key("upstream_security");
        Ok(ForwardSink {
            tag,
            login: self.login(told.upstream_security.as_ref(), login)?,
            batch_bytes,
            batch_time: told.batch_time.unwrap_or(BATCH_TIME).0,
            compression: told.compression.unwrap_or(Compression::None),
        })
    }

    fn header(&self, name: &str, path: &KeyPath) -> Result<HeaderName, Wrong> {
        let header: HeaderName = name
            .parse()
            .map_err(|_| self.wrong(path, "this is no name of a header"))?;
        if OWN_HEADERS.contains(&header.as_str()) {
            return Err(self.wrong(path, "this header is set by blackbar; leave it out"));
        }
        Ok(header)
    }

    fn credential(&self, told: &schema::Header, path: &KeyPath) -> Result<Credential, Wrong> {
        let source = match (&told.env, &told.file) {
            (Some(variable), None) => {
                if env::var_os(variable).is_none() {
                    let what = format!("the environment has no {variable}");
                    return Err(self.wrong(&path.key("env"), what));
                }
                CredentialSource::Environment(variable.clone())
            }
            (None, Some(file)) => {
                self.check_file(Path::new(file), &path.key("file"))?;
                CredentialSource::File(file.clone())
            }
            _ => {
                let what = "write one of env = \"VARIABLE\" and file = \"/path\"";
                return Err(self.wrong(path, what));
            }
        };
        Ok(Credential {
            source,
            prefix: told.prefix.clone(),
        })
    }
}

/// Whether rotation moves a listener's `file` to `other` at some time: `file.1` and so on.
fn moves_to(told: &Listen, file: &Path, other: &Path) -> bool {
    let keep = told.rotate_keep.unwrap_or(KEEP).min(MOST_KEPT);
    let is_moved = |number| {
        let mut moved = file.as_os_str().to_owned();
        moved.push(format!(".{number}"));
        Path::new(&moved) == other
    };
    told.rotate_size.is_some() && (1..=keep).any(is_moved)
}
