"""The proof must be able to fail: each kind of damage is done to a request and has to be seen."""

import base64

from clients import CLIENTS
from prove import Run
from tap import Recording

SECRET = "x" + "hunter" * 3 + "7"
KEY = ("Authorization", "Bearer k")


def main() -> None:
    sent = body(SECRET)
    masked = body("[REDACTED]")
    hidden = base64.b64encode(f"ab{SECRET}".encode()).decode()
    assert problems(sent, masked) == []
    seen = {
        "a secret that arrived": problems(sent, sent),
        "a secret that arrived in base64": leaks(body(hidden)),
        "a secret in a header": leaks(masked, KEY, ("X-Tag", SECRET)),
        "a number spelled otherwise": problems(sent, masked.replace("1.50", "1.5")),
        "a mask over something else": problems(sent, masked.replace("tries", "[REDACTED]")),
        "a lost end": problems(sent, masked.replace(" tries", "")),
        "a lost request": problems(sent, None),
        "a lost header": differences(sent, request(masked)),
        "another header": differences(sent, request(masked, KEY, ("X-Added", "1"))),
    }
    unseen = [damage for damage, found in seen.items() if not found]
    assert not unseen, f"not seen: {unseen}"


def body(secret: str) -> str:
    return f'{{"at":1.50,"message":"password={secret} tries"}}'


def problems(before: str, after: str | None) -> list[str]:
    """What a run finds that recorded these two bodies."""
    if after is None:
        return differences(before)
    return leaks(after) + differences(before, request(after, KEY))


def leaks(after: str, *headers: tuple[str, str]) -> list[str]:
    run = recorded([], [request(after, *headers)])
    return run.leaks({"the backend": run.text_of(run.back)})


def differences(before: str, *arrived: bytes) -> list[str]:
    return recorded([request(before, KEY)], list(arrived)).differences()


def recorded(sent: list[bytes], arrived: list[bytes]) -> Run:
    """A run that has been."""
    run = Run(CLIENTS["datadog-python-gzip"])
    run.planted = {"message": SECRET}
    run.backend = Silent()
    run.front, run.back = Taped(sent), Taped(arrived)
    return run


def request(content: str, *headers: tuple[str, str]) -> bytes:
    lines = ["POST /api/v2/logs HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", content]).encode()


class Silent:
    """A backend that shows nothing."""

    def output(self) -> str:
        return ""


class Taped:
    """A tap that has recorded already."""

    port = 1

    def __init__(self, requests: list[bytes]):
        self.recordings = [Recording(bytearray(sent), bytearray()) for sent in requests]


main()
