"""Reads the requests of recorded HTTP/2 connections."""

import h2.config
import h2.connection
import h2.events
from http1 import Message

# How each connection begins.
PREFACE = b"PRI * HTTP/2.0\r\n"

# What the recorded peer may use, wide enough for all that the tests send.
WINDOW = 2**30


def spoken(recorded: bytes) -> bool:
    return recorded.startswith(PREFACE)


def requests(recorded: bytes) -> list[Message]:
    """The requests of one recorded HTTP/2 connection, in the order in which they began."""
    config = h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
    connection = h2.connection.H2Connection(config)
    connection.decoder.max_allowed_table_size = WINDOW
    connection.increment_flow_control_window(WINDOW)
    found: dict[int, Message] = {}
    for event in connection.receive_data(recorded):
        if isinstance(event, h2.events.RequestReceived):
            found[event.stream_id] = request(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            found[event.stream_id].body += event.data
    return list(found.values())


def request(headers) -> Message:
    pseudo = {name: value for name, value in headers if name.startswith(":")}
    start = f"{pseudo[':method']} {pseudo[':path']} HTTP/2"
    return Message(start, [pair for pair in headers if not pair[0].startswith(":")], b"")
