"""The verdict on one deployment at every minute, as it would have been at that minute."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache

from analysis.backtest.looks import FIRED, changes, fireable, growing, harm_log_e
from analysis.backtest.outcome import Outcome
from analysis.verdict.check import Verdict
from analysis.verdict.evidence import Evidence
from analysis.verdict.judge import Judgement, judge
from analysis.verdict.side_by_side import SHARED_MINUTES_MIN
from analysis.verdict.subject import Subject
from analysis.verdict.thresholds import Thresholds

_OFTEN = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class Look:
    """A look at which the verdict became another one: how many minutes were known, and why."""

    minutes: int
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A deployment and the looks at which the verdict on it changed, of which there is one.

    `requests` are those of the candidate in the minutes that were looked at.
    """

    subject: Subject
    requests: int
    looks: tuple[Look, ...]
    outcome: Outcome | None

    def first(self, *verdicts: Verdict) -> Look | None:
        """The first look that said one of these."""
        return next((look for look in self.looks if look.verdict in verdicts), None)

    @property
    def verdict(self) -> Verdict:
        """The verdict when all minutes were known."""
        return self.looks[-1].verdict

    @property
    def fired(self) -> Look | None:
        """The first look that said to roll back or to fix forward; None if none did."""
        return self.first(*FIRED)

    @property
    def fired_after_min(self) -> int | None:
        """Minutes that were known at that look."""
        return self.fired.minutes if self.fired else None


def judged_by_counts(
    evidence: Evidence, thresholds: Thresholds, more_looks: Collection[int] = ()
) -> dict[int, Judgement]:
    """What counts per minute alone say at the looks that have to be asked about, the first first.

    These are the looks at which that verdict changes, `more_looks`, and the last. Against a
    baseline from before, exceptions may confirm what counts only suspect: there it is also some
    more looks where evidence of harm has grown, ever farther apart.
    """
    counts_alone = without_wholes(evidence)

    @cache
    def judged(minutes: int) -> Judgement:
        return judge(as_compared(counts_alone.until(minutes)), thresholds)

    harm = harm_log_e(counts_alone)
    suspect = growing(harm, thresholds)
    near = fireable(harm, thresholds)
    changed = changes(evidence.minutes, suspect, near, lambda minutes: judged(minutes).verdict)
    asked = {*changed, *more_looks, evidence.minutes}
    if not evidence.side_by_side:
        grown = [int(index) + 1 for index in suspect.nonzero()[0]]
        asked |= {grown[at] for at in _OFTEN if at < len(grown)}
    return {minutes: judged(minutes) for minutes in sorted(asked)}


def looks_of(judgements: Mapping[int, Judgement]) -> tuple[Look, ...]:
    """The looks at which the verdict changed; by how many minutes were known, the first first."""
    looks: list[Look] = []
    for minutes, judgement in judgements.items():
        if not looks or looks[-1].verdict is not judgement.verdict:
            looks.append(Look(minutes, judgement.verdict, judgement.reasons))
    return tuple(looks)


def as_compared(evidence: Evidence) -> Evidence:
    """The evidence as it would have been compared: side by side only once both versions had shared
    enough minutes."""
    own = evidence.own_all
    shared = int(((own.candidate_trials > 0) & (own.baseline_trials > 0)).sum())
    if evidence.side_by_side and shared < SHARED_MINUTES_MIN:
        return replace(evidence, side_by_side=False)
    return evidence


def without_wholes(evidence: Evidence) -> Evidence:
    """The counts per minute alone, of which a prefix knows nothing of later minutes."""
    return replace(evidence, latency=(), origins=(), exceptions=(), signatures=(), rivals=())
