"""Takes the bodies of requests apart, into texts that can be compared.

Strict: what the real backend would refuse raises an error here.
"""

import gzip
import json
import zlib

import brotli
import zstandard
from google.protobuf import text_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace

from http1 import Message

# By the end of the path, for HTTP, and by the service, for gRPC.
EXPORTS = {
    "logs": (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
    "metrics": (metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
    "traces": (trace.ExportTraceServiceRequest, trace.ExportTraceServiceResponse),
}


def plain(message: Message) -> bytes:
    """The body without its content codings, the last applied first."""
    body = message.body
    codings = message.header("content-encoding") or "identity"
    for coding in reversed([coding.strip().lower() for coding in codings.split(",")]):
        body = DECODERS[coding](body)
    return body


def inflate(body: bytes) -> bytes:
    decoder = zlib.decompressobj()
    out = decoder.decompress(body)
    if not decoder.eof or decoder.unused_data:
        raise ValueError("deflate that does not end where the body ends")
    return out


DECODERS = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": inflate,
    "x-gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read(),
}


def whole(message: Message) -> list[str]:
    """A body of text is compared byte by byte."""
    return [plain(message).decode("utf-8")]


def opaque(message: Message) -> list[str]:
    """As `whole`, for bodies that may hold anything."""
    return [plain(message).decode("latin-1")]


def lines_of_json(message: Message) -> list[str]:
    """As `whole`, where each line has to be JSON."""
    for line in plain(message).splitlines():
        json.loads(line)
    return whole(message)


def document(message: Message) -> list[str]:
    """As `whole`, where it has to be one JSON document."""
    json.loads(plain(message))
    return whole(message)


def concatenated(message: Message) -> list[str]:
    """As `whole`, where JSON documents stand one after another."""
    rest = plain(message).decode("utf-8")
    decoder = json.JSONDecoder()
    while rest := rest.lstrip():
        _, end = decoder.raw_decode(rest)
        rest = rest[end:]
    return whole(message)


def envelope(message: Message) -> list[str]:
    """The headers and payloads of a Sentry envelope, without the lengths."""
    texts = []
    for header, payload in envelope_parts(plain(message)):
        header.pop("length", None)
        texts += [json.dumps(header), payload.decode("latin-1")]
    return texts


def envelope_parts(body: bytes) -> list[tuple[dict, bytes]]:
    """The envelope's header (its payload is empty), then the items."""
    header, _, rest = body.partition(b"\n")
    parts = [(json.loads(header), b"")]
    while rest := rest.removeprefix(b"\n"):
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        if not isinstance(header["type"], str):
            raise ValueError("an item without a type")
        length = header.get("length")
        if length is None:
            payload, _, rest = rest.partition(b"\n")
        else:
            payload, rest = rest[:length], rest[length:]
            if len(payload) != length or rest[:1] not in (b"", b"\n"):
                raise ValueError("an item of another length than it says")
        if header["type"] != "attachment":
            json.loads(payload)
        parts.append((header, payload))
    return parts


def otlp(message: Message) -> list[str]:
    """An OTLP request: its JSON as it is, its protobuf in protobuf's text format."""
    if message.header("content-type").startswith("application/json"):
        return document(message)
    signal = message.path.rsplit("/", 1)[1]
    return [protobuf(signal, plain(message))]


def grpc(message: Message) -> list[str]:
    """The messages of a gRPC request, each compressed or not."""
    signal = {"LogsService": "logs", "MetricsService": "metrics", "TraceService": "traces"}[
        message.path.split("/")[1].rsplit(".", 1)[1]
    ]
    texts = []
    rest = message.body
    while rest:
        compressed, length = rest[0], int.from_bytes(rest[1:5], "big")
        frame, rest = rest[5 : 5 + length], rest[5 + length :]
        if len(frame) != length:
            raise ValueError("a message of another length than it says")
        coding = message.header("grpc-encoding") if compressed else "identity"
        texts += [f"compressed: {compressed}", protobuf(signal, DECODERS[coding](frame))]
    return texts


def protobuf(signal: str, body: bytes) -> str:
    request = EXPORTS[signal][0]()
    request.ParseFromString(body)
    return text_format.MessageToString(request, print_unknown_fields=True, as_utf8=True)
