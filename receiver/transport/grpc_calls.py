"""How many gRPC calls are handled at a time: what comes beyond is told to come back, at once.

grpc itself would let calls beyond its threads wait, unseen and without limit, until their senders
give up; its own limit (`maximum_concurrent_rpcs`) answers with a code that senders do not retry.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import grpc

from receiver.errors import NeverWhole, Unavailable
from receiver.transport.admission import Admission
from receiver.transport.exchange import Refused, not_counted
from receiver.transport.status import refusal_of

_LOG = logging.getLogger(__name__)
# So many messages are received at a time: they are in memory before they can be counted.
READING_MAX = 32
# A sender that takes longer over one message holds up the others.
READING_TIMEOUT_S = 30.0
_WATCH_S = 1.0
_Continuation = Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler | None]


class CallLimit(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Lets so many calls in, and lets none of them take forever over its message.

    Every call becomes one with a stream of messages, of which the first is read: only such a
    handler is called before its message has come, and can refuse it unread.
    """

    def __init__(
        self,
        calls_max: int,
        admission: Admission,
        reading_timeout_s: float = READING_TIMEOUT_S,
        on_refusal: Refused = not_counted,
    ) -> None:
        """Refuses past `calls_max`, with the delay that `admission` gives."""
        self._on_refusal = on_refusal
        self._calls_max = calls_max
        self._admission = admission
        self._reading_timeout_s = reading_timeout_s
        self._lock = threading.Lock()
        self._calls = 0
        self._slots = threading.BoundedSemaphore(READING_MAX)
        self._reading: dict[grpc.ServicerContext, float] = {}
        self._stopped = threading.Event()
        self._watch = threading.Thread(target=self._cancel_slow, name="deploylens-slow-calls")

    def start(self) -> None:
        """Begins to watch for calls that take too long."""
        self._watch.start()

    def stop(self) -> None:
        """Ends the watch."""
        self._stopped.set()
        if self._watch.ident is not None:
            self._watch.join()

    def intercept_service(
        self, continuation: _Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler | None:
        """The handler of the call, or one that refuses it. Runs in grpc's own thread: is quick."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        with self._lock:
            if self._calls >= self._calls_max:
                refuse = partial(self._refuse, handler_call_details.method)
                return grpc.stream_unary_rpc_method_handler(refuse)
            self._calls += 1
        limited = self._limited(handler_call_details.method, handler.unary_unary)
        return grpc.stream_unary_rpc_method_handler(limited)

    def _limited(
        self, method: str, export: Callable[[bytes, grpc.ServicerContext], bytes]
    ) -> Callable[[Iterator[bytes], grpc.ServicerContext], bytes]:
        def limited(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            try:
                return export(self._message(method, messages, context), context)
            finally:
                with self._lock:
                    self._calls -= 1

        return limited

    def _message(
        self, method: str, messages: Iterator[bytes], context: grpc.ServicerContext
    ) -> bytes:
        """The one message of the call; ends the call if there is none."""
        if not self._slots.acquire(timeout=self._reading_timeout_s):
            self._refuse(method, messages, context)
        self._reading[context] = time.monotonic()
        try:
            for message in messages:
                return message
        except grpc.RpcError:
            error = NeverWhole("a message was larger than the limit, or its sender went away")
            self._on_refusal(method, error, "never_whole")
            raise
        finally:
            self._reading.pop(context, None)
            self._slots.release()
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a call has one message; this one has none")
        raise AssertionError("abort raises")

    def _refuse(
        self, method: str, _messages: Iterator[bytes], context: grpc.ServicerContext
    ) -> Any:
        error = Unavailable(
            f"{self._calls_max} calls are waiting to be stored, which is the limit."
            " Send again later.",
            self._admission.delay_s(),
            "queue_full",
        )
        refusal = refusal_of(error)
        self._on_refusal(method, error, refusal.grpc_code.name)
        context.set_trailing_metadata(refusal.metadata())
        context.abort(refusal.grpc_code, refusal.message)

    def _cancel_slow(self) -> None:
        while not self._stopped.wait(_WATCH_S):
            latest_s = time.monotonic() - self._reading_timeout_s
            for context, began_s in list(self._reading.items()):
                if began_s < latest_s:
                    _LOG.warning("a call from %s took too long to send", context.peer())
                    context.cancel()
