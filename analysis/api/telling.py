"""`POST /api/mark`, `/api/resolve`, `/api/silence`: what people and pipelines tell the store."""

from collections.abc import Callable, Iterable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analysis.api.answers import answering
from analysis.api.body import json_object
from analysis.api.wire import MalformedApiRequest, ReceiverBusy, decode_statement
from receiver.errors import Unavailable
from receiver.storage.statements import Statement

Tell = Callable[[Statement], None]


def telling_routes(names: Iterable[str], tell: Tell) -> list[Route]:
    """A route for each of these statements; `tell` writes one and may block."""
    return [
        Route(f"/api/{name}", answering(partial(_told, name, tell)), methods=["POST"])
        for name in names
    ]


async def _told(name: str, tell: Tell, request: Request) -> Response:
    """A mark or a decision, written by the receiver.

    No web page can send this type of content elsewhere without being asked for permission first.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MalformedApiRequest(f"the body is {kind or 'of no type'}, not application/json.")
    statement = decode_statement(name, await json_object(request))
    try:
        await run_in_threadpool(tell, statement)
    except Unavailable as error:
        raise ReceiverBusy(str(error)) from error
    return JSONResponse({})
