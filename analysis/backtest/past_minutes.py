"""The minutes of many deployments of the past: asked once for all that served at the same time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.asking import Asking
from analysis.verdict.minute_tables import MINUTE_QUERIES, MinuteTables
from analysis.verdict.subject import Subject

STRETCH_MINUTES_MAX = 360
# Which services the rows of a table are about is in its column `service_name`, but for traces.
_OF_ALL_SERVICES = ("instances", "calls")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes that are asked about at once (since 1970, UTC; the end is not included), and how
    long an instance takes to warm up in the deployments that lie within."""

    first_minute: int
    until_minute: int
    warm_up_s: float

    def holds(self, subject: Subject) -> bool:
        """Whether all minutes of the subject lie within."""
        inside = self.first_minute <= subject.history_from
        return inside and subject.until_minute <= self.until_minute


def stretches(subjects: Sequence[tuple[Subject, float]]) -> Iterator[tuple[Stretch, list[int]]]:
    """Stretches that together hold all subjects, and the indices of those within each.

    A subject is given with its `warm_up_s`. A stretch is no longer than six hours, or one subject.
    """
    order = sorted(range(len(subjects)), key=lambda at: _sorted_by(*subjects[at]))
    members: list[int] = []
    stretch: Stretch | None = None
    for at in order:
        subject, warm_up_s = subjects[at]
        until = max(subject.until_minute, stretch.until_minute if stretch else 0)
        if (
            stretch is not None
            and stretch.warm_up_s == warm_up_s
            and subject.history_from < stretch.until_minute
            and until - stretch.first_minute <= STRETCH_MINUTES_MAX
        ):
            stretch = Stretch(stretch.first_minute, until, warm_up_s)
            members.append(at)
            continue
        if stretch is not None:
            yield stretch, members
        stretch = Stretch(subject.history_from, subject.until_minute, warm_up_s)
        members = [at]
    if stretch is not None:
        yield stretch, members


def stretch_tables(store: Asking, stretch: Stretch) -> MinuteTables:
    """The minutes of a stretch, of every service in every environment."""
    window: dict[str, object] = {
        "since": _moment(stretch.first_minute),
        "until": _moment(stretch.until_minute),
    }
    own = {"requests": {"warm_up_s": stretch.warm_up_s}}
    return MinuteTables(
        **{
            field: store.database.run(store.catalog[query], window | own.get(field, {}))
            for field, query in MINUTE_QUERIES.items()
        }
    )


def tables_of(tables: MinuteTables, subject: Subject) -> MinuteTables:
    """The minutes of one subject among those of a stretch: those of its windows, and of other
    services only where they are needed."""
    service = subject.place.service_name
    return MinuteTables(
        **{
            field: _of_service(field, _between(getattr(tables, field), subject), service)
            for field in MINUTE_QUERIES
        }
    )


def _of_service(field: str, table: pa.Table, service: str) -> pa.Table:
    if field in _OF_ALL_SERVICES:
        return table
    if field == "traces":
        return _passed_through(table, service)
    return table.filter(pc.equal(table.column("service_name"), service))


def _passed_through(traces: pa.Table, service: str) -> pa.Table:
    """The traces that passed through a service which has several versions in the stretch."""
    rows = traces.column("versions").to_pylist()
    prefix = f"{service}@"
    return traces.filter(
        pa.array([any(one.startswith(prefix) for one in versions) for versions in rows], pa.bool_())
    )


def _between(table: pa.Table, subject: Subject) -> pa.Table:
    minute = np.asarray(table.column("minute").to_numpy())
    inside = (minute >= subject.history_from) & (minute < subject.until_minute)
    return table.filter(pa.array(inside))


def _sorted_by(subject: Subject, warm_up_s: float) -> tuple[float, int, int]:
    return warm_up_s, subject.history_from, subject.until_minute


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(60 * minute, UTC).replace(tzinfo=None)
