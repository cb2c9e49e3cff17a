"""The evidence on a deployment of the past, as of any of its minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis.backtest.asked_looks import AskedLook
from analysis.backtest.looks import slow_looks
from analysis.backtest.past_minutes import tables_of
from analysis.backtest.replay import as_compared, judged_by_counts, without_wholes
from analysis.signatures.matching import match
from analysis.verdict.building import evidence_of
from analysis.verdict.causes import signature_facts
from analysis.verdict.check import Verdict
from analysis.verdict.checking import exception_states
from analysis.verdict.counts import Series
from analysis.verdict.evidence import Evidence
from analysis.verdict.judge import Judgement, judge
from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.subject import Subject
from analysis.verdict.thresholds import Thresholds

_EXCEPTIONS_MAX = 50
_QUIET = (Verdict.HEALTHY, Verdict.NOT_ENOUGH_DATA)


@dataclass(frozen=True, slots=True, eq=False)
class PastEvidence:
    """The minutes of one deployment, and `whole`: the evidence when all of them were known.

    `by_counts` is what counts per minute alone say, at the looks that have to be asked about.
    `slow` says after which minutes evidence of slowness had grown; `exception_after`: after how
    many the candidate had recorded an exception; `unseen_after`: after how many it had shown one in
    several traces that nothing else of these hours showed. None is never.
    """

    tables: MinuteTables
    subject: Subject
    thresholds: Thresholds
    whole: Evidence
    by_counts: Mapping[int, Judgement]
    slow: npt.NDArray[np.bool_]
    exception_after: int | None
    unseen_after: int | None

    @classmethod
    def of(cls, tables: MinuteTables, subject: Subject, thresholds: Thresholds) -> "PastEvidence":
        """From the tables of a stretch that holds the subject."""
        own = tables_of(tables, subject)
        whole = without_wholes(evidence_of(own, subject, thresholds))
        exceptions = MinuteRows.of(own.exceptions, subject)
        minutes = exceptions.minute[exceptions.of_candidate()]
        unseen_after = _after(subject, _unseen(exceptions, thresholds))
        stirs = () if unseen_after is None else (unseen_after,)
        return cls(
            own,
            subject,
            thresholds,
            whole,
            by_counts=judged_by_counts(whole, thresholds, stirs),
            slow=slow_looks(whole, thresholds),
            exception_after=_after(subject, minutes),
            unseen_after=unseen_after,
        )

    @property
    def requests(self) -> int:
        """Requests of the candidate."""
        return self.whole.failures.totals.candidate_trials

    @property
    def exception_looks(self) -> tuple[int, ...]:
        """After how many minutes exceptions may matter: where counts do not leave it in peace,
        where one was shown that was not known, and at the last look."""
        return tuple(minutes for minutes in self.by_counts if self._exceptions_matter(minutes))

    def asked_looks(self) -> list[AskedLook]:
        """The deployment as of these looks."""
        place = self.subject.place
        names = place.service_name, place.service_version, place.environment_name
        first = self.subject.first_minute
        return [
            AskedLook(*names, place.deployment_id, first + minutes)
            for minutes in self.exception_looks
        ]

    def judged(self, exceptions: Mapping[int, pa.Table]) -> dict[int, Judgement]:
        """What all that was known said at each look that has to be asked about.

        `exceptions` are the rows of `exception_looks` at each look where they may matter.
        """
        return {
            minutes: self._judged(minutes, exceptions.get(minutes)) for minutes in self.by_counts
        }

    def _judged(self, minutes: int, exceptions: pa.Table | None) -> Judgement:
        """Signatures are matched and quantiles read only where counts do not leave it in peace."""
        states = exception_states(exceptions)
        by_counts = self.by_counts[minutes]
        if by_counts.verdict in _QUIET and not self.slow[minutes - 1]:
            if not states:
                return by_counts
            evidence = replace(self.whole.until(minutes), exceptions=states)
        else:
            subject = replace(self.subject, until_minute=self.subject.first_minute + minutes)
            evidence = evidence_of(self.tables, subject, self.thresholds, states)
            facts = signature_facts(self.tables, subject, evidence, exceptions)
            evidence = replace(evidence, signatures=match(facts, self.thresholds))
        return judge(as_compared(evidence), self.thresholds)

    def _exceptions_matter(self, minutes: int) -> bool:
        if self.exception_after is None or minutes < self.exception_after:
            return False
        unseen = self.unseen_after is not None and minutes >= self.unseen_after
        stirred = self.by_counts[minutes].verdict not in _QUIET
        return stirred or unseen or minutes == self.subject.minutes


def _unseen(exceptions: MinuteRows, thresholds: Thresholds) -> Series:
    """The minutes, from the one on in which it is shown often enough, of every exception that only
    the candidate shows."""
    candidate = exceptions.of_candidate()
    names = exceptions.table.column("fingerprint")
    known = names.filter(pa.array(~candidate)).unique()
    new = candidate & ~np.asarray(pc.is_in(names, value_set=known).to_numpy())
    reached = np.zeros(0, np.int64)
    for name in names.filter(pa.array(new)).unique().to_pylist()[:_EXCEPTIONS_MAX]:
        rows = new & exceptions.where(fingerprint=name)
        shown = np.cumsum(exceptions.numbers("traces")[rows])
        often = shown >= thresholds.new_exception_traces_min
        reached = np.concatenate([reached, exceptions.minute[rows][often]])
    return reached


def _after(subject: Subject, minutes: Series) -> int | None:
    """How many minutes are known when the first of these is over."""
    return int(minutes.min()) - subject.first_minute + 1 if minutes.size else None
