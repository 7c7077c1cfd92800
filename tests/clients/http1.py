"""Reads HTTP/1.1 messages: from a socket for the upstreams, from what was recorded for the proof."""

import dataclasses
import io


class Malformed(Exception):
    """A message that no strict peer would take."""


@dataclasses.dataclass
class Message:
    """A request or an answer, its body without the framing of the transfer."""

    start: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start.split(" ")[1]

    @property
    def path(self) -> str:
        return self.target.split("?")[0]

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        if len(values) > 1:
            raise Malformed(f"several {name}")
        return values[0] if values else None


def messages(recorded: bytes, methods: list[str] | None = None) -> list[Message]:
    """All messages of one direction of a connection.

    Answers need the methods of the requests that they belong to. An interim answer (1xx)
    is none.
    """
    stream = io.BytesIO(recorded)
    found: list[Message] = []
    while stream.tell() < len(recorded):
        method = methods[len(found)] if methods else None
        message = read(stream, method)
        if message is not None and not message.start.startswith("HTTP/1.1 1"):
            found.append(message)
    return found


def read(stream, answer_to: str | None = None) -> Message | None:
    """The next message, or none at the end of the stream."""
    head = read_head(stream)
    if head is None:
        return None
    start, headers = head
    message = Message(start, headers, b"")
    message.body = read_body(stream, message, answer_to)
    return message


def read_head(stream) -> tuple[str, list[tuple[str, str]]] | None:
    start = stream.readline()
    if not start:
        return None
    headers = []
    while (line := text(stream.readline())) != "":
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise Malformed("a header line without a name")
        headers.append((name, value.strip(" \t")))
    return text(start), headers


def text(line: bytes) -> str:
    if not line.endswith(b"\r\n"):
        raise Malformed("a line of the head that does not end in CR LF")
    return line[:-2].decode("latin-1")


def read_body(stream, message: Message, answer_to: str | None) -> bytes:
    coding = message.header("transfer-encoding")
    length = message.header("content-length")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise Malformed("a framing that is not plainly chunked")
        return read_chunks(stream)
    status = message.start.split(" ")[1]
    if answer_to == "HEAD" or (answer_to and (status in ("204", "304") or status[0] == "1")):
        return b""
    if length is None:
        return stream.read() if answer_to else b""
    if not length.isascii() or not length.isdigit():
        raise Malformed("a length that is no number")
    return exactly(stream, int(length))


def read_chunks(stream) -> bytes:
    body = b""
    while size := int(text(stream.readline()), 16):
        body += exactly(stream, size)
        if stream.read(2) != b"\r\n":
            raise Malformed("a chunk of another length than it says")
    while text(stream.readline()) != "":
        pass
    return body


def exactly(stream, size: int) -> bytes:
    body = stream.read(size)
    if len(body) != size:
        raise Malformed("a body that ends too early")
    return body
