//! From the keys of a file to what `serve` runs on: checked as a whole, and compiled. A
//! [`Serve`] that exists is right.

mod blame;
mod exceptions;
mod forward;
mod route;
mod rules;
mod shadow;
mod sink;
mod stream;
mod upstream;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::rim::config::file::schema::{self, File};
use crate::rim::config::file::value::{Address, Size};
use crate::rim::config::file::{KeyPath, Source, Wrong, Wrongs};
use crate::rim::config::serve::{Listen, Route, Serve, ServeLimits, ServerTls, Timeouts};
use crate::rim::config::stream::StreamAddress;
use crate::rim::config::{FilesRead, memory};
use crate::rim::message::{name, reason};

/// What a configuration makes, and what is to be said of it.
pub(crate) struct Built {
    /// What `serve` runs on.
    pub(crate) serve: Serve,
    /// What works, but hardly as it was meant.
    pub(crate) warnings: Vec<Wrong>,
    /// When the first of its exceptions ends, so that the same file makes something else.
    pub(crate) expires: Option<SystemTime>,
    /// What was read of other files.
    pub(crate) files: FilesRead,
}

/// What a configuration is held against.
pub(crate) struct Surroundings {
    /// Decides which exceptions still hold.
    pub(crate) now: SystemTime,
    /// The names of the formats of bodies.
    pub(crate) formats: Vec<&'static str>,
    /// What an earlier build from the same file has read. With it nothing is read again.
    pub(crate) files: Option<FilesRead>,
}

/// The file with what depends on the machine and on its own parts filled in.
pub(crate) fn effective(file: &mut File) {
    let budget = &mut file.limits.budget;
    *budget = budget.or_else(|| Some(Size(memory::budget())));
    let routes = file.listen.iter_mut().flat_map(|listen| &mut listen.route);
    for (index, route) in routes.enumerate() {
        route
            .name
            .get_or_insert_with(|| format!("route-{}", index + 1));
        route.max_body = route.max_body.or(Some(file.limits.max_body));
        route::fill_passes(route);
    }
    stream::fill(&mut file.listen);
}

/// Checks the whole and compiles it. `file` is an [`effective`] one.
///
/// # Errors
///
/// What cannot be, with its places: of each part the first thing.
pub(crate) fn build(
    file: &File,
    source: &Source,
    surroundings: &Surroundings,
) -> Result<Built, Wrongs> {
    let mut building = Building {
        file,
        source,
        surroundings,
        rules: rules::Compiled::default(),
        files: surroundings.files.clone().unwrap_or_default(),
        names: HashSet::new(),
        warnings: Vec::new(),
        expires: None,
        wrongs: Vec::new(),
        detect_holds: true,
    };
    let serve = building.serve();
    match serve {
        Some(serve) if building.wrongs.is_empty() => Ok(Built {
            serve,
            warnings: building.warnings,
            expires: building.expires,
            files: building.files,
        }),
        _ => Err(Wrongs::sorted(building.wrongs)),
    }
}

/// A configuration that is being built.
struct Building<'a> {
    file: &'a File,
    source: &'a Source,
    surroundings: &'a Surroundings,
    /// The redactors that are there already.
    rules: rules::Compiled,
    files: FilesRead,
    /// The names of routes that are taken.
    names: HashSet<String>,
    warnings: Vec<Wrong>,
    expires: Option<SystemTime>,
    /// What has been found wrong so far.
    wrongs: Vec<Wrong>,
    /// Whether `[detect]` compiles.
    detect_holds: bool,
}

impl Building<'_> {
    /// `None` where something is wrong.
    fn serve(&mut self) -> Option<Serve> {
        if self.file.listen.is_empty() {
            let what = "nothing listens; write a [[listen]] with http = \"127.0.0.1:9000\", or \
                        give --http 127.0.0.1:9000=https://backend.example or --tcp \
                        127.0.0.1:5170=shipper:5171";
            return self.keep(Err(self.wrong(&KeyPath::default(), what)));
        }
        self.check_exceptions();
        self.keep(self.check_addresses());
        self.check_detect();
        let (mut listen, mut streams) = (Vec::new(), Vec::new());
        for (index, told) in self.file.listen.iter().enumerate() {
            let path = KeyPath::default().key("listen").index(index);
            if let Some(address) = told.http {
                listen.extend(self.listen(address, told, &path));
            } else {
                let stream = self.stream(told, &path);
                streams.extend(self.keep(stream).flatten().map(Arc::new));
            }
        }
        let limits = self.limits();
        Some(Serve {
            listen,
            streams,
            admin: self.file.admin.as_ref().map(|admin| admin.listen.0),
            limits: self.keep(limits)?,
            timeouts: self.timeouts(),
            log: self.file.log.format,
        })
    }

    fn listen(
        &mut self,
        Address(address): Address,
        listen: &schema::Listen,
        path: &KeyPath,
    ) -> Option<Listen> {
        self.keep(self.check_keys_of_http(listen, path))?;
        if listen.route.is_empty() {
            let what = "it has no route; write a [[listen.route]] with upstream = \"https://…\" \
                        below it";
            return self.keep(Err(self.wrong(path, what)));
        }
        let tls = match &listen.tls {
            Some(tls) => self.keep(self.tls(tls, &path.key("tls"))),
            None => None,
        };
        let mut routes: Vec<Arc<Route>> = Vec::with_capacity(listen.route.len());
        for (index, told) in listen.route.iter().enumerate() {
            let place = path.key("route").index(index);
            let Some(route) = self.route(told, &place) else {
                continue;
            };
            if let Some(earlier) = routes
                .iter()
                .find(|earlier| shadow::covers(earlier, &route))
            {
                let what = format!(
                    "nothing reaches this route, since \"{}\" before it takes all of it",
                    earlier.name
                );
                self.warn(&place.key("path"), what);
            }
            routes.push(Arc::new(route));
        }
        Some(Listen {
            address,
            tls,
            routes,
        })
    }

    fn tls(&self, tls: &schema::Tls, path: &KeyPath) -> Result<ServerTls, Wrong> {
        self.check_file(&tls.certificate, &path.key("certificate"))?;
        self.check_file(&tls.key, &path.key("key"))?;
        if let Some(authorities) = &tls.client_ca {
            self.check_file(authorities, &path.key("client_ca"))?;
        }
        Ok(ServerTls {
            certificate: tls.certificate.clone(),
            key: tls.key.clone(),
            client_ca: tls.client_ca.clone(),
        })
    }

    /// Whether it can be read now; what is in it is for TLS to say.
    fn check_file(&self, file: &Path, path: &KeyPath) -> Result<(), Wrong> {
        if self.surroundings.files.is_some() {
            return Ok(());
        }
        let failed = |error| {
            let told = format!("cannot read {}: {}", name(file), reason(&error));
            self.wrong(path, told)
        };
        let opened = std::fs::File::open(file).map_err(failed)?;
        let is_folder = opened.metadata().is_ok_and(|data| data.is_dir());
        if is_folder {
            let what = format!("{} is a directory; name a PEM file", name(file));
            return Err(self.wrong(path, what));
        }
        Ok(())
    }

    /// No two listeners on one address; port 0 is another port each time.
    fn check_addresses(&self) -> Result<(), Wrong> {
        let root = KeyPath::default();
        let listen = self.file.listen.iter().enumerate();
        let listen = listen.filter_map(|(index, listen)| {
            let (address, key) = match (listen.http, &listen.tcp, &listen.forward) {
                (Some(address), ..) => (address, "http"),
                (None, Some(StreamAddress::Tcp(address)), _) => (*address, "tcp"),
                (None, None, Some(StreamAddress::Tcp(address))) => (*address, "forward"),
                _ => return None,
            };
            Some((address.0, root.key("listen").index(index).key(key)))
        });
        let admin = self.file.admin.iter();
        let admin = admin.map(|admin| (admin.listen.0, root.key("admin").key("listen")));
        let mut taken = HashSet::new();
        for (address, path) in listen.chain(admin) {
            if address.port() != 0 && !taken.insert(address) {
                let what = format!("{address} is taken by another listener of this configuration");
                return Err(self.wrong(&path, what));
            }
        }
        Ok(())
    }

    fn limits(&mut self) -> Result<ServeLimits, Wrong> {
        let limits = &self.file.limits;
        let path = KeyPath::default().key("limits");
        let at_least_one = [
            ("max_ratio", limits.max_ratio as usize),
            ("max_connections", limits.max_connections),
            ("max_in_flight", limits.max_in_flight),
        ];
        if let Some((key, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
            return Err(self.wrong(&path.key(key), "write a number of at least 1"));
        }
        // The limit of hyper's own buffer for a head.
        if limits.max_head.0 < 8192 {
            return Err(self.wrong(&path.key("max_head"), "write at least \"8K\""));
        }
        let budget = limits.budget.map_or_else(memory::budget, |budget| budget.0);
        let routes = self.file.listen.iter().flat_map(|listen| &listen.route);
        let largest = routes.map(|route| route.max_body.unwrap_or(limits.max_body).0);
        let body = largest.max().unwrap_or(0).saturating_mul(memory::CLAIM);
        // Where one fits, the next waits for it.
        if budget < body {
            let what = "a body of max_body does not fit in it, since each takes three times its \
                        size; such bodies are refused with 413";
            self.warn(&path.key("budget"), what);
        }
        Ok(ServeLimits {
            budget,
            max_head: limits.max_head.0,
            max_connections: limits.max_connections,
            max_in_flight: limits.max_in_flight,
        })
    }

    fn timeouts(&self) -> Timeouts {
        let periods = &self.file.timeouts;
        Timeouts {
            head: periods.head.0,
            idle: periods.idle.0,
            connect: periods.connect.0,
            response: periods.response.0,
            drain: periods.drain.0,
        }
    }

    /// What holds; what does not is kept in mind.
    fn keep<T>(&mut self, result: Result<T, Wrong>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(wrong) => {
                // Routes share rules and limits, and what is wrong with these.
                if !self.wrongs.contains(&wrong) {
                    self.wrongs.push(wrong);
                }
                None
            }
        }
    }

    fn wrong(&self, path: &KeyPath, what: impl Into<String>) -> Wrong {
        self.source.wrong(path, what)
    }

    fn warn(&mut self, path: &KeyPath, what: impl Into<String>) {
        self.warnings.push(self.source.wrong(path, what));
    }
}

#[cfg(test)]
mod tests;
