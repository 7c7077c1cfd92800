//! Configurations that do not hold: the old one stays, and it is said why.

use std::fs;
use std::process::Command;

use crate::support::{
    Client, DONE, FAILED, IS_GOOD, fail, fields, hang_up, lines, pack, relay, reload, replace,
};
use crate::tcp::{Relay, Upstream, eventually};

/// Waits for such a line in the log.
fn await_log(relay: &Relay, is_it: impl Fn(&str) -> bool) {
    eventually(|| relay.log().lines().any(&is_it), || relay.log());
}

/// What `config check` says of the file.
fn check(relay: &Relay) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_blackbar"))
        .args(["config", "check", "-c"])
        .arg(relay.folder.path().join("blackbar.toml"))
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_old_one_stays_and_it_is_said_why() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let relay = relay(&(fields("\"ticket\"") + &listen));
    let mut client = Client::new(&relay.addresses[1]);
    assert_eq!(relay.metric(IS_GOOD), 1);
    for (number, (text, told)) in [
        ("[detect".to_owned() + &listen, "blackbar.toml:3:"),
        (
            fields("\"ticket\"") + "[[listens]]\n",
            "did you mean `listen`",
        ),
        (
            "[detect]\nonly = [\"nothing\"]\n".to_owned() + &listen,
            "nothing",
        ),
        (String::new(), "nothing listens"),
        (listen.clone() + "sharing = \"none\"", "sharing"),
    ]
    .into_iter()
    .enumerate()
    {
        fail(&relay, &text);
        let told_why = |line: &str| {
            line.contains("ERROR")
                && line.contains("the configuration that runs stays")
                && line.contains(told)
        };
        await_log(&relay, told_why);
        assert_eq!(relay.metric(FAILED), number as u64 + 1);
        assert_eq!((relay.metric(IS_GOOD), relay.metric(DONE)), (0, 0));
        let (code, stderr) = check(&relay);
        assert!(code == Some(2) && stderr.contains(told), "{stderr}");
        client.write("ticket=hunter2hunter2\n");
        upstream.await_bytes((number + 1) * 18);
    }
    reload(&relay, &(fields("\"other\"") + &listen));
    assert_eq!((relay.metric(IS_GOOD), relay.metric(DONE)), (1, 1));
    client.write("other=hunter2hunter2\n");
    let expected = "ticket=[REDACTED]\n".repeat(5) + "other=[REDACTED]\n";
    upstream.await_bytes(expected.len());
    assert_eq!(upstream.recorded()[0].text(), expected);
}

#[test]
fn rules_that_are_gone_are_not_taken_for_none() {
    let upstream = Upstream::new();
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).unwrap();
    let file = rules.join("acme.toml");
    fs::write(&file, pack("ticket")).unwrap();
    let listen = lines(upstream.address, "");
    let text =
        format!("[admin]\nlisten = \"127.0.0.1:0\"\n[detect]\nrules = [\"rules\"]\n{listen}");
    let relay = Relay::configured(folder, &text);
    let mut client = Client::new(&relay.addresses[1]);
    fs::remove_file(&file).unwrap();
    hang_up(&relay, FAILED);
    await_log(&relay, |line| line.contains("no *.toml in this directory"));
    client.write("ticket=hunter2hunter2\n");
    // A rule that is wrong, and then one that is not.
    replace(&file, &pack("ticket").replace("words", "wards"));
    hang_up(&relay, FAILED);
    client.write("ticket=hunter2hunter2\n");
    replace(&file, &pack("other"));
    hang_up(&relay, DONE);
    client.write("ticket=hunter2hunter2 other=hunter2hunter2\n");
    let masked = "ticket=[REDACTED]\n".repeat(2);
    let expected = masked + "ticket=hunter2hunter2 other=[REDACTED]\n";
    upstream.await_bytes(expected.len());
    assert_eq!(upstream.recorded()[0].text(), expected);
}

#[test]
fn what_needs_a_restart_says_so() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let relay = relay(&listen);
    let path = relay.folder.path().join("blackbar.toml");
    let more = "[log]\nformat = \"json\"\n[admin]\nlisten = \"127.0.0.1:1\"\n";
    replace(&path, &(more.to_owned() + &fields("\"ticket\"") + &listen));
    hang_up(&relay, DONE);
    for key in ["[admin] listen", "[log] format"] {
        let told = format!("{key} has changed, which needs a restart");
        await_log(&relay, |line| line.contains(&told));
    }
    let mut client = Client::new(&relay.addresses[1]);
    client.write("ticket=hunter2hunter2\n");
    upstream.await_bytes(18);
    assert_eq!(upstream.recorded()[0].text(), "ticket=[REDACTED]\n");
}
