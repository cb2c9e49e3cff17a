"""The check of API keys on HTTP: before a body is read."""

import json

from google.protobuf.json_format import MessageToDict
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from receiver.errors import Unauthenticated
from receiver.transport.api_keys import NO_GOOD_KEY, ApiKeys
from receiver.transport.exchange import Refused, not_counted
from receiver.transport.status import refusal_of

# What tells nothing about the data and is asked by those who have no key.
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_PROTOBUF = "application/x-protobuf"


class KeyGuard:
    """Answers 401 to every request that shows no good key, but for health checks and preflights."""

    def __init__(self, app: ASGIApp, keys: ApiKeys, on_refusal: Refused = not_counted) -> None:
        """Lets pass to the application who shows one of the keys."""
        self._app = app
        self._keys = keys
        self._on_refusal = on_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 401, or hands the request on."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or _is_preflight(scope):
            await self._app(scope, receive, send)
            return
        headers = [(name.decode("latin-1"), value) for name, value in scope["headers"]]
        if self._keys.accept(headers):
            await self._app(scope, receive, send)
        else:
            self._on_refusal(scope["path"], Unauthenticated(NO_GOOD_KEY), "401")
            await _refusal(Headers(scope=scope))(scope, receive, send)


def _is_preflight(scope: Scope) -> bool:
    """Whether a browser asks if it may send; it never adds a key to that question."""
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "OPTIONS" and {b"origin", b"access-control-request-method"} <= names


def _refusal(headers: Headers) -> Response:
    """The refusal in the encoding of the request, JSON for one that OTLP does not have."""
    refusal = refusal_of(Unauthenticated(NO_GOOD_KEY))
    challenge = {"WWW-Authenticate": "Bearer"}
    if headers.get("content-type", "").partition(";")[0].strip().lower() == _PROTOBUF:
        body = refusal.status().SerializeToString()
        return Response(body, refusal.http_code, challenge, _PROTOBUF)
    text = json.dumps(MessageToDict(refusal.status()))
    return Response(text, refusal.http_code, challenge, "application/json")
