"""rotel as the backend: a real receiver of OTLP, by HTTP and by gRPC."""

import importlib.util
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# Seconds until it listens, and until it wrote what it took.
PATIENCE = 20

# What it prints of each signal.
SIGNALS = {"logs": "LogRecord #", "traces": "Span #", "metrics": "Metric #"}


# Its own log is in colours, unlike what it prints of the records.
COMPLAINT = re.compile(r"\x1b\S* *(WARN|ERROR)\x1b")


class RotelBackend:
    """Prints all that it takes; what it printed is looked through for secrets."""

    def __init__(self, transport: str):
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        ports = {"http": free_port(), "grpc": free_port(), transport: self.port}
        agent = Path(importlib.util.find_spec("rotel").origin).with_name("rotel-agent")
        self.output_file = Path(self.folder.name) / "output"
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    agent, "start", "--exporter", "blackhole",
                    *(part for signal in SIGNALS for part in ("--debug-log", signal)),
                    "--debug-log-verbosity", "detailed",
                    "--otlp-http-endpoint", f"127.0.0.1:{ports['http']}",
                    "--otlp-grpc-endpoint", f"127.0.0.1:{ports['grpc']}",
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.await_port()

    def await_port(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Waits until it printed something of each signal, then ends it."""
        deadline = time.monotonic() + PATIENCE
        while self.missing() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.process.terminate()
        self.process.wait(PATIENCE)

    @property
    def refusals(self) -> list[str]:
        """The signals of which nothing was taken, and what it complained of."""
        complaints = [line for line in self.output().splitlines() if COMPLAINT.search(line)]
        return [f"no {signal} were taken" for signal in self.missing()] + complaints

    def missing(self) -> list[str]:
        output = self.output()
        return [signal for signal, printed in SIGNALS.items() if printed not in output]

    def output(self) -> str:
        """All that it printed."""
        return self.output_file.read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
