"""How a verdict became what it is: its looks and its evidence, minute by minute, from the rows that
the check was made of. Nothing more is asked."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.backtest.replay import Look, as_compared, judged_by_counts, looks_of
from analysis.inference.e_process import log_means
from analysis.report.findings import EvidenceMinute
from analysis.signatures.matching import match
from analysis.verdict import wording
from analysis.verdict.building import evidence_of
from analysis.verdict.causes import signature_facts
from analysis.verdict.caveats import clock_skew_s
from analysis.verdict.check import Check, ExceptionState
from analysis.verdict.checking import exception_states
from analysis.verdict.evidence import Evidence
from analysis.verdict.gathering import Gathered
from analysis.verdict.judge import judge
from analysis.verdict.minute_rows import Mask, MinuteRows
from analysis.verdict.side_by_side import side_by_side_part
from analysis.verdict.strength import (
    WEIGHTS,
    combined,
    own_log_e,
    participation_log_e,
    unanswered_log_e,
)
from analysis.verdict.subject import Subject
from analysis.verdict.thresholds import Thresholds
from analysis.verdict.windows import time_text

# The check cuts e-values off there: of more, the share of the claim cannot be told.
_LOG_E_MAX = 599.0
_EXCEPTIONS_MAX = 20
_OF_FAILURES = {
    "own": own_log_e,
    "unanswered": unanswered_log_e,
    "participation": participation_log_e,
}


def course_of(
    found: Gathered, check: Check, thresholds: Thresholds
) -> tuple[tuple[Look, ...], tuple[EvidenceMinute, ...]]:
    """The looks at which the verdict became another one, and the evidence behind them; the last
    look is the check's. Both are empty when there is nothing to compare with."""
    subject = _judged(found, check)
    if subject.baseline_kind is None or found.windows is None:
        return (), ()
    past = _Past(found, subject, thresholds)
    asked = judged_by_counts(past.whole, thresholds, past.exception_looks())
    looks = list(
        looks_of({minutes: judge(as_compared(past.at(minutes)), thresholds) for minutes in asked})
    )
    if looks[-1].verdict is not check.verdict:
        last = Look(found.subject.minutes, check.verdict, check.reasons)
        looks = [*(look for look in looks if look.minutes < last.minutes), last]
    return tuple(looks), tuple(_evidence(past.whole, check))


def _judged(found: Gathered, check: Check) -> Subject:
    """The subject; its first minutes alone where what they proved side by side made the verdict."""
    if wording.BESIDE_AT_FIRST in check.reasons:
        return side_by_side_part(found.tables, found.subject) or found.subject
    return found.subject


class _Past:
    """The evidence as of any minute. What was asked of exceptions is as of the last: of an earlier
    minute are those that had been seen by then, with their sightings until then."""

    def __init__(self, found: Gathered, subject: Subject, thresholds: Thresholds) -> None:
        self.found, self.subject, self.thresholds = found, subject, thresholds
        states = exception_states(found.exceptions)
        self.whole = evidence_of(found.tables, subject, thresholds, states)
        self.skew_s = clock_skew_s(found)
        self.sightings = MinuteRows.of(found.tables.exceptions, subject)

    def at(self, minutes: int) -> Evidence:
        """All that was known after so many minutes."""
        subject = replace(self.subject, until_minute=self.subject.first_minute + minutes)
        rows = self._seen(subject)
        states = tuple(self._as_of(one, subject) for one in exception_states(rows))
        tables = self.found.tables
        evidence = evidence_of(tables, subject, self.thresholds, states)
        signatures = match(signature_facts(tables, subject, evidence, rows), self.thresholds)
        return replace(evidence, signatures=signatures, clock_skew_s=self.skew_s)

    def exception_looks(self) -> list[int]:
        """After how many minutes an exception had first been seen, or often enough to count."""
        enough = self.thresholds.new_exception_traces_min
        looks = set[int]()
        for state in exception_states(self.found.exceptions)[:_EXCEPTIONS_MAX]:
            rows = self._of(state)
            shown = np.cumsum(self.sightings.numbers("traces")[rows])
            minutes = self.sightings.minute[rows][shown >= min(enough, state.count)]
            looks |= {int(minutes[0]) - self.subject.first_minute + 1} if minutes.size else set()
        return sorted(looks)

    def _of(self, state: ExceptionState) -> Mask:
        return self.sightings.of_candidate() & self.sightings.where(fingerprint=state.fingerprint)

    def _seen(self, subject: Subject) -> pa.Table | None:
        rows = self.found.exceptions
        if rows is None:
            return None
        until_ns = subject.until_minute * 60 * 10**9
        return rows.filter(pc.fill_null(pc.less(rows.column("first_seen"), until_ns), True))

    def _as_of(self, state: ExceptionState, subject: Subject) -> ExceptionState:
        until_then = self._of(state) & (self.sightings.minute < subject.until_minute)
        return replace(state, count=min(state.count, int(self.sightings.sum("traces", until_then))))


def _evidence(whole: Evidence, check: Check) -> Iterator[EvidenceMinute]:
    """The e-process of failures after each minute, which ends at the check's own e-value."""
    known = {name: of(whole) for name, of in _OF_FAILURES.items() if _is_known(check, name)}
    rows = [(name, log_e) for name, log_e in known.items() if log_e is not None]
    final = check.failure_rate.e_value
    if not rows or not final or math.log(final) >= _LOG_E_MAX:
        return
    weights = np.asarray([WEIGHTS[name] for name, _ in rows])
    shares = np.log(weights / weights.sum())[:, None]
    log_e = log_means(np.stack([one for _, one in rows]) + shares) + math.log(len(rows))
    # Failures are one of three claims, which share alpha: the check has weighed them.
    claim = min(0.0, math.log(final) - combined(check.kinds, without=("traffic",)))
    for index, value in enumerate(log_e):
        yield EvidenceMinute(time_text(whole.first_minute + index), float(value) + claim)


def _is_known(check: Check, kind: str) -> bool:
    return getattr(check.kinds, kind) is not None
