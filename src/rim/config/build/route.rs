//! One route, checked and compiled.

use std::sync::Arc;

use hyper::Method;
use hyper::header::HeaderName;

use super::{Building, blame, rules, upstream};
use crate::rim::config::file::schema;
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::policy::{Policy, Rules};
use crate::rim::config::serve::{Passes, Route};
use crate::rim::nearest::nearest;

/// Writes out what passes by the preset, beside what the operator named.
pub(super) fn fill_passes(route: &mut schema::Route) {
    let preset = route.preset.passes();
    let passes = &mut route.passes;
    for name in &mut passes.headers {
        name.make_ascii_lowercase();
    }
    add(&mut passes.headers, preset.headers);
    add(&mut passes.parameters, preset.parameters);
    add(&mut passes.cookies, preset.cookies);
}

fn add(names: &mut Vec<String>, more: Vec<String>) {
    names.extend(more);
    names.sort();
    names.dedup();
}

impl Building<'_> {
    /// `None` where something is wrong.
    pub(super) fn route(&mut self, told: &schema::Route, path: &KeyPath) -> Option<Route> {
        let name = self.name(told.name.as_deref(), path);
        let name = self.keep(name);
        let methods = self.keep(self.methods(told, path));
        let path_holds = self.keep(self.check_path(&told.path, &path.key("path")));
        let upstream = self.upstream(told, path);
        let upstream = self.keep(upstream);
        let origin = upstream
            .as_ref()
            .map(|upstream| upstream::origin(&upstream.base));
        let policy = self.keep(self.policy(told, origin.as_deref().unwrap_or_default(), path));
        let passes = self.keep(self.passes(told, path));
        let observe_until = self.observe_until(told.mode, told.until, path);
        let observe_until = self.keep(observe_until);
        let rules = self.rules_of_route(told, path);
        let candidates = self.candidates();
        let candidates = self.keep(candidates);
        path_holds?;
        Some(Route {
            name: name?,
            methods: methods?,
            path: told.path.clone(),
            upstream: upstream?,
            rules: rules?,
            policy: Arc::new(policy?),
            passes: passes?,
            observe_until: observe_until?,
            candidates: candidates?,
        })
    }

    fn rules_of_route(&mut self, told: &schema::Route, path: &KeyPath) -> Option<Rules> {
        let now = self.surroundings.now;
        let base = rules::detection(self.file, now);
        let mut detection = base.clone();
        self.keep(self.strengthen(&mut detection, &told.detect, path))?;
        let relaxed = self.relax(&mut detection, &told.relax, path);
        self.keep(relaxed)?;
        let values = told.detect.values.or(self.file.detect.values);
        let entries = || blame::of_route(&base, &told.detect, &told.relax, path, now);
        self.rules(detection, values, &entries, &path.key("detect"))
    }

    pub(super) fn name(&mut self, told: Option<&str>, path: &KeyPath) -> Result<String, Wrong> {
        let name = told.unwrap_or_default().to_owned();
        let path = path.key("name");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
            let what = "write 1 to 64 letters, digits, `-`, `_` or `.`, for logs and metrics";
            return Err(self.wrong(&path, what));
        }
        if !self.names.insert(name.clone()) {
            let what = format!("\"{name}\" is the name of another route; names are unique");
            return Err(self.wrong(&path, what));
        }
        Ok(name)
    }

    fn methods(&self, told: &schema::Route, path: &KeyPath) -> Result<Vec<Method>, Wrong> {
        let methods = told.methods.iter().enumerate().map(|(index, text)| {
            let is_upper = !text.bytes().any(|byte| byte.is_ascii_lowercase());
            let method = Method::from_bytes(text.as_bytes());
            let method = method
                .ok()
                .filter(|method| is_upper && ![Method::CONNECT, Method::TRACE].contains(method));
            method.ok_or_else(|| {
                let what = "write a method in capitals, such as \"POST\"; CONNECT and TRACE are \
                            refused";
                self.wrong(&path.key("methods").index(index), what)
            })
        });
        methods.collect()
    }

    /// A path that no request can have would leave its requests to another route.
    fn check_path(&self, text: &str, path: &KeyPath) -> Result<(), Wrong> {
        let odd = |segment: &str| segment != "*" && segment.contains('*') || segment == "..";
        let usable = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"?#\\%".contains(&byte));
        if text.starts_with('/') && usable && !text.split('/').any(odd) {
            return Ok(());
        }
        let what = "write a path such as /api/* (all below /api/), /bulk (this one), or \
                    /api/*/store/ (any one segment), without ?, #, % and ..";
        Err(self.wrong(path, what))
    }

    fn policy(&self, told: &schema::Route, origin: &str, path: &KeyPath) -> Result<Policy, Wrong> {
        self.check_format(told, path)?;
        for (index, media) in told.pass_types.iter().enumerate() {
            let parts = media.split_once('/');
            let token = |part: &str| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-+.*_".contains(&byte))
            };
            if !parts.is_some_and(|(kind, sub)| kind != "*" && token(kind) && token(sub)) {
                let what = "write a media type such as \"image/png\" or \"image/*\"";
                return Err(self.wrong(&path.key("pass_types").index(index), what));
            }
        }
        Ok(Policy {
            format: told.format.clone(),
            undecodable: told.undecodable,
            passed_types: told
                .pass_types
                .iter()
                .map(|media| media.to_ascii_lowercase())
                .collect(),
            max_body: told.max_body.unwrap_or(self.file.limits.max_body).0,
            max_ratio: self.file.limits.max_ratio,
            hold: false,
            sentry_upstream: told.preset.maps_dsn().then(|| origin.to_owned()),
        })
    }

    fn check_format(&self, told: &schema::Route, path: &KeyPath) -> Result<(), Wrong> {
        let known = &self.surroundings.formats;
        let Some(format) = told.format.as_deref() else {
            return Ok(());
        };
        if known.contains(&format) {
            return Ok(());
        }
        let hint = match nearest(format, known.iter().copied()) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("there are {}", known.join(", ")),
        };
        let what = format!("there is no such format; {hint}");
        Err(self.wrong(&path.key("format"), what))
    }

    /// Names that cannot be would pass nothing, unseen.
    fn passes(&self, told: &schema::Route, path: &KeyPath) -> Result<Passes, Wrong> {
        let passes = &told.passes;
        let path = path.key("passes");
        let is_header = |name: &String| HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !passes.headers.iter().all(is_header) {
            let what = "write names of headers, such as \"X-Tenant\"";
            return Err(self.wrong(&path.key("headers"), what));
        }
        let others = [
            ("parameters", &passes.parameters),
            ("cookies", &passes.cookies),
        ];
        for (key, names) in others {
            if names
                .iter()
                .any(|name| name.is_empty() || name.contains(['=', '&', ';']))
            {
                return Err(self.wrong(&path.key(key), "write names alone, without values"));
            }
        }
        Ok(Passes {
            headers: passes.headers.clone(),
            parameters: passes.parameters.clone(),
            cookies: passes.cookies.clone(),
        })
    }
}
