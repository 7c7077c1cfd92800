"""Sends one body with curl in every encoding, stacked ones too, with and without a length."""

import gzip
import subprocess
import sys
import zlib

import brotli
import zstandard
from planted import DIRECT, ENDPOINT, KEY, PLANTED

TEXT = (
    "2026-11-28T10:00:00Z INFO start, \u00e4\u00f6\u00fc\r\n"
    f"2026-11-28T10:00:01Z ERROR login: password={PLANTED['message']} tries=3\n"
    f'{{"level":"info", "n":1.50, "api_key":"{PLANTED["field"]}"}}\n'
    "no newline at the end"
).encode()

CODERS = {
    "identity": bytes,
    "gzip": gzip.compress,
    # Two members, as of a file that was appended to.
    "x-gzip": lambda body: gzip.compress(body[:60]) + gzip.compress(body[60:]),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
STACKED = ("gzip, br", "deflate, gzip", "zstd, gzip, br")

OPTIONS = [(), ("-H", "Transfer-Encoding: chunked")]
# The backend speaks HTTP/1.1 alone.
if not DIRECT:
    OPTIONS.append(("--http2-prior-knowledge",))


def main() -> None:
    failures = [
        (codings, options)
        for codings in (*CODERS, *STACKED)
        for options in OPTIONS
        if not sent(codings, options)
    ]
    sys.exit(f"not taken: {failures}" if failures else 0)


def sent(codings: str, options: tuple[str, ...]) -> bool:
    body = TEXT
    for coding in codings.split(", "):
        body = CODERS[coding](body)
    command = [
        "curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", "--data-binary", "@-",
        "-H", f"Authorization: Bearer {KEY}", "-H", f"X-Api-Token: {PLANTED['header']}",
        "-H", "Content-Type: text/plain", "-H", f"Content-Encoding: {codings}", *options,
        f"{ENDPOINT}/ingest?page=2&token={PLANTED['query']}",
    ]  # fmt: skip
    done = subprocess.run(command, input=body, capture_output=True, check=False)
    if done.returncode != 0 or done.stdout != b'{"ok":true}':
        print(codings, options, done)
        return False
    return True


main()
