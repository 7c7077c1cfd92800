"""A relay that keeps what passes through it, byte by byte.

One stands before blackbar and one behind it, so that the same request can be compared.
"""

import contextlib
import dataclasses
import socket
import ssl
import threading


@dataclasses.dataclass
class Recording:
    """What one connection carried."""

    sent: bytearray
    answered: bytearray


class Tap:
    """Listens on a free port of 127.0.0.1 and hands everything on to another port.

    With a context it speaks TLS with its clients, and keeps what was said inside.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None = None):
        self.to = port
        self.context = context
        self.recordings: list[Recording] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            try:
                if self.context:
                    client = self.context.wrap_socket(client, server_side=True)
                upstream = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                continue
            recording = Recording(bytearray(), bytearray())
            self.recordings.append(recording)
            for ends in ((client, upstream, recording.sent), (upstream, client, recording.answered)):
                threading.Thread(target=pump, args=ends, daemon=True).start()


def pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        for chunk in iter(lambda: source.recv(65536), b""):
            kept += chunk
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
