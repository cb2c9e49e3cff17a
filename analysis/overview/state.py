"""The state of a deployment: what it does now, and what became of it.

States follow from who sent what when, and from nothing else: no verdict is in them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from analysis.overview.deployment_line import DeploymentRow, FailureMinute, minute_of

# A deployment serves while it sent something in so many minutes before now: a service may be quiet
# for a minute, and an exporter may hold its spans back for another.
SERVING_MINUTES = 5


class State(StrEnum):
    """What a deployment does now, or what became of it."""

    ROLLING_OUT = "rolling out"
    SERVING = "serving"
    DRAINING = "draining"
    REPLACED = "replaced"
    ROLLED_BACK = "rolled back"
    SILENT = "silent"
    MARKED = "marked"


def states(
    deployments: Sequence[DeploymentRow],
    minutes: Mapping[tuple[str | None, ...], Sequence[FailureMinute]],
    now: datetime,
) -> list[State]:
    """The state of each deployment, in their order.

    `deployments` must hold all of each service and environment, for a state depends on the others.
    `minutes` are their latest minutes, by deployment.
    """
    since = minute_of(now) - SERVING_MINUTES
    serving = {key for key, found in minutes.items() if found and found[-1].minute >= since}
    places: dict[tuple[str | None, ...], list[DeploymentRow]] = {}
    for one in deployments:
        places.setdefault(one.place, []).append(one)
    return [_state(one, places[one.place], serving) for one in deployments]


def _state(
    one: DeploymentRow, beside: Sequence[DeploymentRow], serving: set[tuple[str | None, ...]]
) -> State:
    if one.first_seen is None:
        return State.MARKED
    others = [other for other in beside if other is not one and other.first_seen is not None]
    if one.key in serving:
        with_it = [other for other in others if other.key in serving]
        if not with_it:
            return State.SERVING
        newest = all(other.began_at < one.began_at for other in with_it)
        return State.ROLLING_OUT if newest else State.DRAINING
    return _ended(one, others)


def _ended(one: DeploymentRow, others: Sequence[DeploymentRow]) -> State:
    """What became of a deployment that sends nothing: whoever sent something later took over.

    First those that served already when it ended; else one that came later.
    """
    end = one.last_seen or ""
    later = [other for other in others if (other.last_seen or "") > end]
    if not later:
        return State.SILENT
    at_once = [other for other in later if other.began_at <= end]
    if at_once and all(other.began_at < one.began_at for other in at_once):
        return State.ROLLED_BACK
    return State.REPLACED
