"""`GET /api/check` and `GET /api/gate`: what `deploylens check` says, asked of a running receiver.

Both take `service` and `version`, and if wanted `environment`, `deployment_id`, `baseline`, `since`
and `at`, once each. A rollout controller reads the gate: it answers 200 whatever is known, within
ten seconds, for many of them take any other answer for a failed deployment.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from analysis.api_answers import Handler, answering, error_answer
from analysis.api_turns import Turns
from analysis.api_wire import Json, MalformedApiRequest, ReceiverBusy
from analysis.asking import Asking
from analysis.catalog import Catalog
from analysis.check.asked_check import AskedCheck, ask
from analysis.check.check_json import check_document, document_text, gate_answer, gate_document
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed, UsageRefused
from analysis.parameters import ParameterError
from analysis.query_error import QueryError
from analysis.question import Question
from analysis.reading_room import ReadingRoom
from analysis.room_database import RoomDatabase
from analysis.suggestion import did_you_mean
from analysis.verdict.check import Check, Gate, Verdict
from analysis.verdict.thresholds import Thresholds
from receiver.storage.store import StoreError

ANSWER_S = 9.0
_NARROWING = {
    "environment": "environment_name",
    "deployment_id": "deployment_id",
    "baseline": "baseline_version",
    "since": "since",
    "at": "until",
}
_NAMES = ("service", "version", *_NARROWING)
_LOG = logging.getLogger(__name__)


def default_thresholds(_service: str) -> Thresholds:
    """The thresholds of every service where no file sets others."""
    return Thresholds()


def check_routes(
    room: Callable[[], ReadingRoom],
    catalog: Catalog,
    thresholds: Callable[[str], Thresholds],
    turns: Turns,
    answer_s: float = ANSWER_S,
) -> list[Route]:
    """The routes; each question takes its turn among all others, and `answer_s` seconds at most."""
    api = _CheckApi(room, catalog, thresholds, turns, answer_s)
    handlers: Mapping[str, Handler] = {"check": api.check, "gate": api.gate}
    return [
        Route(f"/api/{name}", answering(handler), methods=["GET"])
        for name, handler in handlers.items()
    ]


def asked_check(parameters: list[tuple[str, str]]) -> AskedCheck:
    """What the parameters of a request ask for; raises MalformedApiRequest.

    An empty one was left out, but for the version: that of spans without one is empty.
    """
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in _NAMES:
            raise MalformedApiRequest(
                f"unknown parameter {name!r}.{did_you_mean(name, _NAMES)}"
                f" It takes: {', '.join(_NAMES)}."
            )
        if name in given:
            raise MalformedApiRequest(f"parameter {name!r} was given twice.")
        given[name] = value
    if not given.get("service") or "version" not in given:
        raise MalformedApiRequest(
            "'service' and 'version' name the deployment, as ?service=shop&version=1.4.0."
        )
    narrowing = {word: given[name] for name, word in _NARROWING.items() if given.get(name)}
    return AskedCheck(DeploymentName(given["service"], given["version"]), narrowing)


class _CheckApi:
    """The handlers."""

    def __init__(
        self,
        room: Callable[[], ReadingRoom],
        catalog: Catalog,
        thresholds: Callable[[str], Thresholds],
        turns: Turns,
        answer_s: float,
    ) -> None:
        self._room, self._catalog, self._thresholds = room, catalog, thresholds
        self._turns, self._answer_s = turns, answer_s

    async def check(self, request: Request) -> Response:
        """The whole check."""
        asked = asked_check(request.query_params.multi_items())
        try:
            found = await self._asked(request, asked)
        except UsageRefused as error:
            raise MalformedApiRequest(str(error)) from None
        except CommandFailed as error:
            return error_answer("unknown_deployment", str(error), HTTPStatus.NOT_FOUND)
        return _json(check_document(found))

    async def gate(self, request: Request) -> Response:
        """Gate, verdict and reasons: 200, and `wait` when there is no verdict for any reason but a
        parameter that makes no sense."""
        asked = asked_check(request.query_params.multi_items())
        try:
            return _json(gate_document(await self._asked(request, asked)))
        except (MalformedApiRequest, ParameterError):
            raise
        except UsageRefused as error:
            raise MalformedApiRequest(str(error)) from None
        except (CommandFailed, QueryError, StoreError, ReceiverBusy) as error:
            reason = str(error)
        except Exception:  # the edge where a bug must not roll back anything
            _LOG.exception("the gate failed")
            reason = "the receiver failed; its log says more."
        return _json(gate_answer(Gate.WAIT, Verdict.NOT_ENOUGH_DATA, (reason,)))

    async def _asked(self, request: Request, asked: AskedCheck) -> Check:
        end = time.monotonic() + self._answer_s
        return await self._turns.in_turn(request, partial(self._found, asked, end), self._answer_s)

    def _found(self, asked: AskedCheck, end: float, question: Question) -> Check:
        left_s = max(0.0, end - time.monotonic())
        store = Asking(RoomDatabase(self._room(), question, left_s), self._catalog)
        return ask(store, asked, self._thresholds, datetime.now(UTC))


def _json(document: Mapping[str, Json]) -> Response:
    return Response(document_text(document), media_type="application/json")
