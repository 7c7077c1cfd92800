"""Compares what a client sent with what the backend got: they may differ by masks alone."""

import base64
import dataclasses
import re

from http1 import Message

# A mask, with its quotes where it is a whole string: it may stand for a number or an object.
MASK = re.compile(r'(\\*")\[REDACTED\]\1|\[REDACTED\]|%5BREDACTED%5D')

# What belongs to one connection, and what blackbar writes anew for the next.
OF_THE_CONNECTION = {
    "connection", "content-length", "expect", "host", "keep-alive", "te", "transfer-encoding",
}  # fmt: skip


@dataclasses.dataclass
class Difference(Exception):
    """Where something differs that no mask explains."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def head(message: Message) -> list[tuple[str, str]]:
    """The parts of a head that have to arrive, each with its name."""
    headers = [
        (f"header {name.lower()}", value)
        for name, value in message.headers
        if name.lower() not in OF_THE_CONNECTION
    ]
    return [("method", message.method), ("target", message.target), *sorted(headers)]


def masked_pieces(where: str, before: str, after: str) -> list[str]:
    """What stood where `after` has masks; raises what no mask explains.

    Between masks everything is found again, as early as possible: then each mask stands
    for as little as it can.
    """
    first, *literals = MASK.sub("\0", after).split("\0")
    if not before.startswith(first):
        raise first_difference(where, before, first)
    if not literals:
        if before != first:
            raise first_difference(where, before, first)
        return []
    pieces = []
    at = len(first)
    for literal in literals[:-1]:
        found = before.find(literal, at + 1)
        if found < 0:
            raise first_difference(where, before[at:], literal)
        pieces.append(before[at:found])
        at = found + len(literal)
    end = len(before) - len(literals[-1])
    if end <= at or not before.endswith(literals[-1]):
        raise first_difference(where, before[at:], literals[-1])
    return [*pieces, before[at:end]]


def first_difference(where: str, before: str, after: str) -> Difference:
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    start = max(0, same - 40)
    return Difference(where, f"sent {before[start : same + 160]!r}, got {after[start : same + 160]!r}")


def forms(secret: str) -> list[bytes]:
    """The ways in which a secret may hide: itself, hexadecimal, and base64 at each offset."""
    raw = secret.encode()
    found = [raw, raw.hex().encode()]
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * offset + raw)
            found.append(encoded[(0, 2, 3)[offset] : len(encoded) // 4 * 4 - 4])
    return found


def holds(text: bytes, secret: str) -> bool:
    return any(form in text for form in forms(secret))
