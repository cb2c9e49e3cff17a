"""OTLP over HTTP: protobuf and JSON, plain or gzip, on one port."""

import asyncio
import json
import logging
import math
import time
import zlib
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from receiver.errors import MalformedRequest, ReceiverError, RequestTooLarge, Unavailable
from receiver.export_request import ExportRequest, read_request
from receiver.otlp.request_json import to_protobuf
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from receiver.status import NOT_FOUND_STATUS, export_response, refusal_of

_LOG = logging.getLogger(__name__)
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_GZIP_WINDOW = 31  # zlib's number for "with a gzip header"


class HttpService:
    """The routes of OTLP/HTTP."""

    def __init__(self, pipeline: Pipeline, settings: ReceiverSettings) -> None:
        """Answers from this pipeline."""
        self._pipeline = pipeline
        self._settings = settings

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route(f"/v1/{signal.value}", self._endpoint(signal), methods=["POST"])
            for signal in Signal
        ]
        handlers: dict[Any, Any] = {404: _not_found, 405: _method_not_allowed}
        return Starlette(routes=routes, exception_handlers=handlers)

    def _endpoint(self, signal: Signal) -> Any:  # Any: starlette's own type of an endpoint
        async def export(request: Request) -> Response:
            return await self._export(signal, request)

        return export

    async def _export(self, signal: Signal, request: Request) -> Response:
        content_type = _media_type(request)
        if content_type not in (_PROTOBUF, _JSON):
            supported = f"415 unsupported media type, supported: [{_JSON}, {_PROTOBUF}]"
            return Response(supported, 415, media_type="text/plain")
        try:
            body = await self._body(request)
            export_request = await run_in_threadpool(self._submit, signal, content_type, body)
            answer = export_request.answer
            await asyncio.wait([asyncio.wrap_future(answer)], timeout=self._settings.ack_timeout_s)
            if not answer.done():
                raise Unavailable("the store is slow; send again", self._settings.retry_delay_s)
            return _encoded(export_response(signal, answer.result()), content_type, 200)
        except Exception as error:  # the edge to the sender: everything gets an honest code
            if not isinstance(error, ReceiverError):
                _LOG.exception("an export request failed")
            return _refused(error, content_type)

    def _submit(self, signal: Signal, content_type: str, body: bytes) -> ExportRequest:
        transport = "http/json" if content_type == _JSON else "http/protobuf"
        payload = to_protobuf(body, signal) if content_type == _JSON else body
        return self._pipeline.submit(read_request(signal, transport, payload, time.time_ns()))

    async def _body(self, request: Request) -> bytes:
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        most = self._settings.request_bytes_max
        if encoding == "gzip":
            return await _gunzip(request.stream(), most)
        if encoding not in ("identity", "none", ""):
            raise MalformedRequest(f"Content-Encoding {encoding!r} is not one of gzip, identity")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            _check_size(len(body), most)
        return bytes(body)


async def _gunzip(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """The content of a gzip stream of one or more members, never more than the limit in memory."""
    body = bytearray()
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        async for chunk in chunks:
            rest = chunk
            while rest:
                body += inflater.decompress(rest, most + 1 - len(body))
                _check_size(len(body), most)
                rest = inflater.unconsumed_tail or inflater.unused_data
                if inflater.eof and rest:
                    inflater = zlib.decompressobj(_GZIP_WINDOW)
    except zlib.error as error:
        raise MalformedRequest(f"Content-Encoding is gzip, but the body is not: {error}") from None
    if not inflater.eof:
        raise MalformedRequest("the gzip body ends too early")
    return bytes(body)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise RequestTooLarge(
            f"the request is larger than {most} bytes after decompression."
            " Let the exporter send smaller batches."
        )


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _encoded(message: Any, content_type: str, code: int) -> Response:
    """A protobuf message in the encoding of the request, as the specification wants."""
    if content_type == _JSON:
        text = json.dumps(MessageToDict(message), ensure_ascii=False)
        return Response(text, code, media_type=_JSON)
    return Response(message.SerializeToString(), code, media_type=_PROTOBUF)


def _refused(error: Exception, content_type: str) -> Response:
    refusal = refusal_of(error)
    response = _encoded(refusal.status(), content_type, refusal.http_code)
    if refusal.retry_delay_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_delay_s)))
    return response


async def _not_found(request: Request, _error: Exception) -> Response:
    content_type = _media_type(request)
    return _encoded(NOT_FOUND_STATUS, content_type if content_type == _PROTOBUF else _JSON, 404)


async def _method_not_allowed(_request: Request, _error: Exception) -> Response:
    allowed = {"Allow": "POST"}
    text = "405 method not allowed, supported: [POST]"
    return Response(text, 405, headers=allowed, media_type="text/plain")
