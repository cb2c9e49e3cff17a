"""What a sender is told: one table from errors to gRPC and HTTP codes, and the messages in both
encodings.

Source of the codes: OTLP specification 1.11, "Failures" and "OTLP/HTTP Response".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from receiver.errors import (
    MalformedRequest,
    RequestTooLarge,
    ResponseTooLarge,
    Unauthenticated,
    Unavailable,
)
from receiver.export_request import Answer
from receiver.signals import Signal

# Over gRPC a message goes into metadata twice, and clients take 8 KiB of metadata.
MESSAGE_BYTES_MAX = 1024
_CUT = " … "


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as both transports say it.

    `retry_delay_s` is None if sending again is useless; `field` says where a bad request is bad,
    None if the request is not to blame.
    """

    grpc_code: grpc.StatusCode
    http_code: int
    message: str
    retry_delay_s: float | None = None
    field: str | None = None

    def status(self) -> Status:
        """The `google.rpc.Status` message, with RetryInfo when the sender should come back and
        BadRequest when it sent what cannot be read."""
        code: int = self.grpc_code.value[0]
        status = Status(code=code, message=self.message)
        if self.retry_delay_s is not None:
            status.details.add().Pack(self.retry_info())
        if self.field is not None:
            violation = BadRequest.FieldViolation(field=self.field, description=self.message)
            status.details.add().Pack(BadRequest(field_violations=[violation]))
        return status

    def metadata(self) -> tuple[tuple[str, bytes], ...]:
        """Trailing metadata of gRPC. RetryInfo goes out in two forms: Collectors read one, Python
        the other."""
        status = ("grpc-status-details-bin", self.status().SerializeToString())
        if self.retry_delay_s is None:
            return (status,)
        return status, ("google.rpc.retryinfo-bin", self.retry_info().SerializeToString())

    def retry_info(self) -> RetryInfo:
        """When to come back."""
        delay = Duration()
        delay.FromNanoseconds(int((self.retry_delay_s or 0.0) * 1e9))
        return RetryInfo(retry_delay=delay)


_CODES: dict[type[Exception], tuple[grpc.StatusCode, int]] = {
    RequestTooLarge: (grpc.StatusCode.RESOURCE_EXHAUSTED, 413),
    MalformedRequest: (grpc.StatusCode.INVALID_ARGUMENT, 400),
    ResponseTooLarge: (grpc.StatusCode.RESOURCE_EXHAUSTED, 500),
    Unavailable: (grpc.StatusCode.UNAVAILABLE, 503),
    Unauthenticated: (grpc.StatusCode.UNAUTHENTICATED, 401),
}


def refusal_of(error: Exception) -> Refusal:
    """How this error is told; one that is not in the table is ours, and sending again does not
    help."""
    for kind, (grpc_code, http_code) in _CODES.items():
        if isinstance(error, kind):
            delay = error.retry_delay_s if isinstance(error, Unavailable) else None
            bad = grpc_code is grpc.StatusCode.INVALID_ARGUMENT
            field = shortened(error.field) if bad and isinstance(error, MalformedRequest) else None
            return Refusal(grpc_code, http_code, shortened(str(error)), delay, field)
    message = "the request could not be stored because of an error in the receiver; see its log"
    return Refusal(grpc.StatusCode.INTERNAL, 500, message)


def shortened(text: str, bytes_max: int = MESSAGE_BYTES_MAX) -> str:
    """The text without its middle, if it is longer than this as UTF-8."""
    content = text.encode(errors="replace")
    if len(content) <= bytes_max:
        return content.decode()
    half = (bytes_max - len(_CUT.encode())) // 2
    if half < 1:
        return ""
    return content[:half].decode(errors="ignore") + _CUT + content[-half:].decode(errors="ignore")


def encode_answer(
    signal: Signal,
    answer: Answer,
    encode: Callable[[Any], bytes],  # Any: the generated message classes are untyped
    bytes_max: int,
) -> bytes:
    """The export response as bytes, its error message shortened if they would be too many.

    Raises ResponseTooLarge if they still are (OTLP specification 1.11, "OTLP Protocol Details").
    """
    response = _export_response(signal, answer)
    content = encode(response)
    if len(content) > bytes_max and response.HasField("partial_success"):
        partial = response.partial_success
        room = bytes_max - (len(content) - len(partial.error_message.encode()))
        partial.error_message = shortened(partial.error_message, max(0, room))
        content = encode(response)
    if len(content) > bytes_max:
        raise ResponseTooLarge(
            f"the request was stored, but its answer of {len(content)} bytes is larger than the"
            f" limit of {bytes_max}. Sending it again does not help."
        )
    return content


def encode_protobuf(message: Any) -> bytes:  # Any: the generated message classes are untyped
    """A message in protobuf's wire format."""
    content: bytes = message.SerializeToString()
    return content


def _export_response(signal: Signal, answer: Answer) -> Any:  # Any: as above
    """The export response: empty on full success, else with the exact number of refused records."""
    if signal is Signal.TRACES:
        response, records = ExportTraceServiceResponse(), "spans"
    else:
        response, records = ExportLogsServiceResponse(), "log records"
    if answer.rejected:
        partial = response.partial_success
        setattr(partial, f"rejected_{records.replace(' ', '_')}", answer.rejected)
        partial.error_message = (
            f"{answer.rejected} {records} were refused: {answer.reason}. All others of the request"
            " are stored. Sending these again does not help: correct what makes or changes them."
        )
    return response


NOT_FOUND_STATUS = Status(
    code=code_pb2.UNIMPLEMENTED,
    message="deploylens receives traces at /v1/traces and logs at /v1/logs, nothing else."
    " Metrics and profiles are not stored: send them elsewhere, or switch them off in the exporter"
    " (OTEL_METRICS_EXPORTER=none).",
)
