use crate::rim::config::build::stream::tests::{built_after, check_refused, listen, only};
use crate::rim::config::policy::Undecodable;

#[test]
fn what_belongs_to_forward_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (key, password) = (write("key", "one\n"), write("password", "two"));
    let stream = only(&listen(&format!(
        "forward = \"127.0.0.1:24224\"\nupstream = \"fluentd:24224\"\nundecodable = \"refuse\"\n\
         security = {{ shared_key_file = \"{key}\", users = {{ ann = \"{password}\" }} }}\n\
         upstream_security = {{ shared_key_file = \"{password}\", username = \"bob\", \
         password_file = \"{key}\" }}"
    )));
    let forward = stream.forward.as_ref().unwrap();
    assert_eq!(forward.policy.undecodable, Undecodable::Refuse);
    assert_eq!(forward.policy.max_body, 32 << 20);
    let security = forward.security.as_ref().unwrap();
    assert_eq!(security.shared_key.bytes(), b"one");
    assert_eq!(security.users["ann"].bytes(), b"two");
    let login = forward.upstream_security.as_ref().unwrap();
    assert_eq!(login.shared_key.bytes(), b"two");
    let (user, password) = login.user.as_ref().unwrap();
    assert_eq!((user.as_str(), password.bytes()), ("bob", &b"one"[..]));
    let plain = only(&listen(
        "forward = \"127.0.0.1:24224\"\nupstream = \"fluentd:24224\"",
    ));
    let forward = plain.forward.as_ref().unwrap();
    assert_eq!(forward.policy.undecodable, Undecodable::Stub);
    assert!(forward.security.is_none() && forward.upstream_security.is_none());
}

/// An exception ends also where a file of a key is gone by then.
#[test]
fn what_was_read_of_keys_is_kept_for_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "one").unwrap();
    let text = listen(&format!(
        "forward = \"127.0.0.1:24224\"\nupstream = \"fluentd:24224\"\n\
         security = {{ shared_key_file = \"{key}\", users = {{ ann = \"{key}\" }} }}\n\
         upstream_security = {{ shared_key_file = \"{key}\" }}",
        key = key.display()
    ));
    let first = built_after(&text, None).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert!(built_after(&text, None).is_err());
    let again = built_after(&text, Some(first.files)).unwrap();
    let forward = again.serve.streams[0].forward.as_ref().unwrap();
    let security = forward.security.as_ref().unwrap();
    assert_eq!(security.shared_key.bytes(), b"one");
    assert_eq!(security.users["ann"].bytes(), b"one");
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let fine = "tcp = \"127.0.0.1:5170\"\nupstream = \"a:1\"\n";
    let forward = "forward = \"127.0.0.1:24224\"\nupstream = \"a:1\"\n";
    check_refused(&[
        (
            format!("{fine}security = {{ shared_key_file = \"a\" }}"),
            "4:12: key `listen.security`: it belongs to a listener with forward",
        ),
        (
            format!("{fine}undecodable = \"text\""),
            "4:15: key `listen.undecodable`: it belongs to a listener with forward",
        ),
        (
            format!("{forward}framing = \"lines\""),
            "4:11: key `listen.framing`: it belongs to tcp or udp",
        ),
        (
            format!("{forward}sharing = \"shared\"\nring = \"1M\""),
            "4:11: key `listen.sharing`: it belongs to tcp or udp",
        ),
        (
            "forward = \"127.0.0.1:1\"\nupstream = \"udp:a:1\"".to_owned(),
            "3:12: key `listen.upstream`: Forward needs a stream",
        ),
        (
            "forward = \"127.0.0.1:1\"\nupstream = \"file:/log\"".to_owned(),
            "3:12: key `listen.upstream`: Forward needs a stream",
        ),
        (
            format!("{forward}mode = \"observe\"\nuntil = 2027-01-31"),
            "4:8: key `listen.mode`: it belongs to tcp or udp",
        ),
        (
            "forward = \"127.0.0.1:1\"\nupstream = \"localhost:1\"".to_owned(),
            "3:12: key `listen.upstream`: this is a listener",
        ),
        (
            format!("{forward}security = {{}}"),
            "4:12: key `listen.security`: the key `shared_key_file` is missing",
        ),
        (
            format!("{forward}security = {{ shared_key_file = \"/nonexistent/key\" }}"),
            "4:32: key `listen.security.shared_key_file`: cannot read",
        ),
        (
            format!("{forward}security = {{ shared_key_file = \"/dev/null\" }}"),
            "4:32: key `listen.security.shared_key_file`: /dev/null is empty",
        ),
        (
            format!(
                "{forward}security = {{ shared_key_file = \"Cargo.toml\", users = {{ a = \"/dev/null\" }} }}"
            ),
            "4:60: key `listen.security.users.a`: /dev/null is empty",
        ),
        (
            format!(
                "{forward}upstream_security = {{ shared_key_file = \"Cargo.toml\", username = \"a\" }}"
            ),
            "4:66: key `listen.upstream_security.username`: write password_file",
        ),
        (
            format!(
                "{forward}upstream_security = {{ shared_key_file = \"Cargo.toml\", password_file = \"a\" }}"
            ),
            "4:71: key `listen.upstream_security.password_file`: write username",
        ),
    ]);
}
