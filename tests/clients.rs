//! Real SDKs and shippers talk through blackbar to strict backends: no planted secret
//! arrives, all else does, and the client sees success. One test a client.
//!
//! `tests/clients/prove.py` tells how; `tests/clients/install` brings the clients, which
//! `tests/run` calls. `BLACKBAR_SKIP_CLIENTS=1` leaves them out.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

/// Makes a test of each client, and a list of all.
macro_rules! clients {
    ($($test:ident: $name:literal,)*) => {
        const NAMES: &[&str] = &[$($name),*];

        $(#[test]
        fn $test() {
            prove($name);
        })*
    };
}

clients! {
    sentry_node: "sentry-node",
    sentry_node_tunnel: "sentry-node-tunnel",
    sentry_express: "sentry-express",
    sentry_python_gzip: "sentry-python-gzip",
    sentry_python_br: "sentry-python-br",
    sentry_node_tls: "sentry-node-tls",
    sentry_python_tls: "sentry-python-tls",
    otlp_python_http: "otlp-python-http",
    otlp_python_http_gzip: "otlp-python-http-gzip",
    otlp_python_http_deflate: "otlp-python-http-deflate",
    otlp_python_grpc: "otlp-python-grpc",
    otlp_python_grpc_gzip: "otlp-python-grpc-gzip",
    otlp_node_json: "otlp-node-json",
    otlp_node_proto: "otlp-node-proto",
    rotel_http: "rotel-http",
    rotel_grpc: "rotel-grpc",
    elasticsearch_python: "elasticsearch-python",
    opensearch_python: "opensearch-python",
    loki_python: "loki-python",
    loki_pino: "loki-pino",
    splunk_python: "splunk-python",
    splunk_node: "splunk-node",
    datadog_python_gzip: "datadog-python-gzip",
    datadog_python_deflate: "datadog-python-deflate",
    curl: "curl",
}

#[test]
fn each_client_that_there_is_has_its_test() {
    let Some(mut list) = script("prove.py") else {
        return;
    };
    let listed = text(&list.arg("--list").output().expect("Python runs"));
    assert_eq!(listed.lines().collect::<Vec<_>>(), NAMES);
}

/// The comparison would be worth nothing if it could not fail.
#[test]
fn the_proof_sees_each_kind_of_damage() {
    let Some(mut damaged) = script("self_test.py") else {
        return;
    };
    let done = damaged.output().expect("Python runs");
    assert!(done.status.success(), "{}", text(&done));
}

/// `deploy/node/pino-transport.js` with pino; nothing of it needs a proxy.
#[test]
fn pino_transport() {
    if left_out() {
        return;
    }
    let done = Command::new("node")
        .arg(here().join("drivers/pino_transport.cjs"))
        .arg(env!("CARGO_BIN_EXE_blackbar"))
        .env("NODE_PATH", clients().join("node/node_modules"))
        .output()
        .expect("node runs");
    assert!(done.status.success(), "{}", text(&done));
}

fn prove(name: &str) {
    let Some(mut proof) = script("prove.py") else {
        return;
    };
    let certificates = tempfile::tempdir().expect("a folder is made");
    if name.ends_with("-tls") {
        write_certificates(certificates.path());
    }
    let done = proof
        .arg(name)
        .args(["--blackbar", env!("CARGO_BIN_EXE_blackbar")])
        .arg("--certificates")
        .arg(certificates.path())
        .output()
        .expect("Python runs");
    assert!(done.status.success(), "{}", text(&done));
}

/// `server.pem` and `server.key` for `localhost`, and the authority that has signed it.
fn write_certificates(folder: &Path) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // A certificate with the name of its issuer is taken for one that signs itself.
    let name = "Authority of a test";
    params.distinguished_name.push(DnType::CommonName, name);
    let new_key = || KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, new_key()).expect("an authority");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    params.use_authority_key_identifier_extension = true;
    let key = new_key();
    let certificate = params.signed_by(&key, &authority).expect("a signature");
    for (name, pem) in [
        ("ca.pem", authority.pem()),
        ("server.pem", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        fs::write(folder.join(name), pem).expect("the folder is ours");
    }
}

/// A script with the Python of the clients; none where they are left out.
fn script(name: &str) -> Option<Command> {
    if left_out() {
        return None;
    }
    let mut command = Command::new(clients().join("python/bin/python"));
    command.arg("-B").arg(here().join(name));
    Some(command)
}

fn left_out() -> bool {
    let left_out = env::var_os("BLACKBAR_SKIP_CLIENTS").is_some_and(|value| value == "1");
    if left_out {
        eprintln!("SKIPPED: real clients, because BLACKBAR_SKIP_CLIENTS=1");
    }
    left_out
}

/// Where the clients are installed.
fn clients() -> PathBuf {
    let clients = target().join("clients");
    assert!(
        clients.join("installed").exists(),
        "the clients are not installed: run tests/clients/install, or tests/run for everything"
    );
    clients
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The directory that Cargo builds into: the binary lies in `target/PROFILE`.
fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_blackbar"))
        .ancestors()
        .nth(2)
        .expect("the binary lies two folders deep")
        .to_path_buf()
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{out}{err}")
}
