"""How another process of this host hands over export requests from files: through the local API.

`POST /api/import/v1/traces` and `/api/import/v1/logs` take one protobuf request each. The answer is
JSON that says what OTLP has no field for: `accepted`, `rejected`, `reason` and `duplicate`, or
`message` if the request was refused. Who may ask is up to the application that has these routes.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from receiver.errors import ReceiverError
from receiver.export_request import ExportRequest, read_request
from receiver.monitoring.metrics import Metrics
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from receiver.transport.admission import Arrival
from receiver.transport.answer_wait import answer_to
from receiver.transport.content_encoding import check_size
from receiver.transport.exchange import Exchange
from receiver.transport.status import refusal_of

IMPORT_PATH = "/api/import/v1/"
_TRANSPORT = "file"
_LOG = logging.getLogger(__name__)


class ImportService:
    """The routes for files."""

    def __init__(self, pipeline: Pipeline, settings: ReceiverSettings, metrics: Metrics) -> None:
        """Answers from this pipeline."""
        self._pipeline, self._settings, self._metrics = pipeline, settings, metrics

    def routes(self) -> list[Route]:
        """A route for each signal."""
        return [
            Route(f"{IMPORT_PATH}{signal.value}", self._endpoint(signal), methods=["POST"])
            for signal in Signal
        ]

    def _endpoint(self, signal: Signal) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def take(request: Request) -> JSONResponse:
            return await self._take(signal, request)

        return take

    async def _take(self, signal: Signal, request: Request) -> JSONResponse:
        exchange = Exchange(self._metrics.traffic, _TRANSPORT, signal)
        try:
            taken = await self._submitted(exchange, signal, request)
            answer = await answer_to(taken, self._settings)
            exchange.answered(taken, answer, "200")
            return JSONResponse(asdict(answer))
        except Exception as error:  # the edge to the sender: everything gets an honest code
            if not isinstance(error, ReceiverError):
                _LOG.exception("a request from a file failed")
            refusal = refusal_of(error)
            exchange.refused(error, str(refusal.http_code))
            return JSONResponse({"message": refusal.message}, refusal.http_code)

    async def _submitted(
        self, exchange: Exchange, signal: Signal, request: Request
    ) -> ExportRequest:
        with self._pipeline.admission.arrival() as arrival:
            payload = await self._payload(request, arrival)

            def submit() -> ExportRequest:
                read = read_request(signal, _TRANSPORT, payload, time.time_ns())
                exchange.read(read)
                arrival.leave()
                return self._pipeline.submit(read)

            return await run_in_threadpool(submit)

    async def _payload(self, request: Request, arrival: Arrival) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            check_size(size, self._settings.request_bytes_max)
            arrival.add(len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)
