"""The local API: how other processes ask the store that this receiver holds.

`POST /api/query/NAME` runs one of our saved queries, `POST /api/sql` a statement in the sandbox,
`POST /api/mark`, `/api/resolve` and `/api/silence` write what people tell about a deployment or an
exception, `GET /api/status` says who answers. The receiver adds routes of its own, for files that
are imported. Every call carries the token of the lease and a loopback Host, so no web page can
reach it by rebinding a name. SQL text is never trusted, whoever sends it. Tables come back as Arrow
IPC streams, errors as JSON.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TypeVar

import pyarrow as pa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from analysis.api_wire import (
    ARROW_STREAM,
    TRUNCATED_HEADER,
    Json,
    MalformedApiRequest,
    OtherEdition,
    ReceiverBusy,
    decode_parameters,
    decode_statement,
    encode_table,
    error_kind,
)
from analysis.catalog import Catalog
from analysis.question import Question
from analysis.reading_room import (
    QUERY_TIMEOUT_S,
    SAVED_ROWS_MAX,
    ReadingRoom,
    SqlLimits,
)
from receiver.errors import Unavailable
from receiver.storage.statements import STATEMENTS, Statement

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
BODY_BYTES_MAX = 1024 * 1024
_GONE_POLL_S = 0.5
_LOG = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """How much of the receiver the questions of others may take at a time.

    `queries_max` run side by side and `waiting_max` wait for them; what comes then is refused.
    """

    queries_max: int = 4
    waiting_max: int = 32


def build_app(
    room: Callable[[], ReadingRoom],
    token: str,
    catalog: Catalog,
    tell: Callable[[Statement], None],
    status: Callable[[], Mapping[str, Json]],
    limits: ApiLimits | None = None,
    open_routes: Sequence[Route] = (),
    more_routes: Sequence[Route] = (),
) -> Starlette:
    """The application. `room` is asked for each question: a receiver may have to reopen its store.

    `tell` writes a statement and may block; `status` adds what the receiver tells about itself.
    `open_routes` are answered without the token, for probes; `more_routes` with it.
    """
    api = _LocalApi(room, catalog, tell, status, limits or ApiLimits())
    routes = [
        Route("/api/query/{name}", _answering(api.query), methods=["POST"]),
        Route("/api/sql", _answering(api.sql), methods=["POST"]),
        *(
            Route(f"/api/{name}", _answering(partial(api.tell, name)), methods=["POST"])
            for name in STATEMENTS
        ),
        Route("/api/status", _answering(api.status), methods=["GET"]),
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
            await _error("host", refusal, HTTPStatus.MISDIRECTED_REQUEST)(scope, receive, send)
        elif scope["path"] not in self._open_paths and not hmac.compare_digest(
            given, self._expected
        ):
            refusal = "the Authorization header does not carry the token of this receiver."
            await _error("unauthorized", refusal, HTTPStatus.UNAUTHORIZED)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _LocalApi:
    """The handlers, and how many questions are being answered."""

    def __init__(
        self,
        room: Callable[[], ReadingRoom],
        catalog: Catalog,
        tell: Callable[[Statement], None],
        status: Callable[[], Mapping[str, Json]],
        limits: ApiLimits,
    ) -> None:
        self._room, self._catalog, self._tell, self._status = room, catalog, tell, status
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.queries_max)
        self._present = 0

    async def query(self, request: Request) -> Response:
        """A saved query of ours by name; its digest must be that of the one we have."""
        body = await _json_object(request)
        query = self._catalog[request.path_params["name"]]
        if body.get("digest") != query.digest:
            raise OtherEdition(f"saved query {query.name!r} is another one here.")
        values = decode_parameters(body.get("parameters", {}))
        timeout_s = _number(body, "timeout_s", QUERY_TIMEOUT_S)
        table = await self._in_turn(
            request, lambda asked: self._room().run(query, values, timeout_s, asked)
        )
        return await _arrow(table)

    async def sql(self, request: Request) -> Response:
        """A statement of somebody else, in the sandbox."""
        body = await _json_object(request)
        text = body.get("sql")
        if not isinstance(text, str):
            raise MalformedApiRequest("'sql' is not a text.")
        values = decode_parameters(body.get("parameters", {}))
        rows_max = int(_number(body, "rows_max", SAVED_ROWS_MAX))
        limits = SqlLimits(rows_max, _number(body, "timeout_s", QUERY_TIMEOUT_S))
        answer = await self._in_turn(
            request, lambda asked: self._room().sql(text, values, limits, asked)
        )
        return await _arrow(answer.table, {TRUNCATED_HEADER: str(answer.truncated).lower()})

    async def tell(self, name: str, request: Request) -> Response:
        """A mark or a decision, written by the receiver."""
        statement = decode_statement(name, await _json_object(request))
        try:
            await run_in_threadpool(self._tell, statement)
        except Unavailable as error:
            raise ReceiverBusy(str(error)) from error
        return JSONResponse({})

    async def status(self, _request: Request) -> Response:
        """Who answers."""
        return JSONResponse(dict(self._status()))

    async def _in_turn(self, request: Request, answer: Callable[[Question], Answer]) -> Answer:
        """The answer from a thread, when there is a slot for it; nobody waits for that of an asker
        who went away."""
        if self._present >= self._limits.queries_max + self._limits.waiting_max:
            raise ReceiverBusy(f"{self._present} questions are being answered. Ask again soon.")
        self._present += 1
        try:
            async with self._slots:
                asked = Question()
                watch = asyncio.create_task(_stop_when_gone(request, asked))
                try:
                    return await run_in_threadpool(answer, asked)
                finally:
                    watch.cancel()
        finally:
            self._present -= 1


async def _stop_when_gone(request: Request, asked: Question) -> None:
    while True:
        await asyncio.sleep(_GONE_POLL_S)
        if await request.is_disconnected():
            asked.stop()


def _answering(handler: Handler) -> Handler:
    """The handler with its errors turned into JSON; an unexpected one is logged, not told."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:
            known = error_kind(error)
            if known is None:
                _LOG.exception("the local API failed on %s", request.url.path)
                return _error("failed", "the receiver failed; its log says more.", 500)
            return _error(known[0], str(error), known[1])

    return answer


def _error(kind: str, message: str, status: int) -> JSONResponse:
    headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse({"error": kind, "message": message}, status, headers)


async def _arrow(table: pa.Table, headers: Mapping[str, str] | None = None) -> Response:
    body = await run_in_threadpool(encode_table, table)
    return Response(body, media_type=ARROW_STREAM, headers=dict(headers or {}))


async def _json_object(request: Request) -> dict[str, Json]:
    """The body as a JSON object, read no further than its limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise MalformedApiRequest(f"the body is larger than {BODY_BYTES_MAX} bytes.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedApiRequest("the body is not JSON.") from None
    if not isinstance(value, dict):
        raise MalformedApiRequest("the body is not a JSON object.")
    return value


def _number(body: Mapping[str, Json], name: str, largest: float) -> float:
    """A positive number of the body, at most the largest, which is also the default."""
    value = body.get(name, largest)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise MalformedApiRequest(f"{name!r} is {value!r}, not a positive number.")
    return float(min(value, largest))


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
