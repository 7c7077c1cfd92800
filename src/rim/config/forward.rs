//! Listeners of Fluent Forward: how messages are read, and who is believed.

use std::collections::BTreeMap;
use std::fmt;

use crate::rim::config::policy::Policy;

/// What a listener of Forward has beside its [`Stream`](crate::rim::config::stream::Stream).
pub(crate) struct Forward {
    /// How messages are read; a message is bounded as a body is.
    pub(crate) policy: Policy,
    /// What clients have to know; with none, all are taken.
    pub(crate) security: Option<Security>,
    /// What we tell the upstream; with none, it must not ask.
    pub(crate) upstream_security: Option<Login>,
}

/// What clients have to know.
pub(crate) struct Security {
    /// The key that both sides know.
    pub(crate) shared_key: Secret,
    /// Passwords by names; where there are none, users are not asked for.
    pub(crate) users: BTreeMap<String, Secret>,
}

/// What an upstream wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    /// The key that both sides know.
    pub(crate) shared_key: Secret,
    /// Name and password.
    pub(crate) user: Option<(String, Secret)>,
}

/// A secret of our own. It has no form in which it could be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// What a file holds, without the newline at its end. `None` if that is nothing.
    pub(crate) fn of_file(mut content: Vec<u8>) -> Option<Self> {
        if content.last() == Some(&b'\n') {
            content.pop();
            if content.last() == Some(&b'\r') {
                content.pop();
            }
        }
        (!content.is_empty()).then_some(Self(content))
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn the_newline_at_a_files_end_is_not_part_of_its_secret() {
        for (content, secret) in [
            ("a b", Some("a b")),
            ("a b\n", Some("a b")),
            ("a b\r\n", Some("a b")),
            ("a b\n\n", Some("a b\n")),
            (" \n", Some(" ")),
            ("\n", None),
            ("", None),
        ] {
            let read = Secret::of_file(content.into());
            assert_eq!(
                read.as_ref().map(Secret::bytes),
                secret.map(str::as_bytes),
                "{content:?}"
            );
            assert!(read.is_none_or(|read| format!("{read:?}") == "Secret"));
        }
    }
}
