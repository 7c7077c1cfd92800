"""Exports logs, traces and metrics with the OpenTelemetry SDK for Python.

otlp_python.py http|grpc none|gzip|deflate
"""

import logging
import sys

import grpc
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression, _log_exporter, metric_exporter, trace_exporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from planted import ENDPOINT, KEY, PLANTED, json_in_string, message

RESOURCE = Resource({"service.name": "shop", "deployment.secret": PLANTED["nested"]})
SUCCESS = (LogRecordExportResult.SUCCESS, MetricExportResult.SUCCESS, SpanExportResult.SUCCESS)
failures = []


def main() -> None:
    logs, traces, metrics = exporters(sys.argv[1], sys.argv[2])
    export_logs(watched(logs))
    export_traces(watched(traces))
    export_metrics(watched(metrics))
    sys.exit(f"not exported: {failures}" if failures else 0)


def exporters(transport: str, compression: str):
    headers = {"x-honeycomb-team": KEY}
    if transport == "http":
        chosen = Compression(compression)
        return (
            _log_exporter.OTLPLogExporter(f"{ENDPOINT}/v1/logs", headers=headers, compression=chosen),
            trace_exporter.OTLPSpanExporter(f"{ENDPOINT}/v1/traces", headers=headers, compression=chosen),
            metric_exporter.OTLPMetricExporter(f"{ENDPOINT}/v1/metrics", headers=headers, compression=chosen),
        )
    chosen = {"none": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip}[compression]
    settings = {
        "endpoint": ENDPOINT,
        "insecure": True,
        "headers": tuple(headers.items()),
        "compression": chosen,
    }
    return (
        grpc_logs.OTLPLogExporter(**settings),
        grpc_traces.OTLPSpanExporter(**settings),
        grpc_metrics.OTLPMetricExporter(**settings),
    )


def watched(exporter):
    """Each export's result is looked at: the SDK itself only logs it."""
    export = exporter.export

    def watch(*args, **more):
        result = export(*args, **more)
        if result not in SUCCESS:
            failures.append(type(exporter).__name__)
        return result

    exporter.export = watch
    return exporter


def export_logs(exporter) -> None:
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = logging.getLogger("shop")
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.error(message())
    logger.error(json_in_string(), extra={"api_key": PLANTED["attribute"], "attempt": 3})
    provider.shutdown()


def export_traces(exporter) -> None:
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("shop").start_as_current_span("pay") as span:
        span.set_attribute("url.full", f"https://shop.example/?token={PLANTED['span_attribute']}&page=2")
        span.add_event("retry", {"password": PLANTED["attribute"]})
    provider.shutdown()


def export_metrics(exporter) -> None:
    reader = PeriodicExportingMetricReader(exporter)
    provider = MeterProvider([reader], resource=RESOURCE)
    counter = provider.get_meter("shop").create_counter("payments")
    counter.add(3, {"client_secret": PLANTED["metric_attribute"], "route": "/pay"})
    provider.shutdown()


main()
