"""`GET /api/check` and `GET /api/gate`: what `deploylens check` says, asked of a running receiver.

Both take `service` and `version`, or `deployment` as `SERVICE@VERSION`, and if wanted
`environment`, `deployment_id`, `baseline`, `window`, `since` and `at`, once each. A rollout
controller reads the gate: it answers 200 whatever is known, within ten seconds, for many of them
take any other answer for a failed deployment.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from analysis.api.answers import answering, error_answer
from analysis.api.asked import asked_check
from analysis.api.shared_checks import SharedChecks
from analysis.api.wire import UNKNOWN_DEPLOYMENT, Json, MalformedApiRequest, ReceiverBusy
from analysis.check.check_json import check_document, document_text, gate_answer, gate_document
from analysis.exit_code import CommandFailed, UsageRefused
from analysis.parameters import ParameterError
from analysis.query_error import QueryError
from analysis.verdict.check import Gate, Verdict
from receiver.storage.store import StoreError

FAILED = "the receiver failed; its log says more."
# Why there may be no check of a deployment, though nobody did anything wrong.
NO_CHECK = (CommandFailed, QueryError, StoreError, ReceiverBusy)
_LOG = logging.getLogger(__name__)


def check_routes(checks: SharedChecks) -> list[Route]:
    """The routes, which answer from these checks."""
    api = _CheckApi(checks)
    return [
        Route("/api/check", answering(api.check), methods=["GET"]),
        Route("/api/gate", answering(api.gate), methods=["GET"]),
    ]


class _CheckApi:
    """The handlers."""

    def __init__(self, checks: SharedChecks) -> None:
        self._checks = checks

    async def check(self, request: Request) -> Response:
        """The whole check."""
        asked = asked_check(request.query_params.multi_items())
        try:
            found = await self._checks.found(request, asked)
        except UsageRefused as error:
            raise MalformedApiRequest(str(error)) from None
        except CommandFailed as error:
            return error_answer(UNKNOWN_DEPLOYMENT, str(error), HTTPStatus.NOT_FOUND)
        return _json(check_document(found))

    async def gate(self, request: Request) -> Response:
        """Gate, verdict and reasons: 200, and `wait` when there is no verdict for any reason but a
        parameter that makes no sense."""
        asked = asked_check(request.query_params.multi_items())
        try:
            return _json(gate_document(await self._checks.found(request, asked)))
        except (MalformedApiRequest, ParameterError):
            raise
        except UsageRefused as error:
            raise MalformedApiRequest(str(error)) from None
        except NO_CHECK as error:
            reason = str(error)
        except Exception:  # the edge where a bug must not roll back anything
            _LOG.exception("the gate failed")
            reason = FAILED
        return _json(gate_answer(Gate.WAIT, Verdict.NOT_ENOUGH_DATA, (reason,)))


def _json(document: Mapping[str, Json]) -> Response:
    return Response(document_text(document), media_type="application/json")
