//! What a listener of Fluent Forward has beside what all listeners of streams have.

use std::collections::BTreeMap;
use std::path::Path;

use super::Building;
use crate::rim::config::file::schema::{self, Listen};
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::forward::{Forward, Login, Secret, Security};
use crate::rim::config::policy::Policy;
use crate::rim::config::stream::Destination;
use crate::rim::message::name;

impl Building<'_> {
    /// No key that would do nothing, unseen.
    pub(super) fn check_keys_of_forward(&self, told: &Listen, path: &KeyPath) -> Result<(), Wrong> {
        let (others, what) = if told.forward.is_some() {
            let what = "it belongs to tcp or udp; Forward has records of its own, and its \
                        clients keep what is not acknowledged";
            (
                &[
                    "framing", "sharing", "ring", "resend", "overflow", "mode", "until", "reason",
                ][..],
                what,
            )
        } else {
            let what = "it belongs to a listener with forward";
            (&["undecodable", "security"][..], what)
        };
        let given = told.stream_keys();
        match given.iter().find(|key| others.contains(key)) {
            Some(key) => Err(self.wrong(&path.key(key), what)),
            None => Ok(()),
        }
    }

    /// What belongs to `forward`, where the listener is one.
    pub(super) fn forward(
        &mut self,
        told: &Listen,
        upstream: &Destination,
        path: &KeyPath,
    ) -> Result<Option<Forward>, Wrong> {
        if told.forward.is_none() {
            return Ok(None);
        }
        if !matches!(upstream, Destination::Tcp { .. } | Destination::Unix(_)) {
            let what = "Forward needs a stream; write host:port or unix:/path";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        let limits = &self.file.limits;
        Ok(Some(Forward {
            policy: Policy {
                format: None,
                undecodable: told.undecodable.unwrap_or_default(),
                passed_types: Vec::new(),
                max_body: limits.max_body.0,
                max_ratio: limits.max_ratio,
                hold: false,
                sentry_upstream: None,
            },
            security: self.security(told.security.as_ref(), &path.key("security"))?,
            upstream_security: self.login(
                told.upstream_security.as_ref(),
                &path.key("upstream_security"),
            )?,
        }))
    }

    fn security(
        &mut self,
        told: Option<&schema::Security>,
        path: &KeyPath,
    ) -> Result<Option<Security>, Wrong> {
        let Some(told) = told else {
            return Ok(None);
        };
        let shared_key = self.secret(&told.shared_key_file, &path.key("shared_key_file"))?;
        let mut users = BTreeMap::new();
        for (user, file) in &told.users {
            let password = self.secret(file, &path.key("users").key(user))?;
            users.insert(user.clone(), password);
        }
        Ok(Some(Security { shared_key, users }))
    }

    /// What we tell an upstream of Forward.
    pub(super) fn login(
        &mut self,
        told: Option<&schema::UpstreamSecurity>,
        path: &KeyPath,
    ) -> Result<Option<Login>, Wrong> {
        let Some(told) = told else {
            return Ok(None);
        };
        let user = match (&told.username, &told.password_file) {
            (None, None) => None,
            (Some(user), Some(file)) => {
                Some((user.clone(), self.secret(file, &path.key("password_file"))?))
            }
            (Some(_), None) => {
                return Err(self.wrong(&path.key("username"), "write password_file beside it"));
            }
            (None, Some(_)) => {
                return Err(self.wrong(&path.key("password_file"), "write username beside it"));
            }
        };
        Ok(Some(Login {
            shared_key: self.secret(&told.shared_key_file, &path.key("shared_key_file"))?,
            user,
        }))
    }

    fn secret(&mut self, file: &Path, path: &KeyPath) -> Result<Secret, Wrong> {
        self.check_file(file, path)?;
        let content = self.files.content(file).map_err(|error| {
            let why = crate::rim::message::reason(&error);
            self.wrong(path, format!("cannot read {}: {why}", name(file)))
        })?;
        Secret::of_file(content).ok_or_else(|| {
            let what = format!("{} is empty; write the secret into it", name(file));
            self.wrong(path, what)
        })
    }
}

#[cfg(test)]
mod tests;
