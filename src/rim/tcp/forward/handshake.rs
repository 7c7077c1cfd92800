//! Whether both sides know the same key: HELO, PING and PONG, without I/O.
//!
//! ```text
//! server   ["HELO", {"nonce": …, "auth": …, "keepalive": true}]
//! client   ["PING", its name, salt, sha512(salt + its name + nonce + key), user,
//!           sha512(auth + user + password)]
//! server   ["PONG", true, "", its name, sha512(salt + its name + nonce + key)]
//! ```
//!
//! Digests are written in hexadecimal digits. `auth` is empty where users are not asked
//! for. <https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1>, 1.2.

use sha2::{Digest, Sha512};

use crate::rim::config::forward::{Login, Security};
use crate::rim::payload::msgpack::token::{write_bin, write_str};
use crate::rim::tcp::forward::random_name;
use crate::rim::tcp::forward::values::{content, elements, pairs};

/// Bytes of a message of a handshake at most.
pub(in crate::rim::tcp) const LONGEST: usize = 16 * 1024;

/// What clients are told that we are called. As a client we add what is random: Fluentd talks
/// to nobody who has its own name, nor do we, and two of us may stand in a row.
const NAME: &str = "blackbar";

/// Why a client may not go on. Fluent Bit has 32 bytes of room for it, and does not look.
const MISMATCH: &str = "shared key or user mismatch";

/// The server's side towards one client.
pub(super) struct Host<'a> {
    security: &'a Security,
    nonce: String,
    /// Empty where users are not asked for.
    auth: String,
}

impl<'a> Host<'a> {
    /// For one client.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub(super) fn new(security: &'a Security) -> Result<Self, getrandom::Error> {
        let auth = if security.users.is_empty() {
            String::new()
        } else {
            random_name()?
        };
        Ok(Self {
            security,
            nonce: random_name()?,
            auth,
        })
    }

    /// What the client is told first. As Fluentd does, nonce and `auth` are bytes where they
    /// are not empty: some clients look for a user only then.
    pub(super) fn helo(&self) -> Vec<u8> {
        let mut out = vec![0x92];
        write_str(b"HELO", &mut out);
        out.push(0x83);
        write_str(b"nonce", &mut out);
        write_bin(self.nonce.as_bytes(), &mut out);
        write_str(b"auth", &mut out);
        match self.auth.as_bytes() {
            [] => write_str(b"", &mut out),
            auth => write_bin(auth, &mut out),
        }
        write_str(b"keepalive", &mut out);
        out.push(0xc3);
        out
    }

    /// The answer to what the client says, and whether it may go on.
    pub(super) fn answer(&self, ping: &[u8]) -> (Vec<u8>, bool) {
        match self.judge(ping) {
            Some(salt) => {
                let name = NAME.as_bytes();
                (pong(true, name, &self.digest(salt, name)), true)
            }
            None => (pong(false, b"", ""), false),
        }
    }

    /// The salt of a client that knows what it has to.
    fn judge<'p>(&self, ping: &'p [u8]) -> Option<&'p [u8]> {
        let [name, name_of_client, salt, digest, user, password] = texts(ping)?;
        let key_is_right = is_same(digest, &self.digest(salt, name_of_client));
        let user_is_right = self.security.users.is_empty() || self.knows(user, password);
        (name == b"PING" && key_is_right && user_is_right).then_some(salt)
    }

    fn knows(&self, user: &[u8], digest: &[u8]) -> bool {
        let known = std::str::from_utf8(user).ok();
        let password = known.and_then(|user| self.security.users.get(user));
        password.is_some_and(|password| {
            let right = sha512(&[self.auth.as_bytes(), user, password.bytes()]);
            is_same(digest, &right)
        })
    }

    fn digest(&self, salt: &[u8], name: &[u8]) -> String {
        let key = self.security.shared_key.bytes();
        sha512(&[salt, name, self.nonce.as_bytes(), key])
    }
}

/// Why there is no agreement with an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::rim::tcp) enum Disagreement {
    /// It says something else.
    #[error("it does not begin a handshake; does it have a shared key?")]
    NoHandshake,
    /// It refuses us.
    #[error("it refuses the shared key, or the user or that there is none")]
    Refused,
    /// It does not know the key itself.
    #[error("it does not know the shared key itself")]
    NotKnown,
    /// It has our name, or our digest: what it says may be what we said.
    #[error("it answers with our own name or digest")]
    Reflected,
    /// We have no randomness.
    #[error("the system has no randomness")]
    NoRandomness,
}

/// The client's side towards one upstream.
pub(super) struct Guest<'a> {
    login: &'a Login,
    /// Of this connection only.
    name: String,
    salt: String,
    nonce: Vec<u8>,
    /// What proved that we know the key.
    digest: String,
}

impl<'a> Guest<'a> {
    /// What is said to an upstream that has said this.
    ///
    /// # Errors
    ///
    /// It is not what begins a handshake.
    pub(super) fn greet(login: &'a Login, helo: &[u8]) -> Result<(Self, Vec<u8>), Disagreement> {
        let (nonce, auth) = of_helo(helo).ok_or(Disagreement::NoHandshake)?;
        let random = || random_name().map_err(|_| Disagreement::NoRandomness);
        let (salt, name) = (random()?, format!("{NAME}-{}", random()?));
        // Fluentd and Fluent Bit send `auth` whether they want a user or not.
        let (user, password) = match &login.user {
            Some((user, password)) => (user.as_str(), password.bytes()),
            None => ("", &b""[..]),
        };
        let password = sha512(&[auth, user.as_bytes(), password]);
        let digest = sha512(&[
            salt.as_bytes(),
            name.as_bytes(),
            nonce,
            login.shared_key.bytes(),
        ]);
        let mut ping = vec![0x96];
        for text in [
            b"PING",
            name.as_bytes(),
            salt.as_bytes(),
            digest.as_bytes(),
            user.as_bytes(),
            password.as_bytes(),
        ] {
            write_str(text, &mut ping);
        }
        let guest = Self {
            login,
            name,
            salt,
            nonce: nonce.to_vec(),
            digest,
        };
        Ok((guest, ping))
    }

    /// Whether an upstream that has answered this takes us, and is the right one.
    ///
    /// # Errors
    ///
    /// It is not.
    pub(super) fn check(&self, pong: &[u8]) -> Result<(), Disagreement> {
        let (is_taken, name, digest) = of_pong(pong).ok_or(Disagreement::NoHandshake)?;
        if !is_taken {
            return Err(Disagreement::Refused);
        }
        if name == self.name.as_bytes() || is_same(digest, &self.digest) {
            return Err(Disagreement::Reflected);
        }
        let key = self.login.shared_key.bytes();
        let right = sha512(&[self.salt.as_bytes(), name, &self.nonce, key]);
        if is_same(digest, &right) {
            Ok(())
        } else {
            Err(Disagreement::NotKnown)
        }
    }
}

/// Whether a message is what a server says that asks for a shared key.
pub(in crate::rim::tcp) fn is_helo(message: &[u8]) -> bool {
    of_helo(message).is_some()
}

/// Nonce and `auth` of a HELO.
fn of_helo(helo: &[u8]) -> Option<(&[u8], &[u8])> {
    let values = elements(helo, 2).ok()?;
    let [name, options] = &values[..] else {
        return None;
    };
    if text(helo, name)? != b"HELO" {
        return None;
    }
    let (mut nonce, mut auth) = (None, &b""[..]);
    let options = &helo[options.clone()];
    for (key, value) in pairs(options).ok()? {
        match text(options, &key)? {
            b"nonce" => nonce = Some(text(options, &value)?),
            b"auth" => auth = text(options, &value)?,
            _ => {}
        }
    }
    Some((nonce?, auth))
}

/// Whether a PONG takes us, the server's name, and its digest.
fn of_pong(pong: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let values = elements(pong, 5).ok()?;
    let [name, taken, _why, server, digest] = &values[..] else {
        return None;
    };
    if text(pong, name)? != b"PONG" {
        return None;
    }
    let is_taken = pong[taken.clone()] == [0xc3];
    // A server that refuses need not say who it is.
    let said = |place| text(pong, place).unwrap_or_default();
    Some((is_taken, said(server), said(digest)))
}

fn pong(is_right: bool, name: &[u8], digest: &str) -> Vec<u8> {
    let mut out = vec![0x95];
    write_str(b"PONG", &mut out);
    out.push(if is_right { 0xc3 } else { 0xc2 });
    let why = if is_right { "" } else { MISMATCH };
    write_str(why.as_bytes(), &mut out);
    write_str(name, &mut out);
    write_str(digest.as_bytes(), &mut out);
    out
}

/// The texts of an array of as many.
fn texts<const N: usize>(message: &[u8]) -> Option<[&[u8]; N]> {
    let values = elements(message, N).ok()?;
    let texts = values.iter().map(|value| text(message, value));
    texts.collect::<Option<Vec<_>>>()?.try_into().ok()
}

fn text<'m>(message: &'m [u8], place: &std::ops::Range<usize>) -> Option<&'m [u8]> {
    content(message, place).ok()?.map(|text| &message[text])
}

/// In hexadecimal digits.
fn sha512(parts: &[&[u8]]) -> String {
    let mut hasher = Sha512::new();
    for part in parts {
        hasher.update(part);
    }
    let mut digits = String::with_capacity(128);
    for byte in hasher.finalize() {
        for half in [byte >> 4, byte & 0x0f] {
            digits.extend(char::from_digit(half.into(), 16));
        }
    }
    digits
}

/// In a time that says nothing of where they differ.
fn is_same(said: &[u8], right: &str) -> bool {
    let right = right.as_bytes();
    let differs = said.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b));
    said.len() == right.len() && differs == 0
}

#[cfg(test)]
mod tests;
