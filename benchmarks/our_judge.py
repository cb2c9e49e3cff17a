"""Our own judge on simulated runs, looked at every minute.

A look costs milliseconds and there are a million, so those are left out that cannot accuse: the
judge says roll_back, fix_forward or hold only when evidence of harm has grown, and how far it has
is known for all looks at once. A test holds this to what judging every look says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from analysis.verdict.check import Verdict
from analysis.verdict.counts import Counts, added
from analysis.verdict.evidence import Evidence, Instances
from analysis.verdict.judge import judge
from analysis.verdict.strength import combined_log_e
from analysis.verdict.thresholds import Thresholds
from benchmarks.simulated_minutes import MINUTES, Simulated

THRESHOLDS = Thresholds()
ACCUSING = (Verdict.ROLL_BACK, Verdict.FIX_FORWARD)
FOLLOWED = (*ACCUSING, Verdict.HOLD)
SLOW_RATE = 0.05
FIRST_MINUTE = 29_000_000
# After so many looks in a row that hold, only every tenth is asked.
HOLDS_MAX, HOLDS_BETWEEN = 5, 10
# A pipeline promotes on `healthy`: how often it is said too soon is asked at these looks.
HEALTH_LOOKS = (5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class Firsts:
    """The look, from 1, at which each verdict that accuses was first said; and the last verdict.

    `healthy_before`: at one of a few looks before the first accusation it was called healthy.
    """

    minutes: Mapping[Verdict, int]
    last: Verdict
    healthy_before: bool

    def first(self, verdicts: Iterable[Verdict]) -> float:
        """The first look that said one of these; infinite if none did."""
        return min(
            (float(self.minutes[one]) for one in verdicts if one in self.minutes), default=inf
        )


def first_verdicts(simulated: Simulated, run: int, random: np.random.Generator) -> Firsts:
    """What our judge says of a run. Nobody looks on after a roll_back, nor, when the candidate
    really is worse, after a fix_forward."""
    evidence = evidence_of_run(simulated, run, random)
    identical = simulated.scenario.identical
    final = (Verdict.ROLL_BACK,) if identical else ACCUSING
    minutes = first_looks(evidence, final)
    stopped = min((minutes[one] for one in final if one in minutes), default=MINUTES)
    last = judge(evidence.until(stopped), THRESHOLDS).verdict
    healthy = not identical and any(
        judge(evidence.until(look), THRESHOLDS).verdict is Verdict.HEALTHY
        for look in HEALTH_LOOKS
        if look < stopped
    )
    return Firsts(minutes, last, healthy)


def first_looks(evidence: Evidence, final: tuple[Verdict, ...]) -> dict[Verdict, int]:
    """The first look at which each accusing verdict is said, until one of `final` is.

    Looks at which evidence has not grown are left out, as they accuse of nothing, and most of those
    in a long row that holds.
    """
    log_e = combined_log_e(evidence)
    proven, growing = -np.log(THRESHOLDS.alpha), np.log(THRESHOLDS.hold_e_value)
    found: dict[Verdict, int] = {}
    holds = 0
    for index in np.flatnonzero(log_e >= growing):
        look = int(index) + 1
        known = Verdict.HOLD in found and log_e[index] < proven
        if known or (holds > HOLDS_MAX and look % HOLDS_BETWEEN):
            continue
        verdict = judge(evidence.until(look), THRESHOLDS).verdict
        holds = holds + 1 if verdict is Verdict.HOLD else 0
        if verdict in FOLLOWED:
            found.setdefault(verdict, look)
        if verdict in final:
            break
    return found


def evidence_of_run(simulated: Simulated, run: int, random: np.random.Generator) -> Evidence:
    """A run as the judge reads it. Each request is called by another service and is a trace of its
    own, every call is answered, and one in twenty requests is slow on either side."""
    own = simulated.own(run)
    whole = added(own.values(), MINUTES)
    beside = not simulated.scenario.before
    return Evidence(
        first_minute=FIRST_MINUTE,
        minutes=MINUTES,
        side_by_side=beside,
        has_baseline=True,
        own=own,
        elsewhere=_with_rate(whole, 0.0, random),
        earlier=_earlier(whole),
        earlier_baseline=_earlier(_baseline(whole)) if beside else None,
        slow=_with_rate(whole, SLOW_RATE, random),
        unanswered=_with_rate(_earlier(whole), 0.0, random),
        participation=(whole,),
        participation_all=whole,
        instances=Instances(
            whole.history_events,
            whole.history_trials,
            whole.candidate_events[None],
            whole.candidate_trials[None],
        ),
    )


def _with_rate(counts: Counts, rate: float, random: np.random.Generator) -> Counts:
    """The same trials with events that come with one rate on both sides."""
    return Counts(
        random.binomial(counts.candidate_trials, rate),
        counts.candidate_trials,
        random.binomial(counts.baseline_trials, rate),
        counts.baseline_trials,
        random.binomial(counts.history_trials, rate),
        counts.history_trials,
    )


def _baseline(counts: Counts) -> Counts:
    """The baseline in the candidate's place."""
    return replace(
        counts,
        candidate_events=counts.baseline_events,
        candidate_trials=counts.baseline_trials,
    )


def _earlier(counts: Counts) -> Counts:
    """The candidate against the service before it, the latest minute first."""
    return Counts(
        counts.candidate_events,
        counts.candidate_trials,
        counts.history_events[::-1],
        counts.history_trials[::-1],
        counts.history_events,
        counts.history_trials,
    )
