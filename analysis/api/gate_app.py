"""What pipelines and rollout controllers on other machines may ask: checks, gates, and to mark.

Guarded as OTLP/HTTP is: by the API keys of the receiver if there are any, and by its TLS. No SQL,
no saved query and nothing else of the local API is here.
"""

import base64
import binascii
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from analysis.api.checks import check_routes
from analysis.api.flagger import flagger_routes
from analysis.api.shared_checks import SharedChecks
from analysis.api.telling import Tell, telling_routes
from receiver.transport.api_keys import ApiKeys
from receiver.transport.http_auth import OPEN_PATHS, KeyGuard

_BASIC = "basic "


def gate_app(checks: SharedChecks, tell: Tell, probes: Sequence[Route], keys: ApiKeys) -> Starlette:
    """The application. `tell` writes a mark and may block; of `probes` only those are answered that
    need no key."""
    routes = [
        *check_routes(checks),
        *flagger_routes(checks),
        *telling_routes(["mark"], tell),
        *(route for route in probes if route.path in OPEN_PATHS),
    ]
    guard = [Middleware(BasicKey), Middleware(KeyGuard, keys=keys)] if keys else []
    app = Starlette(routes=routes, middleware=guard)
    app.router.redirect_slashes = False
    return app


class BasicKey:
    """Takes the password of HTTP Basic authentication for an API key.

    Flagger sends no header that its user may choose, but what stands in a URL before the host:
    `https://gate:KEY@deploylens.example.com/flagger/gate`. (RFC 7617.)
    """

    def __init__(self, app: ASGIApp) -> None:
        """Hands every request on to the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the key as a header that the guard reads."""
        if scope["type"] == "http":
            key = _password(Headers(scope=scope).get("authorization", ""))
            if key is not None:
                scope = {**scope, "headers": [*scope["headers"], (b"x-api-key", key)]}
        await self._app(scope, receive, send)


def _password(authorization: str) -> bytes | None:
    if authorization[: len(_BASIC)].lower() != _BASIC:
        return None
    try:
        pair = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return pair.partition(b":")[2]
