"""What a driver is told by its environment."""

import base64
import json
import os

ENDPOINT = os.environ["BLACKBAR_ENDPOINT"]
HOST, PORT = ENDPOINT.split("://")[1].split(":")
DIRECT = os.environ["BLACKBAR_DIRECT"] == "1"
KEY = os.environ["BLACKBAR_KEY"]
PLANTED = json.loads(os.environ["BLACKBAR_PLANTED"])


def message() -> str:
    """A log line with secrets in its text."""
    return f"login failed: password={PLANTED['message']} for ann with {PLANTED['token_github']}, 3 tries"


def json_in_string() -> str:
    """A log line that is JSON itself."""
    return json.dumps({"level": 50, "user": "ann", "db": {"password": PLANTED["json_in_string"], "n": 1.50}})


def basic(key: str) -> tuple[str, str]:
    """A user and a password that Basic authentication makes the key of."""
    user, _, password = base64.b64decode(key).decode().partition(":")
    return user, password
