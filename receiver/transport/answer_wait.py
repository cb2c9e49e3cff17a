"""The wait of an asynchronous edge for the answer to a queued request."""

import asyncio

from receiver.errors import Unavailable
from receiver.export_request import Answer, ExportRequest
from receiver.settings import ReceiverSettings


async def answer_to(taken: ExportRequest, settings: ReceiverSettings) -> Answer:
    """The answer once the request is stored; raises what it was refused with, or Unavailable when
    that takes too long."""
    wrapped = asyncio.wrap_future(taken.answer)
    wrapped.add_done_callback(_seen)
    await asyncio.wait([wrapped], timeout=settings.ack_timeout_s)
    if not taken.answer.done():
        raise Unavailable("the store is slow; send again", settings.retry_delay_s, "late")
    return taken.answer.result()


def _seen(wrapped: asyncio.Future[Answer]) -> None:
    """Without this asyncio logs every refusal as an error that nobody looked at."""
    if not wrapped.cancelled():
        wrapped.exception()
