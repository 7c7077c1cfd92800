"""The clients, each with its backend and what is planted in what it sends."""

import dataclasses
from collections.abc import Callable

import backends
import decode
from backends import Backend
from grpc_backend import GrpcBackend
from http1 import Message
from rotel_backend import RotelBackend


@dataclasses.dataclass
class Client:
    """A driver is run with the endpoint, the key and the secrets in its environment."""

    driver: str
    backend: Callable[[str], object]
    decode: Callable[[Message], list[str]]
    plants: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    http2: bool = False
    # HTTPS on both sides of blackbar.
    tls: bool = False
    typed: bool = False
    # What masks may stand for that is more than a secret, as patterns.
    wider: tuple[str, ...] = ()
    # Keys of the route beside its upstream, as TOML.
    route: str = ""


SENTRY = (
    "message", "local", "nested_local", "context_line", "breadcrumb", "authorization", "cookie",
    "extra", "query", "body", "attachment", "span", "token_github", "feedback",
)  # fmt: skip
# Under a name that says `secret`, an object goes whole: the cookies of a request.
SENTRY_WIDER = (r'\{"(session|a)":"\w+"\}', r"\{\}")

LOGS = ("message", "json_in_string", "attribute", "nested", "token_github")
SIGNALS = (*LOGS, "span_attribute", "metric_attribute")


def checked(answer: Callable) -> Callable[[str], Backend]:
    """A backend of ours, given its key."""
    return lambda key: Backend(answer(key))


def rotel(transport: str) -> Callable[[str], RotelBackend]:
    """A real one, which asks for no key."""
    return lambda _key: RotelBackend(transport)


def sentry(driver: str, *arguments: str, tls: bool = False) -> Client:
    return Client(
        driver, checked(backends.sentry), decode.envelope, SENTRY, arguments, wider=SENTRY_WIDER, tls=tls
    )


def otlp(driver: str, *arguments: str, plants=SIGNALS, backend=None) -> Client:
    return Client(driver, backend or checked(backends.otlp), decode.otlp, plants, arguments)


def grpc(compression: str, backend: Callable[[str], object] = GrpcBackend) -> Client:
    return Client("otlp_python.py", backend, decode.grpc, SIGNALS, ("grpc", compression), http2=True)


def store(*arguments: str) -> Client:
    plants = (*LOGS, "pin")
    return Client(
        "elasticsearch_python.py",
        checked(backends.elasticsearch),
        decode.lines_of_json,
        plants,
        arguments,
        typed=True,
    )


CLIENTS = {
    "sentry-node": sentry("sentry_node.cjs"),
    "sentry-node-tunnel": sentry("sentry_node.cjs", "tunnel"),
    "sentry-express": Client(
        "express_app.cjs",
        checked(backends.sentry),
        decode.envelope,
        ("message", "token_github", "extra", "query", "credential"),
        wider=SENTRY_WIDER,
    ),
    "sentry-python-gzip": sentry("sentry_python.py", "gzip"),
    "sentry-python-br": sentry("sentry_python.py", "br"),
    "sentry-node-tls": sentry("sentry_node.cjs", tls=True),
    "sentry-python-tls": sentry("sentry_python.py", "gzip", tls=True),
    "otlp-python-http": otlp("otlp_python.py", "http", "none"),
    "otlp-python-http-gzip": otlp("otlp_python.py", "http", "gzip"),
    "otlp-python-http-deflate": otlp("otlp_python.py", "http", "deflate"),
    "otlp-python-grpc": grpc("none"),
    "otlp-python-grpc-gzip": grpc("gzip"),
    "otlp-node-json": otlp("otlp_node.cjs", "http", plants=LOGS),
    "otlp-node-proto": otlp("otlp_node.cjs", "proto", plants=LOGS),
    "rotel-http": otlp("otlp_python.py", "http", "gzip", backend=rotel("http")),
    "rotel-grpc": grpc("gzip", backend=rotel("grpc")),
    "elasticsearch-python": store("elasticsearch"),
    "opensearch-python": store("opensearch"),
    "loki-python": Client("loki_python.py", checked(backends.loki), decode.document, LOGS),
    "loki-pino": Client("loki_pino.cjs", checked(backends.loki), decode.document, LOGS),
    "splunk-python": Client("splunk_python.py", checked(backends.splunk), decode.concatenated, LOGS),
    "splunk-node": Client("splunk_node.cjs", checked(backends.splunk), decode.concatenated, LOGS),
    "datadog-python-gzip": Client(
        "datadog_python.py", checked(backends.datadog), decode.document, LOGS, ("gzip",)
    ),
    "datadog-python-deflate": Client(
        "datadog_python.py", checked(backends.datadog), decode.document, LOGS, ("deflate",)
    ),
    "curl": Client(
        "curl.py",
        checked(backends.anything),
        decode.whole,
        ("message", "field", "query", "header"),
        route='preset = "none"\npasses = { headers = ["authorization"] }\n',
    ),
}
