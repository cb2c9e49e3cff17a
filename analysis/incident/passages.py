"""Counts per minute of everything in an environment, by the versions that each trace met.

The tables of the queries `trace_passages`, `request_passages` and `call_passages` as numpy columns.
A passage is what traces have in common: the versions they passed through, those of them that were
settling in, and the services that did not answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis.verdict.subject import Place

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

PLACE_COLUMNS = (
    "service_namespace",
    "service_name",
    "service_version",
    "environment_name",
    "deployment_id",
)


def version_name(place: Place) -> str:
    """The version as passages name it: `service@version`, `service@` without one."""
    return f"{place.service_name}@{place.service_version or ''}"


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Columns of one length: a row per minute and passage. `minute` counts from the window's."""

    minute: Ints
    passage: Ints
    traces: Ints
    failed: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """A row per minute, passage and place; `own` are failures that start in the place itself."""

    minute: Ints
    passage: Ints
    place: Ints
    requests: Ints
    failures: Ints
    own: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """A row per minute, passage, calling place and peer; `peer` is an index, -1 for none."""

    minute: Ints
    passage: Ints
    place: Ints
    peer: Ints
    calls: Ints
    answered: Ints
    unanswered: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """Everything that happened in `minutes` minutes from `first_minute` (since 1970, UTC).

    `versions` are the names of versions, `services` their services; `through` and `settling`,
    of shape (passages, versions), say which of them a passage holds; `unanswered`, of shape
    (passages, `silent`), which services did not answer in it. `peer_services` has the service
    behind each of `peers`.
    """

    first_minute: int
    minutes: int
    versions: tuple[str, ...]
    services: tuple[str, ...]
    through: Mask
    settling: Mask
    silent: tuple[str, ...]
    unanswered: Mask
    places: tuple[Place, ...]
    peers: tuple[str, ...]
    peer_services: tuple[str | None, ...]
    traces: Traces
    requests: Requests
    calls: Calls

    def passed(self, name: str) -> Mask:
        """Which passages went through this version; none if it is not known."""
        return self._column(self.through, name)

    def met(self, place: Place) -> Mask:
        """Which passages went through the deployment, or found its service silent."""
        through = self.passed(version_name(place))
        if place.service_name not in self.silent:
            return through
        return through | self.unanswered[:, self.silent.index(place.service_name)]

    def passed_others(self, name: str) -> Mask:
        """Which passages went through another version of its service."""
        return self._others(self.through, name)

    def settled(self, name: str) -> Mask:
        """Which passages met no settling instance of its service."""
        return ~(self._column(self.settling, name) | self._others(self.settling, name))

    def _column(self, table: Mask, name: str) -> Mask:
        if name not in self.versions:
            return np.zeros(len(table), np.bool_)
        return table[:, self.versions.index(name)]

    def _others(self, table: Mask, name: str) -> Mask:
        if name not in self.versions:
            return np.zeros(len(table), np.bool_)
        service = self.services[self.versions.index(name)]
        others = [
            index
            for index, other in enumerate(self.services)
            if other == service and self.versions[index] != name
        ]
        any_of_them: Mask = np.asarray(table[:, others].any(axis=1), np.bool_)
        return any_of_them


def read_passages(
    traces: pa.Table, requests: pa.Table, calls: pa.Table, first_minute: int, minutes: int
) -> Passages:
    """The answers of the three queries, all of one window and one environment."""
    keys = _Keys()
    trace_sets, request_sets, call_sets = (keys.passages(t) for t in (traces, requests, calls))
    request_places, call_places = keys.places(requests), keys.places(calls)
    peers, services, peer = _peers(calls)
    through, settling, unanswered = keys.masks()
    service_of = {version_name(place): place.service_name for place in keys.place_index}
    failures = _integers(requests, "failures")
    return Passages(
        first_minute,
        minutes,
        tuple(keys.versions),
        # Where only spans within are known, both may hold an `@`: a version does so less often.
        tuple(service_of.get(name, name.rpartition("@")[0]) for name in keys.versions),
        through,
        settling,
        tuple(keys.silent),
        unanswered,
        tuple(keys.place_index),
        peers,
        services,
        Traces(
            _integers(traces, "minute") - first_minute,
            trace_sets,
            _integers(traces, "traces"),
            _integers(traces, "failed_traces"),
        ),
        Requests(
            _integers(requests, "minute") - first_minute,
            request_sets,
            request_places,
            _integers(requests, "requests"),
            failures,
            failures - _integers(requests, "elsewhere_failures"),
        ),
        Calls(
            _integers(calls, "minute") - first_minute,
            call_sets,
            call_places,
            peer,
            _integers(calls, "calls"),
            _integers(calls, "answered_calls"),
            _integers(calls, "unanswered_failures"),
        ),
    )


class _Keys:
    """Numbers for the passages, versions, silent services and places of several tables."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.silent: dict[str, int] = {}
        self.place_index: dict[Place, int] = {}
        self._sets: dict[tuple[tuple[str, ...], ...], int] = {}

    def passages(self, table: pa.Table) -> Ints:
        """The number of each row's passage."""
        columns = (_names(table, name) for name in ("versions", "settling", "unanswered"))
        found = list(zip(*columns, strict=True))
        for through, _settling, unanswered in found:
            for name in through:
                self.versions.setdefault(name, len(self.versions))
            for name in unanswered:
                self.silent.setdefault(name, len(self.silent))
        return np.array([self._sets.setdefault(p, len(self._sets)) for p in found], np.int64)

    def places(self, table: pa.Table) -> Ints:
        """The number of each row's place."""
        columns = (table.column(name).to_pylist() for name in PLACE_COLUMNS)
        found = (Place(*row) for row in zip(*columns, strict=True))
        index = self.place_index
        return np.array([index.setdefault(place, len(index)) for place in found], np.int64)

    def masks(self) -> tuple[Mask, Mask, Mask]:
        """Which versions each passage holds, which of them were settling, which services silent."""
        found = []
        for part, index in enumerate((self.versions, self.versions, self.silent)):
            mask = np.zeros((len(self._sets), len(index)), np.bool_)
            for names, number in self._sets.items():
                mask[number, [index[name] for name in names[part]]] = True
            found.append(mask)
        return found[0], found[1], found[2]


def _names(table: pa.Table, column: str) -> Sequence[tuple[str, ...]]:
    lists: Iterable[list[str] | None] = table.column(column).to_pylist()
    return [tuple(names or ()) for names in lists]


def _peers(calls: pa.Table) -> tuple[tuple[str, ...], tuple[str | None, ...], Ints]:
    """Each peer once, the service behind it, and the index of each row's peer."""
    peers, services = calls.column("peer").to_pylist(), calls.column("peer_service").to_pylist()
    index: dict[str, int] = {}
    behind: list[str | None] = []
    numbers = []
    for peer, service in zip(peers, services, strict=True):
        if peer is not None and peer not in index:
            index[peer] = len(index)
            behind.append(service)
        numbers.append(-1 if peer is None else index[peer])
    return tuple(index), tuple(behind), np.array(numbers, np.int64)


def _integers(table: pa.Table, column: str) -> Ints:
    values: Ints = pc.cast(table.column(column), pa.int64()).to_numpy()
    return values
