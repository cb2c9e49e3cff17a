"""`/flagger/gate` and `/flagger/rollback`: what Flagger's webhooks ask, answered by status.

Flagger posts `name`, `namespace`, `phase`, `checksum` and `metadata`, the texts that the Canary's
author wrote, and reads a status of at most 202 as yes. For a gate yes is "go on"; for a rollback
hook it is "roll back now". So whatever fails here answers 412, no: nothing goes on and nothing is
rolled back. 5xx and 429 would lose the text on the way. (fluxcd/flagger, pkg/controller/webhook.go
and scheduler_hooks.go.)
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from analysis.api.asked import NAMES, asked_check
from analysis.api.body import json_object
from analysis.api.checks import FAILED, NO_CHECK
from analysis.api.shared_checks import SharedChecks
from analysis.api.wire import Json, MalformedApiRequest
from analysis.check.asked_check import AskedCheck
from analysis.exit_code import UsageRefused
from analysis.parameters import ParameterError
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check, Gate, Verdict

BODY_BYTES_MAX = 64 * 1024
METADATA = tuple(name for name in NAMES if name != "deployment")
_TEXT_LENGTH_MAX = 400
_MISTAKES = (MalformedApiRequest, ParameterError, UsageRefused, ClientDisconnect)
_LOG = logging.getLogger(__name__)


def flagger_routes(checks: SharedChecks) -> list[Route]:
    """The routes, which answer from these checks; the gate can also be asked with GET."""
    hooks = _Hooks(checks)
    return [
        Route("/flagger/gate", hooks.gate, methods=["GET", "POST"]),
        Route("/flagger/rollback", hooks.rollback, methods=["POST"]),
    ]


def hook_check(body: Mapping[str, Json]) -> AskedCheck:
    """What a webhook asks for: `service`, `version` and the rest of `metadata`; the service is that
    of the Canary's `name` without one. Raises MalformedApiRequest or ParameterError."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise MalformedApiRequest("'metadata' is not an object.")
    given = {"service": body.get("name"), **{n: v for n, v in metadata.items() if n in METADATA}}
    wrong = [name for name, value in given.items() if not isinstance(value, str)]
    if wrong:
        raise MalformedApiRequest(f"{', '.join(map(repr, wrong))} is missing or is not a text.")
    if not given.get("version"):
        raise MalformedApiRequest(
            "the webhook's metadata has no 'version': the service.version that the canary sends."
        )
    return asked_check((name, str(value)) for name, value in given.items())


class _Hooks:
    """The handlers."""

    def __init__(self, checks: SharedChecks) -> None:
        self._checks = checks

    async def gate(self, request: Request) -> Response:
        """200 when the gate passes."""
        found = await self._found(request)
        return found if isinstance(found, Response) else _answer(found, found.gate is Gate.PASS)

    async def rollback(self, request: Request) -> Response:
        """200 when the verdict is to roll back."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        return _answer(found, found.verdict is Verdict.ROLL_BACK)

    async def _found(self, request: Request) -> Check | Response:
        """The check, or the answer when there is none."""
        try:
            if request.method == "POST":
                asked = hook_check(await json_object(request, BODY_BYTES_MAX))
            else:
                asked = asked_check(request.query_params.multi_items())
            return await self._checks.found(request, asked)
        except _MISTAKES as error:
            _LOG.warning("%s was asked what makes no sense: %s", request.url.path, error)
            return _no(str(error))
        except NO_CHECK as error:
            return _no(f"wait: {error}")
        except Exception:  # the edge where a bug must not roll back anything
            _LOG.exception("%s failed", request.url.path)
            return _no(f"wait: {FAILED}")


def _answer(check: Check, yes: bool) -> Response:
    name = f"{check.deployment.service} {check.deployment.version or '(no version)'}"
    text = f"{check.gate}: {name} is {check.verdict}. {' '.join(check.reasons[:2])}"
    return _yes(text) if yes else _no(text)


def _yes(text: str) -> Response:
    return PlainTextResponse(_line(text), HTTPStatus.OK)


def _no(text: str) -> Response:
    return PlainTextResponse(_line(text), HTTPStatus.PRECONDITION_FAILED)


def _line(text: str) -> str:
    return shortened(shown(text.strip()), _TEXT_LENGTH_MAX) + "\n"
