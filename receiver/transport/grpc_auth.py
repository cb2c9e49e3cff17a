"""The check of API keys on OTLP/gRPC: before a message is received."""

from collections.abc import Callable, Iterator
from functools import partial

import grpc

from receiver.errors import Unauthenticated
from receiver.transport.api_keys import NO_GOOD_KEY, ApiKeys
from receiver.transport.exchange import Refused, not_counted
from receiver.transport.status import refusal_of

_Continuation = Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler | None]


class KeyInterceptor(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Answers UNAUTHENTICATED to every call that shows no good key in its metadata."""

    def __init__(self, keys: ApiKeys, on_refusal: Refused = not_counted) -> None:
        """Lets pass who shows one of the keys."""
        self._keys = keys
        self._on_refusal = on_refusal

    def intercept_service(
        self, continuation: _Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler | None:
        """The handler of the call, or one that refuses it."""
        if self._keys.accept(handler_call_details.invocation_metadata):
            return continuation(handler_call_details)
        # A handler of streams is called before any message is read.
        refuse = partial(self._refuse, handler_call_details.method)
        return grpc.stream_unary_rpc_method_handler(refuse)

    def _refuse(
        self, method: str, _messages: Iterator[bytes], context: grpc.ServicerContext
    ) -> None:
        error = Unauthenticated(NO_GOOD_KEY)
        refusal = refusal_of(error)
        self._on_refusal(method, error, refusal.grpc_code.name)
        context.set_trailing_metadata(refusal.metadata())
        context.abort(refusal.grpc_code, refusal.message)
