"""Rows of a minute query as series: one number per minute, of the rows that are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis.verdict.counts import Counts, Series
from analysis.verdict.subject import Subject

Mask = npt.NDArray[np.bool_]
PLACE = (
    "service_namespace",
    "service_name",
    "service_version",
    "environment_name",
    "deployment_id",
)
_FIRST_MINUTES = _FIRST_SHARE = 5


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """One number per minute, of the candidate, of its baseline, and of the service before it.

    Shapes as in Counts. `candidate` may have an axis of parts in front, and so may the others.
    """

    candidate: Series
    baseline: Series
    history: Series

    def part(self, index: int) -> "Sides":
        """One of the parts."""
        return Sides(self.candidate[index], self.baseline[index], self.history[index])

    def __sub__(self, other: "Sides") -> "Sides":
        """What is left, never below zero."""
        return Sides(
            np.maximum(self.candidate - other.candidate, 0),
            np.maximum(self.baseline - other.baseline, 0),
            np.maximum(self.history - other.history, 0),
        )


def counts_of(events: Sides, trials: Sides) -> Counts:
    """Events among trials."""
    return Counts(
        events.candidate,
        trials.candidate,
        events.baseline,
        trials.baseline,
        events.history,
        trials.history,
    )


@dataclass(frozen=True, eq=False)
class MinuteRows:
    """The rows of one table in the windows of a subject. Its masks cannot be written to."""

    table: pa.Table
    minute: Series
    subject: Subject

    @classmethod
    def of(cls, table: pa.Table, subject: Subject) -> "MinuteRows":
        """The rows of the subject's two windows; none later."""
        minute = _numbers(table, "minute")
        inside = (minute >= subject.history_from) & (minute < subject.until_minute)
        return cls(table.filter(pa.array(inside)), minute[inside], subject)

    def where(self, **equal: str | None) -> Mask:
        """The rows with these values; None is NULL."""
        found = np.ones(len(self.minute), np.bool_)
        for name, value in equal.items():
            column = self.table.column(name)
            same = pc.is_null(column) if value is None else pc.equal(column, value)
            found &= np.asarray(pc.fill_null(same, False).to_numpy(), np.bool_)
        return found

    def in_service(self) -> Mask:
        """The rows of the service in its namespace and environment, whatever version."""
        return self._in_service

    def of_candidate(self) -> Mask:
        """The rows of the candidate in its own window."""
        return self._of_candidate

    def of_baseline(self) -> Mask:
        """The rows of the version that it is compared with, in either window."""
        return self._of_baseline

    @cached_property
    def _in_service(self) -> Mask:
        place = self.subject.place
        return _kept(
            self.where(
                service_name=place.service_name,
                service_namespace=place.service_namespace,
                environment_name=place.environment_name,
            )
        )

    @cached_property
    def _of_candidate(self) -> Mask:
        place = self.subject.place
        own = self.in_service() & self.where(
            service_version=place.service_version, deployment_id=place.deployment_id
        )
        return _kept(own & (self.minute >= self.subject.first_minute))

    @cached_property
    def _of_baseline(self) -> Mask:
        if self.subject.baseline_kind is None:
            return _kept(np.zeros(len(self.minute), np.bool_))
        version = self.where(service_version=self.subject.baseline_version)
        return _kept(self.in_service() & version & ~self.of_candidate())

    def numbers(self, column: str) -> npt.NDArray[np.int64]:
        """A column of whole numbers."""
        return _numbers(self.table, column)

    def sum(self, column: str, rows: Mask) -> float:
        """The sum of a column over these rows."""
        values = pc.fill_null(self.table.column(column), 0).to_numpy()
        return float(values[rows].sum())

    def sides(self, column: str, rows: Mask | None = None) -> Sides:
        """A column of both versions and of the service before, of these rows."""
        chosen = np.ones(len(self.minute), np.bool_) if rows is None else rows
        return self._sides(column, chosen, Parts.whole(len(self.minute))).part(0)

    def over_time(self, column: str, rows: Mask) -> Sides:
        """A column of these rows whatever version, the window against the minutes before it."""
        values, whole = self.numbers(column), Parts.whole(len(self.minute))
        earlier = self.minute < self.subject.first_minute
        before = self._before(values, rows & earlier, whole)[0]
        now = self._now(values, rows & ~earlier, whole)[0]
        return Sides(now, paired(before, self.subject.minutes), before)

    def parts(self, by: str, column: str, rows: Mask | None = None) -> Mapping[str, Sides]:
        """`sides` of these rows, for each value of a column of text that the service has."""
        names, of_row = self.names(by)
        parts = Parts(of_row, len(names))
        chosen = self.in_service() if rows is None else self.in_service() & rows
        sides = self._sides(column, chosen, parts)
        present = np.unique(parts.of_row[self.in_service()])
        return {names[part]: sides.part(part) for part in present}

    def names(self, column: str) -> tuple[list[str], npt.NDArray[np.int32]]:
        """The values of a column of text, NULL as '', and which of them each row has."""
        codes = pc.dictionary_encode(pc.fill_null(self.table.column(column), "")).combine_chunks()
        if not len(codes):
            return [], np.zeros(0, np.int32)
        return codes.dictionary.to_pylist(), np.asarray(codes.indices.to_numpy())

    def _sides(self, column: str, chosen: Mask, parts: "Parts") -> Sides:
        """`sides` of all parts at once."""
        subject, values = self.subject, self.numbers(column)
        earlier = self.minute < subject.first_minute
        others = self.in_service() & ~self.of_candidate() & chosen & earlier
        baseline = self.of_baseline() & chosen
        if subject.side_by_side:
            against = self._now(values, baseline & ~earlier, parts)
        else:
            against = paired(self._before(values, baseline & earlier, parts), subject.minutes)
        return Sides(
            self._now(values, self.of_candidate() & chosen, parts),
            against,
            self._before(values, others, parts),
        )

    def _now(self, values: Series, rows: Mask, parts: "Parts") -> Series:
        first = self.subject.first_minute
        return parts.summed(self.minute - first, values, rows, self.subject.minutes)

    def _before(self, values: Series, rows: Mask, parts: "Parts") -> Series:
        first, until = self.subject.history_from, self.subject.history_until
        return parts.summed(
            self.minute - first, values, rows & (self.minute < until), until - first
        )


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Which of `count` parts each row belongs to."""

    of_row: npt.NDArray[np.int32]
    count: int

    @classmethod
    def whole(cls, rows: int) -> "Parts":
        """All rows as one part."""
        return cls(np.zeros(rows, np.int32), 1)

    def summed(self, index: Series, values: Series, rows: Mask, length: int) -> Series:
        """The sums of these rows at each index below the length, shape (parts, length)."""
        length = max(length, 0)
        inside = rows & (index >= 0) & (index < length)
        places = self.of_row[inside].astype(np.int64) * length + index[inside]
        sums = np.bincount(places, weights=values[inside], minlength=self.count * length)
        return np.rint(sums).astype(np.int64).reshape(self.count, length)


def paired(before: Series, minutes: int) -> Series:
    """Earlier minutes beside those of a window, the latest beside the first; 0 where they end.

    Each earlier minute stands against one later minute alone, by a rule that was fixed beforehand,
    so that no look uses it twice. The first five minutes get five each, because what is badly wrong
    should show in them; the others get one. Minutes are the last axis.
    """
    sizes = np.ones(minutes, np.int64)
    sizes[:_FIRST_MINUTES] = _FIRST_SHARE
    ends = np.cumsum(sizes)
    none = np.zeros((*before.shape[:-1], 1), np.int64)
    latest_first = np.concatenate([none, np.cumsum(before[..., ::-1], axis=-1)], axis=-1)
    length = before.shape[-1]
    ends, starts = np.minimum(ends, length), np.minimum(ends - sizes, length)
    return np.asarray(latest_first[..., ends] - latest_first[..., starts], np.int64)


def _kept(mask: Mask) -> Mask:
    mask.setflags(write=False)
    return mask


def _numbers(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    values = pc.fill_null(pc.cast(table.column(column), pa.int64(), safe=False), 0)
    return np.asarray(values.to_numpy(), np.int64)
