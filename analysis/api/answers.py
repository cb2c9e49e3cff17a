"""How the local API answers a question that cannot be answered: with a kind and with words."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from analysis.api.wire import error_kind

_LOG = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def answering(handler: Handler) -> Handler:
    """The handler with its errors turned into JSON; an unexpected one is logged, not told."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:
            known = error_kind(error)
            if known is None:
                _LOG.exception("the local API failed on %s", request.url.path)
                return error_answer("failed", "the receiver failed; its log says more.", 500)
            return error_answer(known[0], str(error), known[1])

    return answer


def error_answer(kind: str, message: str, status: int) -> JSONResponse:
    """An error as JSON: its kind for programs, its message for people."""
    headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse({"error": kind, "message": message}, status, headers)
