"""How a span ended: ok, client_error, server_error or timeout.

Read from the HTTP status code, the gRPC status code, `error.type`, the exceptions recorded on the
span and the span status, because the status alone is not enough: by convention a SERVER span that
answers 404 or 401 stays UNSET (OpenTelemetry semantic conventions, HTTP spans).
"""

import re

import numpy as np
import numpy.typing as npt

from receiver.flatten.columns import CodedColumn, Mask
from receiver.flatten.semconv import GRPC_CODES

OUTCOMES = ("ok", "client_error", "server_error", "timeout")
_OK, _CLIENT_ERROR, _SERVER_ERROR, _TIMEOUT = range(4)

_HTTP_TIMEOUTS = (408, 499, 504)
_RPC_SERVER_ERRORS = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
_RPC_CLIENT_ERRORS = frozenset(GRPC_CODES) - _RPC_SERVER_ERRORS - {"OK"}
_TIMEOUT_NAME = re.compile(r"time_?d?[ _-]?out|deadline[ _-]?exceeded|ETIMEDOUT", re.IGNORECASE)


def is_timeout_name(name: str) -> bool:
    """Whether an `error.type` or exception type names a timeout: `ReadTimeout`,
    `context.deadlineExceeded`."""
    return _TIMEOUT_NAME.search(name) is not None or name in {"408", "499", "504"}


def outcomes(
    status_error: Mask,
    http_status_code: npt.NDArray[np.int32],
    rpc_status_code: CodedColumn,
    error_type: CodedColumn,
    timeout_exception: Mask,
) -> CodedColumn:
    """The outcome of every span; an HTTP status code of 0 means none was sent.

    A status code decides before the span status does; a named timeout decides only where the span
    failed.
    """
    http_client = (http_status_code >= 400) & (http_status_code < 500)
    rpc_client = rpc_status_code.matches(_RPC_CLIENT_ERRORS.__contains__)
    rpc_server = rpc_status_code.matches(_RPC_SERVER_ERRORS.__contains__)
    failed = status_error | (http_status_code >= 500) | rpc_server
    server_error = failed & ~http_client & ~rpc_client
    timed_out = np.isin(http_status_code, _HTTP_TIMEOUTS) | rpc_status_code.matches(
        "DEADLINE_EXCEEDED".__eq__
    )
    named = failed & (error_type.matches(is_timeout_name) | timeout_exception)
    codes = np.full(len(status_error), _OK, dtype=np.int32)
    codes[http_client | rpc_client] = _CLIENT_ERROR
    codes[server_error] = _SERVER_ERROR
    codes[timed_out | (named & server_error)] = _TIMEOUT
    return CodedColumn(codes, OUTCOMES)
