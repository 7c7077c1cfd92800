//! The manifests: rendered, held against the schemas of Kubernetes, and against what no
//! schema says.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{deployed, fed, files, python, said, succeed, tool};

/// Each folder that is applied as it is; a base or a component is not.
const APPLIED: &[&str] = &[
    "node-fluent-bit",
    "node-vector",
    "run-example",
    "sentry-gateway",
    "sidecar-example",
];

/// What rendering makes of a folder.
fn rendered(name: &str) -> Option<String> {
    let mut kubectl = tool("kubectl")?;
    let folder = deployed("kubernetes").join(name);
    Some(succeed(kubectl.arg("kustomize").arg(folder)))
}

#[test]
fn every_folder_is_applied_or_part_of_one_that_is() {
    let named = |kind: &str| {
        let files = files("kustomization.yaml");
        let kind = format!("kind: {kind}\n");
        let is_kind = |file: &PathBuf| fs::read_to_string(file).expect("UTF-8").contains(&kind);
        files.into_iter().filter(is_kind).collect::<Vec<_>>()
    };
    let texts: String = files("kustomization.yaml")
        .iter()
        .map(|file| fs::read_to_string(file).expect("UTF-8"))
        .collect();
    let all = [named("Kustomization"), named("Component")].concat();
    assert!(
        all.len() > APPLIED.len(),
        "the manifests have moved: {all:?}"
    );
    for file in all {
        let name = file.parent().and_then(Path::file_name).expect("a folder");
        let name = name.to_str().expect("UTF-8");
        let is_part = texts.contains(&format!("- ../{name}\n"));
        assert!(
            is_part || APPLIED.contains(&name),
            "{name}: nothing renders it"
        );
    }
}

#[test]
fn kubernetes_knows_every_key() {
    for name in APPLIED {
        let Some(manifests) = rendered(name) else {
            return;
        };
        let Some(mut validate) = tool("kubernetes-validate") else {
            return;
        };
        let output = fed(validate.args(["--strict", "/dev/stdin"]), &manifests);
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
}

#[test]
fn the_pods_are_restricted_and_fit_to_their_configuration() {
    for name in APPLIED {
        let Some(manifests) = rendered(name) else {
            return;
        };
        let Some(mut check) = python("kubernetes.py") else {
            return;
        };
        let output = fed(&mut check, &manifests);
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
}

/// The check would be worth nothing if it could not fail.
#[test]
fn each_weakness_is_seen() {
    let Some(manifests) = rendered("sentry-gateway") else {
        return;
    };
    for (good, bad, expected) in [
        (
            "runAsNonRoot: true",
            "runAsNonRoot: false",
            "may run as root",
        ),
        ("runAsUser: 65532", "runAsUser: 0", "may run as root"),
        (
            "type: RuntimeDefault",
            "type: Unconfined",
            "no seccomp profile",
        ),
        (
            "Escalation: false",
            "Escalation: true",
            "may gain privileges",
        ),
        (
            "RootFilesystem: true",
            "RootFilesystem: false",
            "may write into its image",
        ),
        ("- ALL", "- NET_RAW", "has capabilities"),
        (
            "enableServiceLinks: false",
            "hostNetwork: true",
            "has hostNetwork",
        ),
        ("AccountToken: false", "AccountToken: true", "has a token"),
        (
            "- containerPort: 9000",
            "- hostPort: 1\n          containerPort: 9000",
            "takes a port of the node",
        ),
        ("cpu: 100m", "", "no resources.requests.cpu"),
        ("memory: 256Mi", "memory: 255Mi", "too little memory"),
        ("\"128M\"", "\"95M\"", "too small for one large body"),
        (
            "PeriodSeconds: 40",
            "PeriodSeconds: 29",
            "killed before it has drained",
        ),
        (
            "\"0.0.0.0:9001\"",
            "\"127.0.0.1:9001\"",
            "where the kubelet cannot ask",
        ),
        (
            "\"0.0.0.0:9001\"",
            "\"0.0.0.0:9002\"",
            "a port that is not the admin",
        ),
        ("/readyz", "/ready", "a readinessProbe that nobody answers"),
        ("livenessProbe:", "other:", "no livenessProbe"),
        (
            "      - configMap:\n          name: sentry-",
            "      - configMap:\n          name: ",
            "which is not there",
        ),
        (
            "port: admin\n  podSelector",
            "port: metrics\n  podSelector",
            "no port metrics",
        ),
        ("targetPort: http", "targetPort: web", "no port web"),
    ] {
        let Some(mut check) = python("kubernetes.py") else {
            return;
        };
        let worse = manifests.replace(good, bad);
        assert!(worse != manifests, "{good} is not there");
        let output = fed(&mut check, &worse);
        assert!(said(&output).contains(expected), "{bad}: {}", said(&output));
    }
}
