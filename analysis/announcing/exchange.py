"""One HTTP request to a target and what came back; nothing of either is ever logged.

It is bounded in time and in bytes, follows no redirect, and tells errors without the address, which
may be a secret.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from analysis.announcing.targets import TargetUnusable

TIMEOUT_S = 20.0
_ANSWER_BYTES_MAX = 64 * 1024
_RETRIED = frozenset({408, 425, 429})
_RETRY_AFTER_MAX_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent. `ca_file` holds the authority that signed the target's certificate, for one
    that is not public."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and the first bytes of the body, or None and why nothing came."""

    status: int | None
    trouble: str
    body: bytes = field(default=b"", repr=False)
    retry_after_s: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_be_mended(self) -> bool:
        """Whether the same request may be taken later."""
        return self.status is None or self.status in _RETRIED or self.status >= 500


def quiet_clients() -> None:
    """Keeps the HTTP client from writing addresses and headers into the log at any level."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def exchange(call: Call, timeout_s: float = TIMEOUT_S) -> Reply:
    """The reply, within the time; never raises but TargetUnusable for a `ca_file` that is none."""
    trust = _trust(call)
    try:
        return asyncio.run(_exchange(call, trust, timeout_s))
    except TimeoutError:
        return Reply(None, f"no whole answer within {timeout_s:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        return Reply(None, _reason(error))


def _trust(call: Call) -> ssl.SSLContext | bool:
    """Whose certificates are believed; read before the time for the exchange begins."""
    if not call.url.lower().startswith("https:"):
        return False
    if call.ca_file is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(call.ca_file))
    except (OSError, ssl.SSLError):
        raise TargetUnusable(f"ca_file {call.ca_file} is not a readable PEM certificate.") from None


async def _exchange(call: Call, trust: ssl.SSLContext | bool, timeout_s: float) -> Reply:
    client = httpx.AsyncClient(verify=trust, timeout=timeout_s, follow_redirects=False)
    async with asyncio.timeout(timeout_s), client:
        headers = dict(call.headers)
        async with client.stream(
            call.method, call.url, headers=headers, content=call.body
        ) as answer:
            body = b""
            async for chunk in answer.aiter_raw():  # decompressed, it would have no bound
                body += chunk[: _ANSWER_BYTES_MAX - len(body)]
                if len(body) >= _ANSWER_BYTES_MAX:
                    break
            after_s = _retry_after_s(answer.headers.get("retry-after"))
            return Reply(answer.status_code, f"HTTP {answer.status_code}", body, after_s)


def _retry_after_s(text: str | None) -> float | None:
    """Seconds, from a number or a date (RFC 9110, 10.2.3); None for anything else."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return min(float(text.strip()[:9]), _RETRY_AFTER_MAX_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), _RETRY_AFTER_MAX_S)


def _reason(error: Exception) -> str:
    """In words that hold nothing of the request."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {_tls_reason(error) or 'refused or unreachable'}"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "the address cannot be asked"
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | OSError):
        return "the connection broke before the answer"
    return f"the request failed ({type(error).__name__})"


def _tls_reason(error: BaseException) -> str | None:
    """What TLS found wrong; the name of the host may be in it, no path."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not good: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({cause.reason})"
        cause = cause.__cause__ or cause.__context__
    return None
