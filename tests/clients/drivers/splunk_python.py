"""Sends events with splunk_handler."""

import logging
import sys

from planted import HOST, KEY, PLANTED, PORT, json_in_string, message
from splunk_handler import SplunkHandler

failures = []


def main() -> None:
    handler = SplunkHandler(
        host=HOST, port=PORT, protocol="http", token=KEY, index="main", flush_interval=0,
        force_keep_ahead=True, record_format=True,
    )  # fmt: skip
    handler.write_log = lambda line, *_, **__: failures.append(line) if "xception" in line else None
    logger = logging.getLogger("shop")
    logger.propagate = False
    logger.addHandler(handler)
    logger.error(message())
    logger.error({"line": json_in_string(), "api_key": PLANTED["attribute"], "tries": 3})
    logger.error({"request": {"headers": {"authorization": f"Bearer {PLANTED['nested']}"}, "bytes": 12}})
    handler.shutdown()
    sys.exit(f"not sent: {failures}" if failures else 0)


main()
