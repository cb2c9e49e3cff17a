"""A receiver on another machine, asked over its gates: for pipelines that have no store.

What answers there is not trusted to be a receiver: a proxy, a wrong port or a page for a login
never look like a verdict.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from analysis.api.asked import NARROWING
from analysis.api.wire import UNKNOWN_DEPLOYMENT, ReceiverBusy, encode_statement, error_from
from analysis.check.asked_check import AskedCheck
from analysis.check.check_reading import NotACheck, check_from_json
from analysis.exit_code import CommandFailed, UsageRefused
from analysis.home_error import ReceiverOverloaded, ReceiverUnreachable
from analysis.parameters import value_text
from analysis.receiver_url import ReceiverUrl
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check
from receiver.storage.marks import DeploymentMark
from receiver.storage.store import StoreError

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 30.0
_ANSWER_BYTES_MAX = 16 * 1024**2


class KeyRefused(StoreError):
    """The receiver asks for another API key than it was shown."""


class RemoteReceiver:
    """Asks a receiver at a URL, with a connection for each question."""

    def __init__(self, url: ReceiverUrl) -> None:
        """Connects only when asked; raises StoreError for authorities that cannot be read."""
        self._url = url
        self._trust = _authorities(url)

    def check(self, asked: AskedCheck) -> Check:
        """The check; raises what asking a store would, among it ReceiverUnreachable for whatever
        does not answer as a receiver."""
        said = {word: asked.given[key] for word, key in NARROWING.items() if key in asked.given}
        if asked.window is not None:
            said["window"] = value_text(asked.window) or ""
        parameters = {"deployment": str(asked.deployment), **said}
        answer = self._answer("GET", "api/check", parameters=parameters)
        try:
            check = check_from_json(answer)
        except NotACheck as error:
            raise self._unreachable(f"does not answer with a check: {error}") from None
        answered = f"{check.deployment.service}@{check.deployment.version or ''}"
        if answered != str(asked.deployment):
            raise self._unreachable(f"answers about {answered!r}")
        return check

    def mark(self, mark: DeploymentMark) -> None:
        """Has it write the mark; it is never sent twice. Raises StoreError."""
        try:
            self._answer("POST", "api/mark", body=encode_statement(mark))
        except ReceiverUnreachable as error:
            raise StoreError(f"{error} Whether the mark was written is not known.") from None

    def _answer(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,  # Any: JSON
    ) -> bytes:
        try:
            answer = asyncio.run(self._exchange(method, path, parameters, body))
        except TimeoutError:
            within = f"gives no whole answer within {ANSWER_TIMEOUT_S:g} s"
            raise self._unreachable(within) from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise self._unreachable(f"does not answer ({error or type(error).__name__})") from None
        if len(answer.body) > _ANSWER_BYTES_MAX:
            raise self._unreachable("answers with more than a check can be")
        if answer.status == httpx.codes.OK:
            return answer.body
        raise self._error(answer)

    async def _exchange(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,  # Any: JSON
    ) -> "_Answer":
        """The answer, read no further than its limit: whoever answers byte by byte, or without end,
        holds nobody up."""
        key = {"x-api-key": self._url.api_key} if self._url.api_key else {}
        client = httpx.AsyncClient(
            base_url=self._url.text,
            headers={**key, "accept-encoding": "identity"},
            verify=self._trust,
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )
        async with (
            asyncio.timeout(ANSWER_TIMEOUT_S),
            client,
            client.stream(method, path, params=parameters, json=body) as answer,
        ):
            read = bytearray()
            async for chunk in answer.aiter_raw():
                read += chunk
                if len(read) > _ANSWER_BYTES_MAX:
                    break
            return _Answer(answer.status_code, bytes(read))

    def _error(self, answer: "_Answer") -> Exception:
        if answer.status == httpx.codes.UNAUTHORIZED:
            shown_key = "the key in DEPLOYLENS_API_KEY" if self._url.api_key else "no key"
            return KeyRefused(
                f"the receiver at {self._url} does not take {shown_key}. Give one of its API keys"
                " in the environment variable DEPLOYLENS_API_KEY."
            )
        kind, message = _told(answer.body)
        if kind is None:
            return self._unreachable(
                f"answers with status {answer.status}, not as a deploylens receiver does"
            )
        if kind == UNKNOWN_DEPLOYMENT:
            return CommandFailed(message)
        if kind == "malformed":
            return UsageRefused(message)
        error = error_from(kind, message)
        if isinstance(error, ReceiverBusy):
            return ReceiverOverloaded(f"the receiver at {self._url} is busy: {message}")
        return error

    def _unreachable(self, what: str) -> ReceiverUnreachable:
        step = (
            "Is it the address that `deploylens serve --gate` listens on, and may this machine"
            " reach it?"
        )
        if "CERTIFICATE_VERIFY_FAILED" in what:
            step = "If an authority of your own signed it, name its PEM file in SSL_CERT_FILE."
        return ReceiverUnreachable(f"{self._url} {shortened(shown(what), 300)}. {step}")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status and the body, which has more than `_ANSWER_BYTES_MAX` when it was cut."""

    status: int
    body: bytes


def _told(body: bytes) -> tuple[str | None, str]:
    """The kind and the words of an error as our API tells it; no kind when it is another's."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(answer, dict):
        return None, ""
    kind, message = answer.get("error"), answer.get("message")
    if not isinstance(kind, str) or not isinstance(message, str):
        return None, ""
    return kind, message


def _authorities(url: ReceiverUrl) -> ssl.SSLContext:
    """The system's authorities, and those of SSL_CERT_FILE."""
    context = ssl.create_default_context()
    if url.authorities is not None:
        try:
            context.load_verify_locations(url.authorities)
        except OSError as error:  # ssl.SSLError is one
            raise StoreError(
                f"SSL_CERT_FILE {url.authorities} holds no certificate that can be read:"
                f" {error.strerror or error}. Name a PEM file with the authority of the receiver."
            ) from None
    return context
