"""What a sender is told: one table from errors to gRPC and HTTP codes, and the messages in both
encodings.

Source of the codes: OTLP specification 1.11, "Failures" and "OTLP/HTTP Response".
"""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from receiver.errors import MalformedRequest, RequestTooLarge, Unavailable
from receiver.export_request import Answer
from receiver.signals import Signal


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as both transports say it; `retry_delay_s` is None if sending again is useless."""

    grpc_code: grpc.StatusCode
    http_code: int
    message: str
    retry_delay_s: float | None = None

    def status(self) -> Status:
        """The `google.rpc.Status` message, with RetryInfo when the sender should come back."""
        code: int = self.grpc_code.value[0]
        status = Status(code=code, message=self.message)
        if self.retry_delay_s is not None:
            status.details.add().Pack(self.retry_info())
        return status

    def retry_info(self) -> RetryInfo:
        """When to come back."""
        delay = Duration()
        delay.FromNanoseconds(int((self.retry_delay_s or 0.0) * 1e9))
        return RetryInfo(retry_delay=delay)


_CODES: dict[type[Exception], tuple[grpc.StatusCode, int]] = {
    RequestTooLarge: (grpc.StatusCode.RESOURCE_EXHAUSTED, 413),
    MalformedRequest: (grpc.StatusCode.INVALID_ARGUMENT, 400),
    Unavailable: (grpc.StatusCode.UNAVAILABLE, 503),
}


def refusal_of(error: Exception) -> Refusal:
    """How this error is told; one that is not in the table is ours, and sending again does not
    help."""
    for kind, (grpc_code, http_code) in _CODES.items():
        if isinstance(error, kind):
            delay = error.retry_delay_s if isinstance(error, Unavailable) else None
            return Refusal(grpc_code, http_code, str(error), delay)
    message = "the request could not be stored because of an error in the receiver; see its log"
    return Refusal(grpc.StatusCode.INTERNAL, 500, message)


def export_response(signal: Signal, answer: Answer) -> Any:  # Any: an untyped generated message
    """The export response: empty on full success, else with the exact number of refused records."""
    if signal is Signal.TRACES:
        response = ExportTraceServiceResponse()
        if answer.rejected:
            response.partial_success.rejected_spans = answer.rejected
    else:
        response = ExportLogsServiceResponse()
        if answer.rejected:
            response.partial_success.rejected_log_records = answer.rejected
    if answer.rejected:
        response.partial_success.error_message = f"refused: {answer.reason}"
    return response


NOT_FOUND_STATUS = Status(
    code=code_pb2.UNIMPLEMENTED,
    message="deploylens receives traces at /v1/traces and logs at /v1/logs, nothing else",
)
