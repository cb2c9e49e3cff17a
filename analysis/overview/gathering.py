"""The overview of a store: its deployments, their states and their latest minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from analysis.asking import Asking
from analysis.overview.deployment_line import (
    DeploymentRow,
    FailureMinute,
    last_time,
    minutes_by_deployment,
)
from analysis.overview.state import State, states
from analysis.rows import Rows

# What was stored this long ago at most is how things are now; what is older was imported, or its
# senders have stopped, and the states are those of its end.
LIVE = timedelta(hours=1)
# What was stored by a clock that is further ahead cannot be placed by ours.
SKEW = timedelta(minutes=5)
HOUR_MINUTES = 60
_WINDOW = ("since", "until")


@dataclass(frozen=True, slots=True)
class OverviewLine:
    """One deployment: its row, its state and the minutes of the last hour stored, in order."""

    deployment: DeploymentRow
    state: State
    minutes: tuple[FailureMinute, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Deployments, the latest first. `rows` are those of the query, in the same order.

    `latest` is the last time of anything stored, None when the store holds no span; `now` is the
    moment of the states: the clock while the store is fed, else `latest`.
    """

    rows: Rows
    lines: tuple[OverviewLine, ...]
    latest: datetime | None
    now: datetime

    @property
    def is_live(self) -> bool:
        """Whether the states are those of this moment."""
        return self.now != self.latest


def overview(store: Asking, asked: Mapping[str, str], clock: datetime) -> Overview:
    """The deployments that were asked for, by the parameters of the query `deployments`.

    Raises ParameterError, QueryError or StoreError.
    """
    rows = store.rows("deployments", asked)
    shown = rows.records(DeploymentRow)
    # A state depends on the other versions, also on those that were not asked for.
    place = {name: value for name, value in asked.items() if name not in _WINDOW}
    every = shown
    if len(place) < len(asked):
        every = store.rows("deployments", place).records(DeploymentRow)
    minutes = store.rows("failure_minutes").records(FailureMinute)
    latest = last_time(minutes)
    now = clock if latest is None or -SKEW <= clock - latest <= LIVE else latest
    found = minutes_by_deployment(minutes)
    state_of = dict(zip((one.key for one in every), states(every, found, now), strict=True))
    lines = (OverviewLine(one, state_of[one.key], tuple(found.get(one.key, ()))) for one in shown)
    return Overview(rows, tuple(lines), latest, now)
