"""Cross-origin requests: which web pages may send telemetry from a browser.

Off unless origins are named. Like the Collector's `cors.allowed_origins`: an origin may hold one
`*`, which stands for any part of a host name, with a port or without.
"""

import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

ANY_ORIGIN = "*"
_HEADERS = (
    "Authorization",
    "Baggage",
    "Content-Encoding",
    "Traceparent",
    "Tracestate",
    "User-Agent",
    "X-Api-Key",
)
_MAX_AGE_S = 7200  # as long as Chromium remembers an answer at most
_HOST_PART = r"[A-Za-z0-9.:\[\]-]+"


def cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """The middleware that answers preflights and names the origin, none without origins.

    Browsers may send cookies and certificates to origins that are named, as `navigator.sendBeacon`
    does, but not when every origin is allowed.
    """
    if not origins:
        return []
    every = ANY_ORIGIN in origins
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=(ANY_ORIGIN,) if every else (),
            allow_origin_regex=None if every else "|".join(map(_pattern, origins)),
            allow_methods=("POST",),
            allow_headers=_HEADERS,
            allow_credentials=not every,
            expose_headers=("Retry-After",),
            max_age=_MAX_AGE_S,
        )
    ]


def _pattern(origin: str) -> str:
    before, wildcard, after = origin.partition("*")
    return re.escape(before) + (_HOST_PART if wildcard else "") + re.escape(after)
