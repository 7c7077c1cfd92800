"""Holds rendered manifests against what no schema says.

    kustomize build DIR | kubernetes.py

Pod Security "restricted" and a read-only root (https://kubernetes.io/docs/concepts/security/
pod-security-standards/); selectors, ports and ConfigMaps that name something that is there;
probes that blackbar.toml answers; memory and time that fit to it. One line for each problem.
"""

import sys
import tomllib

import yaml

# Volumes that "restricted" knows.
VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
    "persistentVolumeClaim", "projected", "secret",
}
SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# What the process needs beside the bodies, as src/rim/config/memory.rs has it.
OWN = 64 << 20


def size(text):
    """Bytes of `96M` in blackbar.toml and `256Mi` in a manifest."""
    text = str(text).removesuffix("i")
    return int(text[:-1]) * SIZES[text[-1]] if text[-1] in SIZES else int(text)


def seconds(text):
    """Seconds of `25s` in blackbar.toml."""
    return float(text.removesuffix("s"))


def restricted(pod, container):
    """What "restricted" and a read-only root ask for and the container does not have."""
    own = container.get("securityContext", {})
    both = {**pod.get("securityContext", {}), **own}
    if both.get("runAsNonRoot") is not True or not both.get("runAsUser"):
        yield "may run as root"
    if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile"
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "may gain privileges"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "may write into its image"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []) or capabilities.get("add"):
        yield "has capabilities"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "takes a port of the node"


def resources(container):
    """Requests and limits that are not there."""
    own = container.get("resources", {})
    for kind, what in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
        if what not in own.get(kind, {}):
            yield f"has no resources.{kind}.{what}"


def hosts(pod):
    """What of the node the pod sees."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"has {key}"
    for volume in pod.get("volumes", []):
        for kind in volume.keys() - {"name"} - VOLUMES:
            yield f"mounts a {kind}"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token for the API"


def port_of(address):
    """Host and port of a listener."""
    host, _, port = address.rpartition(":")
    return host, int(port)


def probes(container, config):
    """Probes that blackbar.toml does not answer."""
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    host, admin = port_of(config["admin"]["listen"])
    if host not in ("0.0.0.0", "[::]"):
        yield "listens for its probes where the kubelet cannot ask"
    for probe in ("startupProbe", "livenessProbe"):
        if probe not in container:
            yield f"has no {probe}"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container.get(probe, {}).get("httpGet")
        if not asked:
            continue
        if ports.get(asked["port"], asked["port"]) != admin:
            yield f"has a {probe} at a port that is not the admin listener's"
        if asked["path"] not in ("/healthz", "/readyz"):
            yield f"has a {probe} that nobody answers"


def fits(pod, container, config):
    """Memory and time that blackbar.toml does not fit into."""
    limit = size(container["resources"]["limits"]["memory"])
    limits = config["limits"]
    streams = [listen for listen in config["listen"] if "http" not in listen]
    budget = 0
    if any("http" in listen or "forward" in listen for listen in config["listen"]):
        budget = size(limits.get("budget", "1G"))
        # What came, what leaves, and what the engine holds of it.
        if 3 * size(limits.get("max_body", "32M")) > budget:
            yield "has a budget that is too small for one large body"
    shared = [listen for listen in streams if listen.get("sharing") == "shared"]
    rings = sum(size(one.get("ring", "16M")) + size(one.get("resend", "1M")) for one in shared)
    # One that comes and one that leaves.
    records = 2 * limits.get("max_connections", 4096) * size(limits.get("max_record", "1M"))
    if OWN + budget * 3 // 2 + rings + (records if streams else 0) > limit:
        yield "has too little memory for its limits"
    drain = seconds(config.get("timeouts", {}).get("drain", "25s"))
    wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if pod.get("terminationGracePeriodSeconds", 30) < drain + wait:
        yield "is killed before it has drained"


def mounted(pod, container, maps):
    """The blackbar.toml that the container runs on; none is a problem of its own."""
    path = container["args"][container["args"].index("-c") + 1]
    folder, _, name = path.rpartition("/")
    for mount in container.get("volumeMounts", []):
        for volume in pod.get("volumes", []):
            if mount["mountPath"] == folder and mount["name"] == volume["name"]:
                data = maps.get(volume.get("configMap", {}).get("name"), {})
                return tomllib.loads(data[name]) if name in data else None
    return None


def of_pod(template, maps):
    """All problems of a pod's template."""
    pod = template["spec"]
    yield from hosts(pod)
    for volume in pod.get("volumes", []):
        name = volume.get("configMap", {}).get("name")
        if name and name not in maps:
            yield f"mounts the ConfigMap {name}, which is not there"
    found = False
    for container in pod.get("initContainers", []) + pod["containers"]:
        said = [*restricted(pod, container), *resources(container)]
        words = container.get("command", [""])
        found |= words[0].endswith("/blackbar") and words[1:3] == ["run", "--"]
        if container["image"].startswith("blackbar:") and "serve" in container.get("args", []):
            found = True
            config = mounted(pod, container, maps)
            if config is None:
                said.append("has no blackbar.toml")
            else:
                said += [*probes(container, config), *fits(pod, container, config)]
        yield from (f"container {container['name']} {what}" for what in said)
    if not found:
        yield "runs no blackbar"


def selectors(objects, pods):
    """Services and policies that select nothing, or name a port that is not there."""
    for item in objects:
        spec = item.get("spec", {})
        asked = {
            "Service": spec.get("selector"),
            "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels"),
            "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels"),
        }.get(item["kind"])
        if asked is None:
            continue
        taken = [pod for pod in pods if asked.items() <= pod["metadata"]["labels"].items()]
        ports = {
            port["name"]
            for pod in taken
            for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])
            for port in container.get("ports", [])
        }
        named = []
        if item["kind"] == "Service":
            named = [port["targetPort"] for port in spec["ports"]]
        elif item["kind"] == "NetworkPolicy":
            named = [port["port"] for rule in spec["ingress"] for port in rule["ports"]]
        if not taken:
            yield f"{item['kind']} {item['metadata']['name']}: selects nothing"
        for port in set(named) - ports:
            yield f"{item['kind']} {item['metadata']['name']}: there is no port {port}"


def problems(objects):
    """All problems of all objects."""
    maps = {
        item["metadata"]["name"]: item["data"] for item in objects if item["kind"] == "ConfigMap"
    }
    workloads = [item for item in objects if "template" in item.get("spec", {})]
    for item in workloads:
        for what in of_pod(item["spec"]["template"], maps):
            yield f"{item['kind']} {item['metadata']['name']}: {what}"
    if not workloads:
        yield "there is nothing that runs"
    yield from selectors(objects, [item["spec"]["template"] for item in workloads])


def main():
    found = list(problems([item for item in yaml.safe_load_all(sys.stdin) if item]))
    print("\n".join(found))
    sys.exit(bool(found))


main()
