"""The verdicts of the newest deployments, as far as a little time reaches."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from analysis.asking import Asking
from analysis.check.asked_check import AskedCheck, ask
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed
from analysis.overview.deployment_line import DeploymentRow
from analysis.overview.gathering import Overview
from analysis.overview.judged import Judged
from analysis.query_error import QueryError
from analysis.verdict.check import Verdict
from analysis.verdict.thresholds import Thresholds

JUDGED_MAX = 5
BUDGET_S = 3.0


def verdicts(
    store: Asking,
    found: Overview,
    thresholds: Callable[[str], Thresholds],
    clock: Callable[[], float] = time.monotonic,
) -> Judged:
    """Judge the newest deployments that a verdict still speaks of, the newest first.

    A verdict speaks of the first `minutes_max` minutes of a deployment. At most five are asked for,
    and none after three seconds. One that cannot be judged has no verdict.
    """
    young = [one.deployment for one in found.lines if _is_young(one.deployment, found, thresholds)]
    end = clock() + BUDGET_S
    given: dict[tuple[str | None, ...], Verdict] = {}
    asked = 0
    for one in young[:JUDGED_MAX]:
        if clock() >= end:
            break
        asked += 1
        verdict = _verdict(store, one, thresholds, found.now)
        if verdict is not None:
            given[one.key] = verdict
    return Judged(given, len(young) - asked)


def _is_young(one: DeploymentRow, found: Overview, thresholds: Callable[[str], Thresholds]) -> bool:
    if one.first_seen is None or one.service_name is None:
        return False
    began = datetime.fromisoformat(f"{one.first_seen[:19]}+00:00")
    return found.now - began <= timedelta(minutes=thresholds(one.service_name).minutes_max)


def _verdict(
    store: Asking, one: DeploymentRow, thresholds: Callable[[str], Thresholds], now: datetime
) -> Verdict | None:
    given = {"environment_name": one.environment_name, "deployment_id": one.deployment_id}
    name = DeploymentName(str(one.service_name), one.service_version or "")
    asked = AskedCheck(name, {key: value for key, value in given.items() if value is not None})
    try:
        return ask(store, asked, thresholds, now).verdict
    except (CommandFailed, QueryError):
        return None
