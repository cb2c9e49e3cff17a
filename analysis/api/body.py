"""The body of a request as a JSON object, read no further than its limit."""

import asyncio
import json

from starlette.requests import Request

from analysis.api.wire import Json, MalformedApiRequest

BODY_BYTES_MAX = 1024 * 1024
_BODY_TIMEOUT_S = 30.0


async def json_object(request: Request, bytes_max: int = BODY_BYTES_MAX) -> dict[str, Json]:
    """The body; raises MalformedApiRequest."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise MalformedApiRequest(f"the body is larger than {bytes_max} bytes.")
    except TimeoutError:
        text = f"the body was not whole after {_BODY_TIMEOUT_S:g} s."
        raise MalformedApiRequest(text) from None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedApiRequest("the body is not JSON.") from None
    if not isinstance(value, dict):
        raise MalformedApiRequest("the body is not a JSON object.")
    return value
