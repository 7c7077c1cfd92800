"""Sends events with the client of Python, which knows the mode Message alone.

    python sender.py '{"port": 24224, "records": […]}'
"""

import json
import sys

from fluent.sender import EventTime, FluentSender

options = json.loads(sys.argv[1])
sender = FluentSender("app", host="127.0.0.1", port=options["port"], nanosecond_precision=True)
for number, record in enumerate(options["records"]):
    time = EventTime.from_unix_nano((1_700_000_000 + number) * 10**9 + 123_456_789)
    if not sender.emit_with_time("web", time, record):
        sys.exit(f"not sent: {sender.last_error}")
sender.close()
