"""Asks the store for all that a verdict rests on: which windows, and their minutes."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from analysis.asking import Asking
from analysis.deployment_name import DeploymentName
from analysis.saved_query import bind
from analysis.verdict.factors import QUERIES as FACTOR_QUERIES
from analysis.verdict.factors import Factors
from analysis.verdict.minute_tables import MINUTE_QUERIES, MinuteTables
from analysis.verdict.subject import Place, Subject
from analysis.verdict.thresholds import Thresholds
from analysis.verdict.windows import (
    HISTORY_MINUTES,
    MINUTE_NS,
    Facts,
    Windows,
    marked_subject,
    subject_of,
)

# What is asked of all services of the environment, not only of the one that is judged.
_OF_ALL_SERVICES = ("instances", "calls")
# What is not read of the minutes before; of traces only when the baseline serves beside.
_NOT_OF_HISTORY = ("origins",)
_NOT_OF_HISTORY_BESIDE = ("origins", "traces")
_EXCEPTIONS_MAX = 50
_ASKED_AT_ONCE = 2
# So long before a mark the baseline of a version that sent nothing is looked for.
_BASELINE_MINUTES = 30
# Clocks and cut traces are looked for in so many of the latest minutes.
_SKEW_MINUTES = 5

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What the store answered about one deployment; `exceptions` are rows of exception_states with
    their times in nanoseconds.

    `skew` are rows of clock_skew for the latest minutes. `windows` and they are None for a
    deployment that was only marked. `until` is the moment that was judged at, nanoseconds, or None
    for now.
    """

    subject: Subject
    tables: MinuteTables
    windows: Windows | None
    facts: Facts
    exceptions: pa.Table | None
    skew: pa.Table | None
    until: int | None


def gather(
    store: Asking, name: DeploymentName, given: Mapping[str, str], thresholds: Thresholds
) -> Gathered | None:
    """What the store knows; None when it knows nothing of the deployment in this window.

    `given` holds what was said besides service and version: environment_name, deployment_id,
    baseline_version, since and until, as text. Raises ParameterError.
    """
    said = {"service_name": name.service, "service_version": name.version, **given}
    shared = bind(store.catalog["comparison"], said)
    shown = _ask(store, "exception_states", {**shared, "rows_max": _EXCEPTIONS_MAX})
    windows = _one(shown, Windows)
    until = _nanoseconds(shared["until"])
    facts = _facts(store, name, shared, windows)
    if windows is not None:
        version = name.version or None
        subject = subject_of(name.service, version, windows, facts, thresholds.minutes_max)
        exceptions = _in_nanoseconds(shown.filter(pc.is_valid(shown.column("fingerprint"))))
        with ThreadPoolExecutor(1, thread_name_prefix="deploylens-skew") as beside:
            skew = beside.submit(_skew, store, subject, windows.candidate_until)
            tables = minute_tables(store, subject, windows.candidate_until, thresholds.warm_up_s)
            return Gathered(subject, tables, windows, facts, exceptions, skew.result(), until)
    if facts.marked_at is None or shared["since"] is not None:
        return None
    return _marked(store, name, shared, facts, until, thresholds)


def _skew(store: Asking, subject: Subject, until_ns: int) -> pa.Table:
    """How the clocks and traces around the service do, in the latest minutes."""
    since = max(subject.first_minute, until_ns // MINUTE_NS - _SKEW_MINUTES)
    asked = {
        "since": _moment(since * MINUTE_NS),
        "until": _moment(until_ns),
        "service_name": subject.place.service_name,
        "environment_name": subject.place.environment_name,
    }
    return _ask(store, "clock_skew", asked)


def ask_factors(store: Asking, name: DeploymentName, given: Mapping[str, str]) -> Factors:
    """What the failing requests of a deployment have in common; parameters as in `gather`."""
    said = {"service_name": name.service, "service_version": name.version, **given}
    return Factors(
        *(
            _in_nanoseconds(_ask(store, query, bind(store.catalog[query], said)))
            for query in FACTOR_QUERIES
        )
    )


def minute_tables(store: Asking, subject: Subject, until_ns: int, warm_up_s: float) -> MinuteTables:
    """The minutes of a subject: its window up to a moment, and those before it."""

    def table(field: str) -> pa.Table:
        spans = _spans(field, subject, until_ns)
        return pa.concat_tables(
            [_minutes(store, field, subject, span, warm_up_s) for span in spans]
        )

    # Two at a time: planning a query keeps one core busy, however many there are.
    with ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="deploylens-minutes") as asked:
        return MinuteTables(
            **dict(zip(MINUTE_QUERIES, asked.map(table, MINUTE_QUERIES), strict=True))
        )


def _spans(field: str, subject: Subject, until_ns: int) -> list[tuple[int, int]]:
    """From when until when the minutes of a table are needed, in nanoseconds."""
    first_ns = subject.first_minute * MINUTE_NS
    history = subject.history_from * MINUTE_NS, subject.history_until * MINUTE_NS
    unread = _NOT_OF_HISTORY_BESIDE if subject.side_by_side else _NOT_OF_HISTORY
    if field in unread:
        return [(first_ns, until_ns)]
    return [(history[0], until_ns)] if history[1] == first_ns else [history, (first_ns, until_ns)]


def _minutes(
    store: Asking, field: str, subject: Subject, span: tuple[int, int], warm_up_s: float
) -> pa.Table:
    service = None if field in _OF_ALL_SERVICES else subject.place.service_name
    parameters: dict[str, object] = {
        "since": _moment(span[0]),
        "until": _moment(span[1]),
        "service_name": service,
        "environment_name": subject.place.environment_name,
    }
    if field == "requests":
        parameters["warm_up_s"] = warm_up_s
    return _ask(store, MINUTE_QUERIES[field], parameters)


def _facts(
    store: Asking,
    name: DeploymentName,
    shared: Mapping[str, object],
    windows: Windows | None,
) -> Facts:
    asked: dict[str, object] = {
        "service_name": name.service,
        "service_version": name.version,
        "service_namespace": windows.service_namespace if windows else None,
        "environment_name": windows.environment_name if windows else shared["environment_name"],
        "deployment_id": windows.deployment_id if windows else shared["deployment_id"],
        "until": shared["until"],
    }
    found = _one(_ask(store, "deployment_facts", asked), Facts)
    return found or Facts(None, None, None, None, None, None)


def _marked(
    store: Asking,
    name: DeploymentName,
    shared: Mapping[str, object],
    facts: Facts,
    until: int | None,
    thresholds: Thresholds,
) -> Gathered:
    """Of a version that sent nothing: how its service does since the mark."""
    assert facts.marked_at is not None  # the caller has looked
    environment = shared["environment_name"] or facts.marked_environment
    place = Place(None, name.service, name.version or None, _text(environment), None)
    end = until or int(datetime.now(UTC).timestamp() * 1e9)
    before = _minutes_before(store, place, facts.marked_at)
    version = _served_before(before, facts.marked_at // MINUTE_NS)
    if before.num_rows:
        row = before.slice(before.num_rows - 1, 1).to_pylist()[0]
        place = Place(
            row["service_namespace"],
            name.service,
            place.service_version,
            row["environment_name"],
            None,
        )
    end = min(end, facts.marked_at + thresholds.minutes_max * MINUTE_NS)
    subject = marked_subject(place, facts.marked_at, end, version, facts)
    tables = minute_tables(store, subject, end, thresholds.warm_up_s)
    return Gathered(subject, tables, None, facts, None, None, until)


def _minutes_before(store: Asking, place: Place, marked_at: int) -> pa.Table:
    span = marked_at - HISTORY_MINUTES * MINUTE_NS, marked_at
    asked = {
        "since": _moment(span[0]),
        "until": _moment(span[1]),
        "service_name": place.service_name,
        "environment_name": place.environment_name,
    }
    return _ask(store, "request_minutes", asked)


def _served_before(minutes: pa.Table, marked_minute: int) -> str | None:
    """The version with the most requests in the half hour before the mark, as `comparison` has it;
    else the one that served last."""
    if not minutes.num_rows:
        return None
    last = pc.max(minutes.column("minute")).as_py()
    since = min(marked_minute - _BASELINE_MINUTES, last)
    late = minutes.filter(pc.greater_equal(minutes.column("minute"), since))
    totals = late.group_by("service_version").aggregate([("requests", "sum")])
    order = pc.sort_indices(totals, sort_keys=[("requests_sum", "descending")])
    version = totals.column("service_version")[order[0].as_py()].as_py()
    return None if version is None else str(version)


def _ask(store: Asking, query: str, parameters: Mapping[str, object]) -> pa.Table:
    return store.database.run(store.catalog[query], parameters)


def _one(table: pa.Table, record_class: Callable[..., Record]) -> Record | None:
    """The first row as a record; times as nanoseconds."""
    if not table.num_rows:
        return None
    names = [field.name for field in fields(record_class)]  # type: ignore[arg-type]  # any dataclass
    return record_class(**_in_nanoseconds(table.select(names)).slice(0, 1).to_pylist()[0])


def _in_nanoseconds(table: pa.Table) -> pa.Table:
    """The table with its times as nanoseconds since 1970."""
    for at, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            times = pc.cast(pc.cast(table.column(at), pa.timestamp("ns")), pa.int64())
            table = table.set_column(at, column.name, times)
    return table


def _nanoseconds(time: object) -> int | None:
    if not isinstance(time, datetime):
        return None
    return int(time.replace(tzinfo=UTC).timestamp() * 10**6) * 1000


def _moment(unix_nano: int) -> datetime:
    """A bound for the store: naive UTC, to the microsecond above."""
    microseconds = -(-unix_nano // 1000)
    whole, rest = divmod(microseconds, 10**6)
    return datetime.fromtimestamp(whole, UTC).replace(tzinfo=None, microsecond=rest)


def _text(value: Any) -> str | None:  # Any: a bound parameter
    return None if value is None else str(value)
