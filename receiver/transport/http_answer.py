"""Answers over HTTP: the messages of OTLP in the encoding of the request they answer."""

import gzip
import json
import math
import re
from typing import Any

from google.protobuf.json_format import MessageToDict
from starlette.requests import Request
from starlette.responses import Response

from receiver.errors import UnsupportedMedia
from receiver.export_request import Answer
from receiver.signals import Signal
from receiver.transport.status import NOT_FOUND_STATUS, encode_answer, encode_protobuf, refusal_of

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_GZIP_BYTES_MIN = 1024  # less fits into a packet anyway
_GZIP = re.compile(r"\s*gzip\s*(;\s*q=(1|0\.\d*[1-9]).*)?", re.IGNORECASE)


def media_type(request: Request) -> str:
    """The Content-Type of a request without its parameters, in lower case; empty without one."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def encode(message: Any, content_type: str) -> bytes:  # Any: the generated messages are untyped
    """A message as JSON or protobuf."""
    if content_type == JSON:
        return json.dumps(MessageToDict(message), ensure_ascii=False).encode()
    return encode_protobuf(message)


def answered(signal: Signal, answer: Answer, content_type: str, bytes_max: int) -> Response:
    """The export response; raises ResponseTooLarge."""
    body = encode_answer(signal, answer, lambda message: encode(message, content_type), bytes_max)
    return Response(body, media_type=content_type)


def refused(error: Exception, content_type: str) -> Response:
    """The Status for this error, and when to come back if that is worth while.

    A Content-Type that OTLP does not have is refused in the Collector's words.
    """
    if isinstance(error, UnsupportedMedia):
        text = f"415 unsupported media type, supported: [{JSON}, {PROTOBUF}]"
        return Response(text, 415, media_type="text/plain")
    refusal = refusal_of(error)
    body = encode(refusal.status(), content_type)
    response = Response(body, refusal.http_code, media_type=content_type)
    if refusal.retry_delay_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_delay_s)))
    return response


def smaller(response: Response, request: Request) -> Response:
    """The answer, gzipped if it is long and the sender takes that. Nearly all are a few bytes."""
    if len(response.body) < _GZIP_BYTES_MIN:
        return response
    response.headers["Vary"] = "Accept-Encoding"
    if any(map(_GZIP.fullmatch, request.headers.get("accept-encoding", "").split(","))):
        response.body = gzip.compress(response.body)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response


async def not_found(request: Request, _error: Exception) -> Response:
    """The refusal of a path, among them those of signals that are not stored."""
    content_type = PROTOBUF if media_type(request) == PROTOBUF else JSON
    return Response(encode(NOT_FOUND_STATUS, content_type), 404, media_type=content_type)


async def method_not_allowed(_request: Request, _error: Exception) -> Response:
    """The refusal of a method, in the Collector's words."""
    text = "405 method not allowed, supported: [POST]"
    return Response(text, 405, headers={"Allow": "POST"}, media_type="text/plain")
