"""The clients, each with its backend and what is planted in what it sends."""

import dataclasses
from collections.abc import Callable

import backends
import decode
from backends import Backend
from http1 import Message


@dataclasses.dataclass
class Client:
    """A driver is run with the endpoint, the key and the secrets in its environment."""

    driver: str
    answer: Callable | None
    decode: Callable[[Message], list[str]]
    plants: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    http2: bool = False
    typed: bool = False

    def backend(self, key: str) -> Backend:
        return Backend(self.answer(key))


SENTRY = (
    "message", "local", "nested_local", "context_line", "breadcrumb", "authorization", "cookie",
    "extra", "query", "body", "attachment", "span", "token_github",
)  # fmt: skip
LOGS = ("message", "json_in_string", "attribute", "nested", "token_github")
SIGNALS = (*LOGS, "span_attribute", "metric_attribute")


def sentry(driver: str, *arguments: str) -> Client:
    return Client(driver, backends.sentry, decode.envelope, SENTRY, arguments)


def otlp(driver: str, *arguments: str, plants: tuple[str, ...] = SIGNALS) -> Client:
    return Client(driver, backends.otlp, decode.otlp, plants, arguments)


def grpc(*arguments: str) -> Client:
    return Client("otlp_python.py", None, decode.grpc, SIGNALS, ("grpc", *arguments), http2=True)


def store(*arguments: str) -> Client:
    plants = (*LOGS, "pin")
    return Client(
        "elasticsearch_python.py", backends.elasticsearch, decode.lines_of_json, plants, arguments, typed=True
    )


CLIENTS = {
    "sentry-node": sentry("sentry_node.cjs"),
    "sentry-node-tunnel": sentry("sentry_node.cjs", "tunnel"),
    "sentry-python-gzip": sentry("sentry_python.py", "gzip"),
    "sentry-python-br": sentry("sentry_python.py", "br"),
    "otlp-python-http": otlp("otlp_python.py", "http", "none"),
    "otlp-python-http-gzip": otlp("otlp_python.py", "http", "gzip"),
    "otlp-python-grpc": grpc("none"),
    "otlp-python-grpc-gzip": grpc("gzip"),
    "otlp-node-json": otlp("otlp_node.cjs", "http", plants=LOGS),
    "otlp-node-proto": otlp("otlp_node.cjs", "proto", plants=LOGS),
    "elasticsearch-python": store("elasticsearch"),
    "opensearch-python": store("opensearch"),
    "loki-python": Client("loki_python.py", backends.loki, decode.document, LOGS),
    "loki-pino": Client("loki_pino.cjs", backends.loki, decode.document, LOGS),
    "splunk-python": Client("splunk_python.py", backends.splunk, decode.concatenated, LOGS),
    "splunk-node": Client("splunk_node.cjs", backends.splunk, decode.concatenated, LOGS),
    "datadog-python-gzip": Client("datadog_python.py", backends.datadog, decode.document, LOGS, ("gzip",)),
    "datadog-python-deflate": Client("datadog_python.py", backends.datadog, decode.document, LOGS, ("deflate",)),
    "curl": Client("curl.py", backends.anything, decode.whole, ("message", "field", "query", "header")),
}
