"""Indexes documents, by bulk and one by one.

elasticsearch_python.py elasticsearch|opensearch
"""

import sys

from planted import ENDPOINT, HOST, KEY, PLANTED, PORT, basic, json_in_string, message


def main() -> None:
    client, bulk = {"elasticsearch": elasticsearch, "opensearch": opensearch}[sys.argv[1]]()
    stored, errors = bulk(client, ({"_index": "app", "_source": document} for document in documents()))
    answer = client.index(index="app", body=documents()[0])
    if errors or stored != len(documents()) or answer["result"] != "created":
        sys.exit(f"{stored} stored, {errors}, {answer}")


def elasticsearch():
    from elasticsearch import Elasticsearch
    from elasticsearch.helpers import bulk

    return Elasticsearch(ENDPOINT, api_key=KEY, http_compress=True), bulk


def opensearch():
    from opensearchpy import OpenSearch
    from opensearchpy.helpers import bulk

    return OpenSearch([{"host": HOST, "port": int(PORT)}], http_auth=basic(KEY)), bulk


def documents() -> list[dict]:
    return [
        {"message": message(), "tries": 3, "ratio": 1.50, "pin": PLANTED["pin"]},
        {"message": json_in_string(), "labels": {"api_key": PLANTED["attribute"], "user": "ann"}},
        {"request": {"headers": {"authorization": f"Bearer {PLANTED['nested']}"}, "bytes": 12}, "ok": True},
    ]


main()
