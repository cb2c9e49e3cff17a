"""Looks at the deployments of a store, one question at a time: which there are, how each does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from analysis.announcing.event import Identity, Mark
from analysis.announcing.settling import Seen
from analysis.api.room_database import RoomDatabase
from analysis.asking import Asking
from analysis.catalog import Catalog
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed
from analysis.query_error import QueryError
from analysis.question import Question
from analysis.reading_room import ReadingRoom
from analysis.verdict.check import Check
from analysis.verdict.checking import check_deployment
from analysis.verdict.thresholds import Thresholds
from analysis.verdict.windows import moment_text

_ANSWER_S = 20.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment as the query `deployment_names` has it."""

    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    known_since: int | None


@dataclass(frozen=True, slots=True)
class LookLimits:
    """How much looking may take: the deployments of a round and its seconds."""

    deployments_max: int = 20
    budget_s: float = 20.0


class Looking:
    """Looks at the newest deployments; each question can be ended at once by `stop`."""

    def __init__(
        self,
        room: Callable[[], ReadingRoom],
        catalog: Catalog,
        thresholds: Callable[[str], Thresholds],
        limits: LookLimits | None = None,
    ) -> None:
        """Asks nothing yet. `room` gives the room of the instance that holds the store now."""
        self._room, self._catalog, self._thresholds = room, catalog, thresholds
        self._limits = limits or LookLimits()
        self._question = Question()
        self._stopped = False
        self._looked_s: dict[Known, float] = {}
        self._over: set[Known] = set()

    def stop(self) -> None:
        """Ends the question that is being answered, and asks none again."""
        self._stopped = True
        self._question.stop()

    def round(self, now: datetime) -> Iterator[Seen]:
        """One look at each deployment whose verdict may still change: at most so many, the newest,
        for so long. Those that had to be left out come first in the next round.

        Raises QueryError or StoreError when not even their names can be had.
        """
        deadline_s = time.monotonic() + self._limits.budget_s
        known = self._asked(_known)
        due = [one for one in known if one not in self._over and self._is_young(one, now)]
        due = due[: self._limits.deployments_max]
        self._forget_all_but(known)
        due.sort(key=lambda one: self._looked_s.get(one, 0.0))
        for one in due:
            if self._stopped or time.monotonic() >= deadline_s:
                return
            self._looked_s[one] = time.monotonic()
            seen = self._seen(one, known, now)
            if seen is not None:
                yield seen

    def _is_young(self, one: Known, now: datetime) -> bool:
        """Whether it can be within the horizon of its verdict; nobody deploys no version."""
        if one.known_since is None or not one.service_version:
            return False
        minutes = self._thresholds(one.service_name).minutes_max
        return now - _moment(one.known_since) <= timedelta(minutes=minutes)

    def _seen(self, one: Known, known: list[Known], now: datetime) -> Seen | None:
        """The look; None where it is not this deployment, or not one of now, that is judged."""
        try:
            check = self._asked(lambda store: self._check(store, one, now))
        except (CommandFailed, QueryError):
            return None
        found, first_seen = check.deployment, check.deployment.first_seen
        place = one.environment_name, one.deployment_id
        if first_seen is not None and (found.environment, found.deployment_id) != place:
            return None
        identity = Identity(
            found.namespace if first_seen else None,
            one.service_name,
            one.service_version,
            *place,
        )
        marked_at, mark = self._asked(lambda store: _mark(store, identity))
        times = [t for t in (_parsed(first_seen), marked_at) if t is not None]
        began = min(times) if times else None
        minutes = self._thresholds(one.service_name).minutes_max
        if began is None or now - _moment(began) > timedelta(minutes=minutes):
            self._over.add(one)
            return None
        return Seen(
            identity, check, mark, moment_text(began), _moment(began), _is_first(one, known)
        )

    def _check(self, store: Asking, one: Known, now: datetime) -> Check:
        name = DeploymentName(one.service_name, one.service_version or "")
        narrowing = {
            "environment_name": one.environment_name,
            "deployment_id": one.deployment_id,
        }
        given = {key: value for key, value in narrowing.items() if value is not None}
        return check_deployment(store, name, given, self._thresholds, lambda: now)

    def _asked(self, ask: Callable[[Asking], Answer]) -> Answer:
        self._question = Question()
        if self._stopped:
            self._question.stop()
        room = RoomDatabase(self._room(), self._question, _ANSWER_S)
        return ask(Asking(room, self._catalog))

    def _forget_all_but(self, known: list[Known]) -> None:
        there = set(known)
        self._over &= there
        self._looked_s = {one: when for one, when in self._looked_s.items() if one in there}


def _known(store: Asking) -> list[Known]:
    """Every deployment, the latest first."""
    table = store.database.run(store.catalog["deployment_names"])
    return [Known(**row) for row in _in_nanoseconds(table, "known_since").to_pylist()]


def _mark(store: Asking, identity: Identity) -> tuple[int | None, Mark | None]:
    """The latest mark and its time in nanoseconds, where there is one."""
    asked = {
        "service_name": identity.service,
        "service_version": identity.version or "",
        "service_namespace": identity.namespace,
        "environment_name": identity.environment,
        "deployment_id": identity.deployment_id,
        "until": None,
    }
    table = store.database.run(store.catalog["deployment_facts"], asked)
    for row in _in_nanoseconds(table, "marked_at").to_pylist():
        if row["marked_at"] is not None:
            text = moment_text(row["marked_at"])
            return row["marked_at"], Mark(text, row["strategy"], row["irreversible"])
    return None, None


def _is_first(one: Known, known: list[Known]) -> bool:
    """Whether the service has no other deployment in this environment."""
    return not any(
        other is not one
        and (other.service_name, other.environment_name) == (one.service_name, one.environment_name)
        for other in known
    )


def _in_nanoseconds(table: pa.Table, name: str) -> pa.Table:
    at = table.schema.get_field_index(name)
    times = pc.cast(pc.cast(table.column(at), pa.timestamp("ns")), pa.int64())
    return table.set_column(at, name, times)


def _parsed(text: str | None) -> int | None:
    """RFC 3339 with at most microseconds as nanoseconds."""
    if text is None:
        return None
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since // timedelta(microseconds=1)) * 1000


def _moment(unix_nano: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=unix_nano // 1000)
