"""Pushes log lines with python-logging-loki."""

import logging
import sys

import logging_loki
from planted import ENDPOINT, KEY, PLANTED, basic, json_in_string, message

failures = []


def main() -> None:
    handler = logging_loki.LokiHandler(
        url=f"{ENDPOINT}/loki/api/v1/push",
        tags={"app": "shop", "api_key": PLANTED["nested"]},
        auth=basic(KEY),
        version="1",
    )
    handler.handleError = lambda _record: failures.append(sys.exc_info()[1])
    logger = logging.getLogger("shop")
    logger.propagate = False
    logger.addHandler(handler)
    logger.error(message())
    logger.error(json_in_string(), extra={"tags": {"secret": PLANTED["attribute"]}})
    sys.exit(f"not pushed: {failures}" if failures else 0)


main()
