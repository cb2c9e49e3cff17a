"""OTLP over HTTP: protobuf and JSON, plain or compressed, on one port."""

import asyncio
import logging
import reprlib
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from receiver.errors import ReceiverError, SenderGone, SenderSlow, UnsupportedMedia
from receiver.export_request import ExportRequest, read_request
from receiver.monitoring.metrics import Metrics
from receiver.otlp.request_json import to_protobuf
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from receiver.transport.admission import Arrival
from receiver.transport.answer_wait import answer_to
from receiver.transport.api_keys import ApiKeys
from receiver.transport.content_encoding import Decoder, check_size, decode, decoder_of
from receiver.transport.cross_origin import cross_origin
from receiver.transport.exchange import Exchange
from receiver.transport.http_answer import (
    JSON,
    PROTOBUF,
    answered,
    media_type,
    method_not_allowed,
    not_found,
    refused,
    smaller,
)
from receiver.transport.http_auth import KeyGuard

_LOG = logging.getLogger(__name__)
_TYPE_HEADER = "Content-Type"
_SIGNALS = {f"/v1/{signal.value}": signal for signal in Signal}
_TRANSPORTS = {PROTOBUF: "http/protobuf", JSON: "http/json"}
# A sender that takes longer over one body holds memory that others could use.
_BODY_TIMEOUT_S = 30.0
# So many bodies are decoded at a time: how large they become is known only afterwards.
_DECODING_MAX = 4


class HttpService:
    """The routes of OTLP/HTTP."""

    def __init__(
        self,
        pipeline: Pipeline,
        settings: ReceiverSettings,
        keys: ApiKeys | None = None,
        metrics: Metrics | None = None,
        other_routes: Sequence[Route] = (),
    ) -> None:
        """Answers from this pipeline. Asks for a key, and counts, if given; the other routes are
        for probes, and answered beside OTLP's."""
        self._pipeline = pipeline
        self._settings = settings
        self._decoding = threading.BoundedSemaphore(_DECODING_MAX)
        self._keys = keys
        self._metrics = metrics or Metrics()
        self._other_routes = other_routes

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route(f"/v1/{signal.value}", self._endpoint(signal), methods=["POST"])
            for signal in Signal
        ]
        handlers: dict[Any, Any] = {404: not_found, 405: method_not_allowed}
        app = Starlette(
            routes=[*routes, *self._other_routes],
            middleware=self._middleware(),
            exception_handlers=handlers,
        )
        app.router.redirect_slashes = False  # not every exporter follows a redirect
        return app

    def _middleware(self) -> list[Middleware]:
        """The outermost first: a browser's preflight has no key."""
        count = self._count_refusal
        guard = [Middleware(KeyGuard, keys=self._keys, on_refusal=count)] if self._keys else []
        return [*cross_origin(self._settings.cors_origins), *guard]

    def _count_refusal(self, path: str, error: ReceiverError, code: str) -> None:
        signal = _SIGNALS.get(path)
        if signal is not None:
            Exchange(self._metrics.traffic, "http", signal).refused(error, code)

    def _endpoint(self, signal: Signal) -> Any:  # Any: starlette's own type of an endpoint
        async def export(request: Request) -> Response:
            return await self._export(signal, request)

        return export

    async def _export(self, signal: Signal, request: Request) -> Response:
        content_type = media_type(request)
        transport = _TRANSPORTS.get(content_type, "http")
        exchange = Exchange(self._metrics.traffic, transport, signal)
        try:
            if content_type not in _TRANSPORTS:
                raise UnsupportedMedia(f"Content-Type {reprlib.repr(content_type)}", _TYPE_HEADER)
            decoder = decoder_of(request.headers.get("content-encoding", ""))
            with self._pipeline.admission.arrival() as arrival:
                body = await self._body(request, arrival)
                submit = partial(self._submit, exchange, signal, transport, decoder, arrival)
                taken = await run_in_threadpool(submit, body)
            del body  # from now on the queue counts what it became
            answer = await answer_to(taken, self._settings)
            response = answered(signal, answer, content_type, self._settings.response_bytes_max)
            exchange.answered(taken, answer, "200")
        except Exception as error:  # the edge to the sender: everything gets an honest code
            if not isinstance(error, ReceiverError):
                _LOG.exception("an export request failed")
            response = refused(error, content_type)
            exchange.refused(error, str(response.status_code))
            if isinstance(error, SenderSlow):
                response.headers["Connection"] = "close"
        return smaller(response, request)

    def _submit(
        self,
        exchange: Exchange,
        signal: Signal,
        transport: str,
        decoder: Decoder,
        arrival: Arrival,
        body: bytes,
    ) -> ExportRequest:
        with self._decoding:
            plain = decode(body, decoder, self._settings.request_bytes_max)
            arrival.add(0 if plain is body else len(plain))
            payload = to_protobuf(plain, signal) if transport == _TRANSPORTS[JSON] else plain
        request = exchange.read(read_request(signal, transport, payload, time.time_ns()))
        arrival.leave()
        return self._pipeline.submit(request)

    async def _body(self, request: Request, arrival: Arrival) -> bytes:
        """The body as it was sent; raises RequestTooLarge as soon as that is known.

        The connection stays open then, and the rest is thrown away as it comes: closing it would
        make a sender that is still sending miss the answer, and send again.
        """
        most = self._settings.request_bytes_max
        check_size(int(request.headers.get("content-length", 0)), most)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(_BODY_TIMEOUT_S):
                async for chunk in request.stream():
                    size += len(chunk)
                    check_size(size, most)
                    arrival.add(len(chunk))
                    chunks.append(chunk)
        except TimeoutError:
            text = f"the body was not whole after {_BODY_TIMEOUT_S:g} s"
            raise SenderSlow(text, self._settings.retry_delay_s, "slow") from None
        except ClientDisconnect:
            raise SenderGone("the sender closed the connection early") from None
        return b"".join(chunks)
