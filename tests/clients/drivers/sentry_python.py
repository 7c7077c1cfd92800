"""Reports errors, logs and traces with sentry-sdk, compressed by gzip or br.

sentry_python.py gzip|br
"""

import linecache
import logging
import os
import sys

import sentry_sdk
from planted import ENDPOINT, KEY, PLANTED
from sentry_sdk.scrubber import EventScrubber


def main() -> None:
    failures = []
    dsn = ENDPOINT.replace("://", f"://{KEY}@") + "/42"
    sentry_sdk.init(
        dsn=dsn,
        ca_certs=os.environ.get("BLACKBAR_CA"),
        enable_logs=True,
        traces_sample_rate=1.0,
        send_default_pii=True,
        event_scrubber=EventScrubber(denylist=[], pii_denylist=[]),
        max_value_length=10_000,
        _experiments={"transport_compression_algo": sys.argv[1]},
    )
    sentry_sdk.get_client().transport.record_lost_event = lambda *lost, **more: failures.append((lost, more))
    sentry_sdk.set_tag("team", "shop")
    sentry_sdk.set_extra("dsn_of_db", f"postgresql://app:{PLANTED['extra']}@db/shop")
    sentry_sdk.add_breadcrumb(
        category="http", message="POST /login", data={"api_key": PLANTED["breadcrumb"], "status": 401}
    )
    sentry_sdk.set_context("request_of_user", request())
    scope = sentry_sdk.get_current_scope()
    scope.add_attachment(bytes=f"password={PLANTED['attachment']}\nok\n".encode(), filename="app.log")
    with sentry_sdk.start_transaction(op="task", name="pay") as transaction:
        with transaction.start_child(op="db", name="select") as span:
            span.set_data("secret", PLANTED["span"])
        fail()
    logger = logging.getLogger("shop")
    logger.warning("mail of a customer: token=%(token)s", {"token": PLANTED["feedback"]})
    # The parameters are reported beside the template and the text that they make.
    logger.error("no payment: password=%s and %s", PLANTED["message"], PLANTED["token_github"])
    sentry_sdk.flush(timeout=20)
    sys.exit(f"lost: {failures}" if failures else 0)


def request() -> dict:
    return {
        "url": f"https://shop.example/login?token={PLANTED['query']}&page=2",
        "headers": {"Authorization": f"Bearer {PLANTED['authorization']}", "Accept": "*/*"},
        "cookies": f"session={PLANTED['cookie']}",
        "data": f'{{"user":"ann","password":"{PLANTED["body"]}"}}',
    }


def fail() -> None:
    db_password = PLANTED["local"]
    options = {"host": "db", "secret_key": PLANTED["nested_local"], "port": 5432}
    try:
        # A line of the source as the report quotes it, with a secret in it.
        source = f"def connect():\n    raise ValueError(len('password={PLANTED['context_line']}'))\n"
        exec(compile_with_source(source), {})
    except ValueError:
        sentry_sdk.capture_exception()
    assert db_password and options


def compile_with_source(source: str):
    """As if it stood in a file, so that the report has its lines."""
    source += "connect()\n"
    linecache.cache["shop.py"] = (len(source), None, source.splitlines(keepends=True), "shop.py")
    return compile(source, "shop.py", "exec")


main()
