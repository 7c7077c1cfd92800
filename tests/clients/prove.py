"""Proves with one real client that blackbar takes out the secrets and nothing else.

    prove.py NAME --blackbar BINARY    through blackbar, compared with what was sent
    prove.py NAME --direct             without it: shows that client and backend work
    prove.py NAME … --certificates DIR for clients of HTTPS: ca.pem, server.pem, server.key
    prove.py --list                    the names

    client -> tap -> blackbar -> tap -> backend

The secrets are made anew for each run. Asserted is that the client saw success and the
backend refused nothing; that each secret was sent and none arrived, in whatever form; that
what arrived differs from what was sent by masks alone, and each mask stands for a secret;
that the answers came back as they were given.

Clients of HTTPS speak it with blackbar itself, which speaks it with the tap behind it. What
was sent is not to be read then, so that is left to the same clients without TLS: asserted
is that the client saw success, that no secret arrived and that as many masks did.
"""

import argparse
import base64
import json
import os
import random
import re
import ssl
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import compare
import decode
from clients import CLIENTS, Client
from compare import Difference
import http2
from http1 import Message, messages
from tap import Tap

HERE = Path(__file__).parent
NODE_MODULES = Path(sys.prefix).parent / "node" / "node_modules"

# Seconds that a client may take.
PATIENCE = 60


def main() -> None:
    options = parser().parse_args()
    if options.list:
        print("\n".join(CLIENTS))
        return
    run = Run(CLIENTS[options.name], options.certificates)
    run.start(None if options.direct else options.blackbar)
    try:
        run.drive()
    finally:
        run.stop()
    problems = run.problems() if run.blackbar else run.problems_of_the_client()
    for problem in problems:
        print(f"{options.name}: {problem}")
    if problems:
        print(run.log())
    sys.exit(1 if problems else 0)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser()
    options.add_argument("name", nargs="?", choices=CLIENTS)
    options.add_argument("--blackbar", default="blackbar")
    options.add_argument("--direct", action="store_true")
    options.add_argument("--certificates", type=Path)
    options.add_argument("--list", action="store_true")
    return options


class Run:
    """One client, its backend, and what stands between them."""

    def __init__(self, client: Client, certificates: Path | None = None):
        self.client = client
        self.certificates = certificates
        self.key = base64.b64encode(f"{word(11)}:{word(12)}".encode()).decode()
        self.planted = {plant: planted(plant) for plant in client.plants}
        self.folder = tempfile.TemporaryDirectory()
        self.blackbar = None
        self.driver = None

    def start(self, binary: str | None) -> None:
        self.backend = self.client.backend(self.key)
        self.back = Tap(self.backend.port, self.context())
        self.front = Tap(self.start_blackbar(binary) if binary else self.back.port)

    def context(self) -> ssl.SSLContext | None:
        """What the tap behind blackbar speaks TLS with."""
        if not self.client.tls:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates / "server.pem", self.certificates / "server.key")
        return context

    def start_blackbar(self, binary: str) -> int:
        """The port that blackbar chose."""
        folder = Path(self.folder.name)
        (folder / "blackbar.toml").write_text(self.configuration())
        self.log_file = folder / "log"
        with self.log_file.open("wb") as log:
            command = [binary, "serve", "-c", folder / "blackbar.toml"]
            self.blackbar = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.blackbar.poll() is None:
            if ready := re.search(r"listening on \S*?127\.0\.0\.1:(\d+)", self.log_file.read_text()):
                return int(ready[1])
            time.sleep(0.02)
        sys.exit(f"blackbar does not listen:\n{self.log()}")

    def configuration(self) -> str:
        tls, ca, scheme, host = "", "", "http", "127.0.0.1"
        if self.client.tls:
            files = {"certificate": "server.pem", "key": "server.key"}
            files = (f'{key} = "{self.certificates / file}"' for key, file in files.items())
            tls = f"tls = {{ {', '.join(files)} }}\n"
            ca = f'ca = "{self.certificates / "ca.pem"}"\n'
            scheme, host = "https", "localhost"
        return (
            f'[[listen]]\nhttp = "127.0.0.1:0"\n{tls}\n'
            f'[[listen.route]]\npath = "/*"\n{ca}'
            f'upstream = "{scheme}://{host}:{self.back.port}"\n'
            f"http2 = {str(self.client.http2).lower()}\n"
            f"{self.client.route}"
        )

    def drive(self) -> None:
        first = HERE / "drivers" / self.client.driver
        interpreter = "node" if first.suffix == ".cjs" else sys.executable
        of_tls = {}
        if self.client.tls:
            ca = str(self.certificates / "ca.pem")
            of_tls = {"BLACKBAR_CA": ca, "NODE_EXTRA_CA_CERTS": ca}
        host = "https://localhost" if self.client.tls else "http://127.0.0.1"
        environment = os.environ | of_tls | {
            "BLACKBAR_ENDPOINT": f"{host}:{self.front.port}",
            "BLACKBAR_KEY": self.key,
            "BLACKBAR_PLANTED": json.dumps(self.planted),
            "NODE_PATH": str(NODE_MODULES),
            "BLACKBAR_DIRECT": "" if self.blackbar else "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        self.driver = subprocess.run(
            [interpreter, first, *self.client.arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def stop(self) -> None:
        if self.blackbar:
            self.blackbar.terminate()
            self.blackbar.wait(PATIENCE)
        self.backend.stop()

    def log(self) -> str:
        driver = self.driver.stdout if self.driver else ""
        blackbar = self.log_file.read_text() if self.blackbar else ""
        return f"-- the client wrote:\n{driver}\n-- blackbar wrote:\n{blackbar}"

    def problems_of_the_client(self) -> list[str]:
        """What is wrong whether or not blackbar stands between."""
        found = [f"the backend refused: {refusal}" for refusal in self.backend.refusals]
        if self.driver.returncode != 0:
            found.append(f"the client saw no success ({self.driver.returncode})")
        if self.client.tls:
            return found
        sent = self.text_of(self.front)
        for name, secret in self.planted.items():
            if not compare.holds(sent, str(secret)):
                found.append(f"the client did not send {name}")
        return found

    def problems(self) -> list[str]:
        found = self.problems_of_the_client()
        if self.blackbar.returncode != 0:
            found.append(f"blackbar ended with {self.blackbar.returncode}")
        written = {"the backend": self.text_of(self.back), "the log": self.log_file.read_bytes()}
        if self.client.tls:
            return found + self.leaks(written) + self.problems_of_tls()
        return found + self.leaks(written) + self.differences() + self.differences_of_answers()

    def problems_of_tls(self) -> list[str]:
        """Whether TLS was spoken with blackbar, and masks stand for what was planted."""
        found = []
        wire = [bytes(kept.sent) for kept in self.front.recordings]
        # A handshake record of any version (RFC 8446, 5.1).
        if not wire or any(not sent.startswith(b"\x16\x03") for sent in wire):
            found.append("the client did not speak TLS with blackbar")
        masks = self.text_of(self.back).count(b"[REDACTED]")
        if masks < len(self.planted):
            found.append(f"{masks} masks arrived for {len(self.planted)} secrets")
        return found

    def leaks(self, written: dict[str, bytes]) -> list[str]:
        """The secrets that stand where none may."""
        return [
            f"LEAK: {name} in what {place} got{around(text, str(secret))}"
            for place, text in written.items()
            for name, secret in self.planted.items()
            if compare.holds(text, str(secret))
        ]

    def text_of(self, tap: Tap) -> bytes:
        """All that was sent through, raw and decoded, and what the backend makes of it."""
        raw = [bytes(recording.sent) for recording in tap.recordings]
        shown = self.backend.output().encode()
        decoded = [text.encode() for message in self.sent(tap) for _, text in self.parts(message)]
        return b"\n".join([*raw, *decoded, shown])

    def sent(self, tap: Tap) -> list[Message]:
        return [message for kept in tap.recordings for message in requests(bytes(kept.sent))]

    def parts(self, message: Message) -> list[tuple[str, str]]:
        """A request as texts with names. The DSN that names blackbar has to name the backend."""
        body = self.client.decode(message) if message.body else []
        texts = [(f"body, part {number}", text) for number, text in enumerate(body)]
        if self.client.decode is decode.envelope:
            blackbar, backend = (f"@127.0.0.1:{tap.port}/" for tap in (self.front, self.back))
            texts[0] = (texts[0][0], texts[0][1].replace(blackbar, backend))
        return compare.head(message) + texts

    def differences(self) -> list[str]:
        sent, arrived = self.sent(self.front), self.sent(self.back)
        if len(sent) != len(arrived):
            return [f"{len(sent)} requests were sent, {len(arrived)} arrived"]
        found = []
        for before in sent:
            tries = [(self.compared(before, after), after) for after in arrived]
            problems, after = min(tries, key=lambda tried: len(tried[0]))
            arrived.remove(after)
            found += problems
        return found

    def compared(self, before: Message, after: Message) -> list[str]:
        sent, arrived = self.parts(before), self.parts(after)
        if [name for name, _ in sent] != [name for name, _ in arrived]:
            names = {name for name, _ in sent} ^ {name for name, _ in arrived}
            return [f"other parts than were sent: {names}"] * (1 + len(sent))
        found = []
        for (name, text), (_, masked) in zip(sent, arrived, strict=True):
            where = f"{before.method} {before.path}, {name}"
            try:
                pieces = compare.masked_pieces(where, self.typed(text), masked)
            except Difference as difference:
                found.append(str(difference))
            else:
                found += [f"{where}: {piece!r} is masked" for piece in pieces if not self.rightly(piece)]
        return found

    def typed(self, text: str) -> str:
        """Stores with a mapping get null for a number."""
        if self.client.typed:
            return text.replace(str(self.planted["pin"]), "null")
        return text

    def rightly(self, piece: str) -> bool:
        """Whether it is a secret and no more, or has the look of one.

        Reports quote the drivers' own source, in which secrets are said to be planted.
        """
        value = piece.strip("\\\"'")
        if "planted" in value.lower():
            return True
        return value in map(str, self.planted.values()) or any(
            re.fullmatch(wider, value) for wider in self.client.wider
        )

    def differences_of_answers(self) -> list[str]:
        recordings = self.front.recordings + self.back.recordings
        if any(http2.spoken(bytes(kept.sent)) for kept in recordings):
            return []  # clients of HTTP/2 look at the answers themselves
        given, came = (sorted(self.answers(tap)) for tap in (self.back, self.front))
        return [] if given == came else [f"the answers were {given}, and came as {came}"]

    def answers(self, tap: Tap) -> list[tuple]:
        found = []
        for kept in tap.recordings:
            methods = [message.method for message in messages(bytes(kept.sent))]
            for answer in messages(bytes(kept.answered), methods):
                headers = [(name.lower(), value) for name, value in answer.headers]
                headers = [pair for pair in headers if pair[0] not in ("connection", "transfer-encoding")]
                found.append((answer.start, sorted(headers), answer.body))
        return found


def around(text: bytes, secret: str) -> str:
    """Where a secret stands, if it stands there as it is."""
    at = text.find(secret.encode())
    return f": {text[max(0, at - 120) : at + len(secret) + 20]!r}" if at >= 0 else ""


def requests(recorded: bytes) -> list[Message]:
    return http2.requests(recorded) if http2.spoken(recorded) else messages(recorded)


def planted(name: str) -> str | int:
    """A secret that no one has seen; `pin` is a number, `token_…` has the form of a token."""
    if name == "pin":
        return random.SystemRandom().randrange(10**11, 10**12)
    if name == "token_github":
        return "ghp" + "_" + word(36)
    return word(20)


def word(length: int) -> str:
    """Letters and digits, of each at least one."""
    alphabet = string.ascii_letters + string.digits
    chosen = random.SystemRandom().choices(alphabet, k=length - 2)
    return "x" + "".join(chosen) + "7"


if __name__ == "__main__":
    main()
