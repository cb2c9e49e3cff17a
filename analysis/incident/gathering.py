"""Asks a store for everything that an incident is worked out from: the only edge of the package."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.asking import Asking
from analysis.incident.passages import PLACE_COLUMNS, Mask, Passages, read_passages
from analysis.incident.rivals import Known, Rival, rivals_of
from analysis.verdict.subject import Place

# A deployment may have begun this long before the window, and as long again is its history.
BEFORE = timedelta(hours=1)
HISTORY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Minutes are since 1970, UTC; `since` to `until` (not included) is the window asked about.

    `switches` has, by service, the minutes of `passages` around a start or stop of an instance;
    `origins` the rows of `origin_minutes`. `environments` are those that sent something, by how
    many requests they served.
    """

    since: int
    until: int
    environment: str | None
    environments: tuple[str | None, ...]
    passages: Passages
    switches: Mapping[str, Mask]
    origins: pa.Table
    rivals: tuple[Rival, ...]


def gather(
    store: Asking, since: datetime, until: datetime, environment: str | None = None
) -> Gathered:
    """What is known of the window from `since` to `until`, naive times in UTC.

    Without an environment it is the one that served most requests in that time.
    """
    known = known_deployments(store)
    first = since - BEFORE - HISTORY
    window = {"since": first.isoformat(), "until": until.isoformat()}
    instances = _asked(store, "instance_minutes", window)
    environments = _environments(instances)
    if environment is None and environments:
        environment = environments[0]
    here = window if environment is None else window | {"environment_name": environment}
    first_minute, until_minute = _minute(first), -(-int(_seconds(until)) // 60)
    tables = [
        _of_environment(_asked(store, name, here), environment)
        for name in ("trace_passages", "request_passages", "call_passages", "origin_minutes")
    ]
    passages = read_passages(
        tables[0], tables[1], tables[2], first_minute, until_minute - first_minute
    )
    return Gathered(
        _minute(since),
        until_minute,
        environment,
        environments,
        passages,
        _switches(_of_environment(instances, environment), passages),
        tables[3],
        rivals_of(known, environment, _minute(since - BEFORE), until_minute),
    )


def known_deployments(store: Asking) -> list[Known]:
    """Every deployment that is stored or marked."""
    columns = _asked(store, "deployments", {})
    names = (
        *PLACE_COLUMNS,
        *("first_seen", "last_seen", "marked_at", "instances", "requests", "vcs_revision"),
        *("version_source", "strategy", "irreversible"),
    )
    values = {name: columns.column(name) for name in names}
    for name in ("first_seen", "last_seen", "marked_at"):
        values[name] = pc.cast(values[name], pa.int64())
    rows = zip(*(values[name].to_pylist() for name in names), strict=True)
    return [_known(dict(zip(names, row, strict=True))) for row in rows]


def _known(row: Mapping[str, object]) -> Known:
    """One row of `deployments`, its times in nanoseconds."""
    seen, last, marked = row["first_seen"], row["last_seen"], row["marked_at"]
    return Known(
        Place(*(row[name] for name in PLACE_COLUMNS)),  # type: ignore[arg-type]  # columns of text
        _time_text(seen),
        _time_text(last),
        _minute_of(seen),
        _minute_of(last),
        _minute_of(marked),
        row["instances"],  # type: ignore[arg-type]  # BIGINT
        row["requests"],  # type: ignore[arg-type]  # BIGINT
        row["vcs_revision"],  # type: ignore[arg-type]  # VARCHAR
        row["version_source"],  # type: ignore[arg-type]  # VARCHAR
        row["strategy"],  # type: ignore[arg-type]  # VARCHAR
        bool(row["irreversible"]),
    )


def _asked(store: Asking, name: str, parameters: Mapping[str, object]) -> pa.Table:
    return store.database.run(store.catalog[name], parameters)


def _environments(instances: pa.Table) -> tuple[str | None, ...]:
    """The environments that served requests, the busiest first."""
    served: Counter[str | None] = Counter()
    grouped = instances.group_by("environment_name").aggregate([("requests", "sum")])
    for name, requests in zip(
        grouped.column("environment_name").to_pylist(),
        grouped.column("requests_sum").to_pylist(),
        strict=True,
    ):
        served[name] += requests
    return tuple(name for name, _requests in served.most_common())


def _of_environment(table: pa.Table, environment: str | None) -> pa.Table:
    """The rows of that environment; None is that of spans which name none."""
    column = table.column("environment_name")
    if environment is None:
        return table.filter(pc.is_null(column))
    return table.filter(pc.equal(column, environment))


def _switches(instances: pa.Table, passages: Passages) -> dict[str, Mask]:
    """The minutes in which an instance of a service began or stopped, and those next to them."""
    known = instances.filter(pc.is_valid(instances.column("instance_id")))
    keys = ["service_name", "service_version", "instance_id"]
    spans = known.group_by(keys).aggregate([("minute", "min"), ("minute", "max")])
    found: dict[str, Mask] = {}
    columns = (
        spans.column(name).to_pylist() for name in ("service_name", "minute_min", "minute_max")
    )
    last = passages.minutes - 1
    for service, first_seen, last_seen in zip(*columns, strict=True):
        mask = found.setdefault(service, np.zeros(passages.minutes, np.bool_))
        for minute in (first_seen - passages.first_minute, last_seen - passages.first_minute):
            if 1 < minute < last - 1:
                mask[minute - 1 : minute + 2] = True
    return found


def _seconds(time: datetime) -> float:
    return time.replace(tzinfo=UTC).timestamp()


def _minute(time: datetime) -> int:
    return int(_seconds(time) // 60)


def _minute_of(unix_nano: object) -> int | None:
    return unix_nano // 60_000_000_000 if isinstance(unix_nano, int) else None


def _time_text(unix_nano: object) -> str | None:
    if not isinstance(unix_nano, int):
        return None
    return datetime.fromtimestamp(unix_nano // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
