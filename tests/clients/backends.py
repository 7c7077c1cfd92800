"""Backends of our own, which check what the real ones check and answer as they answer."""

import dataclasses
import json
import secrets
import socket
import threading
from collections.abc import Callable

import decode
from http1 import Malformed, Message, read


@dataclasses.dataclass
class Answer:
    status: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)

    def encoded(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in self.headers)]
        if not self.status.startswith("204"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Refused(Exception):
    """A request that the real backend would not take."""

    def __init__(self, status: str, why: str):
        super().__init__(why)
        self.answer = Answer(status, json.dumps({"error": why}).encode())


class Backend:
    """Serves on a free port of 127.0.0.1; keeps why it refused."""

    def __init__(self, answer: Callable[[Message], Answer]):
        self.answer = answer
        self.refusals: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def output(self) -> str:
        """What a real backend would show; this one keeps nothing."""
        return ""

    def stop(self) -> None:
        self.listener.close()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while (request := read(stream)) is not None:
                    connection.sendall(self.judged(request).encoded())
            except (OSError, Malformed) as error:
                self.refusals.append(f"a broken request: {error}")

    def judged(self, request: Message) -> Answer:
        try:
            return self.answer(request)
        except Refused as refused:
            self.refusals.append(f"{request.method} {request.path}: {refused}")
            return refused.answer
        except Exception as error:  # what cannot be read is refused, whatever is wrong with it
            self.refusals.append(f"{request.method} {request.path}: {error!r}")
            return Answer("400 Bad Request", b"{}")


def sentry(key: str) -> Callable[[Message], Answer]:
    """Sentry's Relay: the key by header, query or the envelope's DSN; a syntax with lengths."""

    def answer(request: Message) -> Answer:
        expect(request, "POST", "/api/42/envelope/")
        parts = decode.envelope_parts(decode.plain(request))
        shown = (
            request.header("x-sentry-auth") or "",
            request.target,
            parts[0][0].get("dsn", ""),
        )
        if not any(f"sentry_key={key}" in text or f"//{key}@" in text for text in shown):
            raise Refused("403 Forbidden", "bad sentry DSN public key")
        event = parts[0][0].get("event_id", secrets.token_hex(16))
        return Answer("200 OK", json.dumps({"id": event}).encode())

    return answer


def otlp(key: str) -> Callable[[Message], Answer]:
    """An OTLP/HTTP receiver, which answers in the type that it was asked in."""

    def answer(request: Message) -> Answer:
        if request.header("x-honeycomb-team") != key:
            raise Refused("401 Unauthorized", "unknown API key")
        decode.otlp(request)
        kind = request.header("content-type")
        empty = decode.EXPORTS[request.path.rsplit("/", 1)[1]][1]().SerializeToString()
        body = b"{}" if kind.startswith("application/json") else empty
        return Answer("200 OK", body, (("Content-Type", kind),))

    return answer


def elasticsearch(key: str) -> Callable[[Message], Answer]:
    """Elasticsearch, OpenSearch: bulk requests with an item in the answer for each action."""

    headers = (
        ("X-Elastic-Product", "Elasticsearch"),
        ("Content-Type", "application/json"),
    )

    def answer(request: Message) -> Answer:
        if request.header("authorization") not in (f"ApiKey {key}", f"Basic {key}"):
            raise Refused("401 Unauthorized", "security_exception")
        if request.path.endswith("/_bulk"):
            body = {"took": 3, "errors": False, "items": bulk(decode.plain(request))}
        else:
            document = json.loads(decode.plain(request))
            numbers(document)
            body = {"_index": "app", "_id": "1", "result": "created", "_version": 1}
        return Answer("200 OK", json.dumps(body).encode(), headers)

    return answer


def bulk(body: bytes) -> list[dict]:
    if not body.endswith(b"\n"):
        raise Refused("400 Bad Request", "The bulk request must be terminated by a newline [\\n]")
    items = []
    lines = iter(body.splitlines())
    for line in lines:
        ((action, where),) = json.loads(line).items()
        if action not in ("index", "create"):
            raise Refused("400 Bad Request", "Malformed action/metadata line")
        numbers(json.loads(next(lines)))
        item = {"_index": where.get("_index", "app"), "_id": "1", "status": 201, "result": "created"}
        items.append({action: item})
    return items


def numbers(document: dict) -> None:
    """The mapping of the index: a `pin` is a number."""
    if not isinstance(document.get("pin"), int | None):
        raise Refused("400 Bad Request", "mapper_parsing_exception: failed to parse field [pin]")


def loki(key: str) -> Callable[[Message], Answer]:
    """Loki's push endpoint: only 204 is success."""

    def answer(request: Message) -> Answer:
        expect(request, "POST", "/loki/api/v1/push")
        if request.header("authorization") != f"Basic {key}":
            raise Refused("401 Unauthorized", "no org id")
        for stream in json.loads(decode.plain(request))["streams"]:
            labels, values = stream["stream"], stream["values"]
            if not all(isinstance(value, str) for value in labels.values()):
                raise Refused("400 Bad Request", "a label that is no string")
            for time, line, *_ in values:
                int(time), line.encode()
        return Answer("204 No Content", headers=())

    return answer


def splunk(key: str) -> Callable[[Message], Answer]:
    """Splunk's HTTP Event Collector: concatenated JSON, whatever its Content-Type."""

    def answer(request: Message) -> Answer:
        if not request.path.startswith("/services/collector"):
            raise Refused("404 Not Found", "The requested URL was not found on this server.")
        if request.header("authorization") != f"Splunk {key}":
            raise Refused("403 Forbidden", "Invalid token")
        decode.concatenated(request)
        return Answer("200 OK", b'{"text":"Success","code":0}')

    return answer


def datadog(key: str) -> Callable[[Message], Answer]:
    """Datadog's log intake."""

    def answer(request: Message) -> Answer:
        expect(request, "POST", "/api/v2/logs")
        if request.header("dd-api-key") != key:
            raise Refused("403 Forbidden", "Forbidden")
        for entry in json.loads(decode.plain(request)):
            if not isinstance(entry["message"], str):
                raise Refused("400 Bad Request", "a message that is no string")
        return Answer("202 Accepted", b"{}")

    return answer


def anything(key: str) -> Callable[[Message], Answer]:
    """Takes all that can be decoded, for whoever has the key."""

    def answer(request: Message) -> Answer:
        if request.header("authorization") != f"Bearer {key}":
            raise Refused("401 Unauthorized", "who are you?")
        decode.plain(request)
        return Answer("200 OK", b'{"ok":true}')

    return answer


def expect(request: Message, method: str, path: str) -> None:
    if (request.method, request.path) != (method, path):
        raise Refused("404 Not Found", "nothing here")
