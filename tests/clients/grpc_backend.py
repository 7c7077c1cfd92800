"""An OTLP/gRPC receiver of our own."""

from concurrent import futures

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc as logs_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_grpc


class GrpcBackend:
    """Takes logs, metrics and traces from whoever has the key."""

    def __init__(self, key: str):
        self.refusals: list[str] = []
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        logs_grpc.add_LogsServiceServicer_to_server(
            self.service(key, logs.ExportLogsServiceResponse()), self.server
        )
        metrics_grpc.add_MetricsServiceServicer_to_server(
            self.service(key, metrics.ExportMetricsServiceResponse()), self.server
        )
        trace_grpc.add_TraceServiceServicer_to_server(
            self.service(key, trace.ExportTraceServiceResponse()), self.server
        )
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def output(self) -> str:
        """What a real backend would show; this one keeps nothing."""
        return ""

    def stop(self) -> None:
        self.server.stop(None)

    def service(self, key: str, response):
        refusals = self.refusals

        class Service:
            def Export(self, _request, context):
                if dict(context.invocation_metadata()).get("x-honeycomb-team") != key:
                    refusals.append("an export without the key")
                    context.abort(grpc.StatusCode.UNAUTHENTICATED, "unknown API key")
                return response

        return Service()
