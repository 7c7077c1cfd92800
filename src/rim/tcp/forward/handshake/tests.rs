use std::collections::BTreeMap;

use super::*;
use crate::rim::config::forward::Secret;

fn secret(text: &str) -> Secret {
    Secret::of_file(text.into()).expect("it is not empty")
}

fn security(key: &str, users: &[(&str, &str)]) -> Security {
    let users = users
        .iter()
        .map(|(user, password)| ((*user).to_owned(), secret(password)));
    Security {
        shared_key: secret(key),
        users: users.collect::<BTreeMap<_, _>>(),
    }
}

fn login(key: &str, user: Option<(&str, &str)>) -> Login {
    Login {
        shared_key: secret(key),
        user: user.map(|(user, password)| (user.to_owned(), secret(password))),
    }
}

/// How a handshake between the two goes: whether the server lets the client on, and what
/// the client makes of the answer.
fn meet(
    security: &Security,
    login: &Login,
) -> Result<(bool, Result<(), Disagreement>), Disagreement> {
    let host = Host::new(security).expect("there is randomness");
    let (guest, ping) = Guest::greet(login, &host.helo())?;
    let (answer, may_go_on) = host.answer(&ping);
    Ok((may_go_on, guest.check(&answer)))
}

#[test]
fn both_sides_have_to_know_the_key_and_the_user() {
    let users = [("ann", "a"), ("bob", "b")];
    let (taken, refused) = ((true, Ok(())), (false, Err(Disagreement::Refused)));
    for (key, users, their_key, user, outcome) in [
        ("k", &[][..], "k", None, Ok(taken)),
        ("k", &[], "k", Some(("ann", "a")), Ok(taken)),
        ("k", &[], "l", None, Ok(refused)),
        ("k", &users, "k", Some(("bob", "b")), Ok(taken)),
        ("k", &users, "k", Some(("bob", "a")), Ok(refused)),
        ("k", &users, "k", Some(("eve", "a")), Ok(refused)),
        ("k", &users, "l", Some(("bob", "b")), Ok(refused)),
        ("k", &users, "k", None, Ok(refused)),
    ] {
        let met = meet(&security(key, users), &login(their_key, user));
        assert_eq!(met, outcome, "{their_key} {user:?}");
    }
}

#[test]
fn a_server_that_does_not_know_the_key_is_not_believed() {
    let (right, wrong) = (security("k", &[]), security("l", &[]));
    let login = login("k", None);
    let (guest, ping) = Guest::greet(&login, &Host::new(&right).unwrap().helo()).unwrap();
    let liar = Host::new(&wrong).unwrap();
    let (_, salt) = (ping, guest.salt.clone());
    let name = NAME.as_bytes();
    let said = pong(true, name, &liar.digest(salt.as_bytes(), name));
    assert_eq!(guest.check(&said), Err(Disagreement::NotKnown));
    assert_eq!(
        guest.check(&pong(true, name, "")),
        Err(Disagreement::NotKnown)
    );
}

#[test]
fn what_we_said_proves_nothing_of_the_server() {
    let (security, login) = (security("k", &[]), login("k", None));
    let host = Host::new(&security).unwrap();
    let (guest, ping) = Guest::greet(&login, &host.helo()).unwrap();
    let [_, name, salt, digest, ..] = texts::<6>(&ping).unwrap();
    let digest = std::str::from_utf8(digest).unwrap();
    // Also who knows the key is not to have our name, which nobody can guess.
    let right = host.digest(salt, name);
    for said in [
        pong(true, name, digest),
        pong(true, b"other", digest),
        pong(true, name, &right),
    ] {
        assert_eq!(guest.check(&said), Err(Disagreement::Reflected));
    }
    let (_, again) = Guest::greet(&login, &host.helo()).unwrap();
    assert_ne!(texts::<6>(&again).unwrap()[1], name);
}

/// As Fluentd and Fluent Bit do.
#[test]
fn an_auth_that_asks_for_nobody_is_answered_with_nobody() {
    let helo = [&b"\x92\xa4HELO\x82\xa5nonce\xc4\x01n\xa4auth\xc4\x04salt"[..]].concat();
    let (_, ping) = Guest::greet(&login("k", None), &helo).unwrap();
    let [_, _, _, _, user, password] = texts(&ping).unwrap();
    assert_eq!(user, b"");
    assert_eq!(password, sha512(&[b"salt"]).as_bytes());
}

#[test]
fn a_refusal_fits_into_the_room_of_the_smallest_client() {
    assert!(MISMATCH.len() < 32);
}

#[test]
fn an_answer_is_good_for_one_connection_only() {
    let security = security("k", &[]);
    let (login, first) = (login("k", None), Host::new(&security).unwrap());
    let (_, ping) = Guest::greet(&login, &first.helo()).unwrap();
    assert!(first.answer(&ping).1);
    assert!(!Host::new(&security).unwrap().answer(&ping).1);
}

#[test]
fn other_messages_are_no_handshake() {
    let security = security("k", &[]);
    let host = Host::new(&security).unwrap();
    let login = login("k", None);
    let (guest, ping) = Guest::greet(&login, &host.helo()).unwrap();
    for message in [
        &b"\xc0"[..],
        b"\x90",
        b"\x93\xa1a\x01\x80",
        b"\x82",
        &ping[..20],
    ] {
        assert!(!host.answer(message).1);
        let greeted = Guest::greet(&login, message).err();
        assert_eq!(greeted, Some(Disagreement::NoHandshake));
        assert_eq!(guest.check(message), Err(Disagreement::NoHandshake));
        assert!(!is_helo(message));
    }
    assert!(is_helo(&host.helo()));
}

/// Computed with coreutils: `printf %s abckey | sha512sum`.
#[test]
fn digests_are_written_in_hexadecimal_digits() {
    let digest = sha512(&[b"a", b"bc", b"key"]);
    assert!(
        digest.starts_with("fa905ac60cf38e87c693c2a81998ca41"),
        "{digest}"
    );
    assert_eq!(digest.len(), 128);
    assert!(is_same(digest.as_bytes(), &digest));
    assert!(!is_same(&digest.as_bytes()[..127], &digest));
    assert!(!is_same(b"", &digest));
}
