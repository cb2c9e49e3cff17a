"""One export request between its arrival and its answer, counted and, if refused, logged."""

import logging
import time
from collections.abc import Callable

from receiver.errors import ReceiverError
from receiver.export_request import Answer, ExportRequest
from receiver.monitoring.traffic_metrics import TrafficMetrics
from receiver.signals import Signal

_LOG = logging.getLogger(__name__)


Refused = Callable[[str, ReceiverError, str], None]


def not_counted(_what: str, _error: ReceiverError, _code: str) -> None:
    """A `Refused` that does nothing.

    Who refuses a request before it is read calls a `Refused` with its gRPC method or its path, the
    error, and the code that the sender is told.
    """


class Exchange:
    """What a transport reports about one request; the last report is `answered` or `refused`."""

    def __init__(self, metrics: TrafficMetrics, transport: str, signal: Signal) -> None:
        """Begins now. `transport` is `grpc`, `http/protobuf`, `http/json` or `http`."""
        self._metrics = metrics
        self._transport, self._signal = transport, signal
        self._began_s = time.monotonic()
        self._request: ExportRequest | None = None

    def read(self, request: ExportRequest) -> ExportRequest:
        """The request could be read; hands it on."""
        self._request = request
        self._metrics.read(self._transport, len(request.payload))
        return request

    def answered(self, taken: ExportRequest, answer: Answer, code: str) -> None:
        """The sender is told what was stored; `taken` is the request whose answer that is."""
        self._metrics.answered(self._transport, self._signal, code)
        if answer.duplicate or taken is not self._request:
            self._metrics.duplicate(self._transport, self._signal, taken.record_count)
        else:
            ack_s = time.monotonic() - self._began_s
            self._metrics.stored(
                self._transport, self._signal, answer.accepted, answer.rejected, ack_s
            )

    def refused(self, error: BaseException, code: str) -> None:
        """The sender is told that nothing was stored."""
        self._metrics.answered(self._transport, self._signal, code)
        records = 0 if self._request is None else self._request.record_count
        if not isinstance(error, ReceiverError):  # whoever caught it has logged it
            self._metrics.dropped(self._transport, self._signal, records)
            return
        self._metrics.refused(self._transport, self._signal, error.reason, records)
        _LOG.warning(
            "an export request was refused: %s",
            error,
            extra={
                "transport": self._transport,
                "signal": self._signal.value,
                "reason": error.reason,
                "code": code,
                "records": records,
            },
        )
