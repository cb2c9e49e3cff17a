"""The local API: how other processes ask the store that this receiver holds.

`POST /api/query/NAME` runs one of our saved queries, `POST /api/sql` a statement in the sandbox,
`POST /api/mark`, `/api/resolve` and `/api/silence` write what people tell about a deployment or an
exception, `GET /api/status` says who answers. The receiver adds routes of its own, for files that
are imported and for checks. Every call carries the token of the lease and a loopback Host, so no
web page can reach it by rebinding a name. SQL text is never trusted, whoever sends it. Tables come
back as Arrow IPC streams, errors as JSON.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

import pyarrow as pa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from analysis.api.answers import answering, error_answer
from analysis.api.body import json_object
from analysis.api.telling import Tell, telling_routes
from analysis.api.turns import Turns
from analysis.api.wire import (
    ARROW_STREAM,
    TRUNCATED_HEADER,
    Json,
    MalformedApiRequest,
    OtherEdition,
    decode_parameters,
    encode_table,
)
from analysis.catalog import Catalog
from analysis.reading_room import (
    QUERY_TIMEOUT_S,
    SAVED_ROWS_MAX,
    ReadingRoom,
    SqlLimits,
)
from receiver.storage.statements import STATEMENTS

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def build_app(
    room: Callable[[], ReadingRoom],
    token: str,
    catalog: Catalog,
    tell: Tell,
    status: Callable[[], Mapping[str, Json]],
    turns: Turns | None = None,
    open_routes: Sequence[Route] = (),
    more_routes: Sequence[Route] = (),
) -> Starlette:
    """The application. `room` is asked for each question: a receiver may have to reopen its store.

    `tell` writes a statement and may block; `status` adds what the receiver tells about itself.
    `open_routes` are answered without the token, for probes; `more_routes` with it. Routes that
    ask the store share `turns` with the questions here.
    """
    api = _LocalApi(room, catalog, status, turns or Turns())
    routes = [
        Route("/api/query/{name}", answering(api.query), methods=["POST"]),
        Route("/api/sql", answering(api.sql), methods=["POST"]),
        *telling_routes(STATEMENTS, tell),
        Route("/api/status", answering(api.status), methods=["GET"]),
        *open_routes,
        *more_routes,
    ]
    open_paths = frozenset(route.path for route in open_routes)
    guard = Middleware(LoopbackGuard, token=token, open_paths=open_paths)
    return Starlette(routes=routes, middleware=[guard])


class LoopbackGuard:
    """Lets a request through when it names a loopback host and carries the token."""

    def __init__(self, app: ASGIApp, token: str, open_paths: frozenset[str] = frozenset()) -> None:
        """Guard the app with the token, but for the open paths."""
        self._app, self._open_paths = app, open_paths
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 or 401, or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        given = headers.get("authorization", "").encode("latin-1")
        if _without_port(host) not in LOOPBACK_NAMES:
            refusal = f"this API answers to a loopback name, not to {host!r}."
            answer = error_answer("host", refusal, HTTPStatus.MISDIRECTED_REQUEST)
            await answer(scope, receive, send)
        elif scope["path"] not in self._open_paths and not hmac.compare_digest(
            given, self._expected
        ):
            refusal = "the Authorization header does not carry the token of this receiver."
            answer = error_answer("unauthorized", refusal, HTTPStatus.UNAUTHORIZED)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _LocalApi:
    """The handlers."""

    def __init__(
        self,
        room: Callable[[], ReadingRoom],
        catalog: Catalog,
        status: Callable[[], Mapping[str, Json]],
        turns: Turns,
    ) -> None:
        self._room, self._catalog, self._status = room, catalog, status
        self._turns = turns

    async def query(self, request: Request) -> Response:
        """A saved query of ours by name; its digest must be that of the one we have."""
        body = await json_object(request)
        query = self._catalog[request.path_params["name"]]
        if body.get("digest") != query.digest:
            raise OtherEdition(f"saved query {query.name!r} is another one here.")
        values = decode_parameters(body.get("parameters", {}))
        timeout_s = _number(body, "timeout_s", QUERY_TIMEOUT_S)
        table = await self._turns.in_turn(
            request, lambda asked: self._room().run(query, values, timeout_s, asked)
        )
        return await _arrow(table)

    async def sql(self, request: Request) -> Response:
        """A statement of somebody else, in the sandbox."""
        body = await json_object(request)
        text = body.get("sql")
        if not isinstance(text, str):
            raise MalformedApiRequest("'sql' is not a text.")
        values = decode_parameters(body.get("parameters", {}))
        rows_max = int(_number(body, "rows_max", SAVED_ROWS_MAX))
        limits = SqlLimits(rows_max, _number(body, "timeout_s", QUERY_TIMEOUT_S))
        answer = await self._turns.in_turn(
            request, lambda asked: self._room().sql(text, values, limits, asked)
        )
        return await _arrow(answer.table, {TRUNCATED_HEADER: str(answer.truncated).lower()})

    async def status(self, _request: Request) -> Response:
        """Who answers."""
        return JSONResponse(dict(self._status()))


async def _arrow(table: pa.Table, headers: Mapping[str, str] | None = None) -> Response:
    body = await run_in_threadpool(encode_table, table)
    return Response(body, media_type=ARROW_STREAM, headers=dict(headers or {}))


def _number(body: Mapping[str, Json], name: str, largest: float) -> float:
    """A positive number of the body, at most the largest, which is also the default."""
    value = body.get(name, largest)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise MalformedApiRequest(f"{name!r} is {value!r}, not a positive number.")
    return float(min(value, largest))


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
