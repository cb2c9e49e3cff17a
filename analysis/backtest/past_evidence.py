"""The evidence on a deployment of the past, as of any of its minutes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis.asking import Asking
from analysis.backtest.looks import FIRED, slow_looks
from analysis.backtest.nanoseconds import in_nanoseconds
from analysis.backtest.past_minutes import tables_of
from analysis.backtest.replay import without_wholes
from analysis.signatures.matching import match
from analysis.verdict.building import evidence_of
from analysis.verdict.causes import signature_facts
from analysis.verdict.check import Verdict
from analysis.verdict.checking import exception_states
from analysis.verdict.counts import Series
from analysis.verdict.evidence import Evidence
from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.subject import Subject
from analysis.verdict.thresholds import Thresholds

_EXCEPTIONS_MAX = 50
_ACCUSING = (*FIRED, Verdict.HOLD)


@dataclass(frozen=True, slots=True, eq=False)
class PastEvidence:
    """The minutes of one deployment, and `whole`: the evidence when all of them were known.

    `slow` says after which minutes evidence of slowness had grown; `exception_after`: after how
    many the candidate had recorded an exception; `unseen_after`: after how many it had shown one in
    several traces that nothing else of these hours showed. None is never.
    """

    store: Asking
    tables: MinuteTables
    subject: Subject
    thresholds: Thresholds
    whole: Evidence
    slow: npt.NDArray[np.bool_]
    exception_after: int | None
    unseen_after: int | None

    @classmethod
    def of(
        cls, store: Asking, tables: MinuteTables, subject: Subject, thresholds: Thresholds
    ) -> "PastEvidence":
        """From the tables of a stretch that holds the subject."""
        own = tables_of(tables, subject)
        whole = without_wholes(evidence_of(own, subject, thresholds))
        exceptions = MinuteRows.of(own.exceptions, subject)
        minutes = exceptions.minute[exceptions.of_candidate()]
        return cls(
            store,
            own,
            subject,
            thresholds,
            whole,
            slow=slow_looks(whole, thresholds),
            exception_after=_after(subject, minutes),
            unseen_after=_after(subject, _unseen(exceptions, thresholds)),
        )

    @property
    def requests(self) -> int:
        """Requests of the candidate."""
        return self.whole.failures.totals.candidate_trials

    def at(self, minutes: int, verdict: Verdict) -> Evidence:
        """All that was known after so many minutes, at which counts alone gave this verdict.

        Exceptions are asked for as of then, if they may matter: where counts accuse, where one was
        shown that was not known, and at the last look. Signatures are matched, quantiles read.
        """
        subject = replace(self.subject, until_minute=self.subject.first_minute + minutes)
        exceptions = None
        if self._exceptions_matter(minutes, verdict):
            exceptions = in_nanoseconds(
                self.store.database.run(
                    self.store.catalog["exception_groups"],
                    {**self._asked(subject), "rows_max": _EXCEPTIONS_MAX},
                )
            )
        states = exception_states(exceptions)
        if self.slow[minutes - 1] or verdict in _ACCUSING:
            evidence = evidence_of(self.tables, subject, self.thresholds, states)
        else:
            evidence = replace(self.whole.until(minutes), exceptions=states)
        facts = signature_facts(self.tables, subject, evidence, exceptions)
        return replace(evidence, signatures=match(facts, self.thresholds))

    def _exceptions_matter(self, minutes: int, verdict: Verdict) -> bool:
        if self.exception_after is None or minutes < self.exception_after:
            return False
        unseen = self.unseen_after is not None and minutes >= self.unseen_after
        return verdict in _ACCUSING or unseen or minutes == self.subject.minutes

    def _asked(self, subject: Subject) -> dict[str, object]:
        place = subject.place
        asked = {
            "service_name": place.service_name,
            "service_version": place.service_version or "",
            "environment_name": place.environment_name,
            "deployment_id": place.deployment_id,
            "until": datetime.fromtimestamp(60 * subject.until_minute, UTC).replace(tzinfo=None),
        }
        return {name: value for name, value in asked.items() if value is not None}


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
