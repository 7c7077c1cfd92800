"""Submits logs with datadog-api-client.

datadog_python.py gzip|deflate
"""

import sys

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.model.content_encoding import ContentEncoding
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem
from planted import ENDPOINT, KEY, PLANTED, json_in_string, message


def main() -> None:
    configuration = Configuration(host=ENDPOINT, api_key={"apiKeyAuth": KEY})
    configuration.enable_retry = False
    items = HTTPLog(
        [
            HTTPLogItem(ddsource="python", ddtags="env:prod,team:shop", hostname="web-1", message=message()),
            HTTPLogItem(message=json_in_string(), service="shop", api_key=PLANTED["attribute"], tries=3),
            HTTPLogItem(
                message="request", http={"headers": {"authorization": f"Bearer {PLANTED['nested']}"}}
            ),
        ]
    )
    with ApiClient(configuration) as client:
        LogsApi(client).submit_log(body=items, content_encoding=ContentEncoding(sys.argv[1]))


main()
