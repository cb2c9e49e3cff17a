"""How large a difference is, and whether it matters: the size that evidence alone does not tell."""

from dataclasses import dataclass

from analysis.inference.proportions import newcombe, upper_bound_of_difference
from analysis.verdict.counts import Counts, Totals
from analysis.verdict.strength import dispersion_of
from analysis.verdict.thresholds import Thresholds

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference of rates with its interval and its upper bound alone, each with the confidence
    that was asked for; None where a side has no trials.

    `floors` names the thresholds that it passed; it matters when there are any.
    """

    totals: Totals
    difference: float | None
    low: float | None
    high: float | None
    upper: float | None
    floors: tuple[str, ...]

    @property
    def matters(self) -> bool:
        """Whether it is large enough to act on."""
        return bool(self.floors)


def effect_of(
    counts: Counts,
    thresholds: Thresholds,
    difference_min: str = "difference_min",
    ratio_min: str = "ratio_min",
) -> Effect:
    """The rise from baseline to candidate. It matters when it passes both floors, or, for failures,
    when the candidate's rate is above the largest that is taken without a known cause."""
    totals = counts.totals
    candidate, baseline = totals.candidate_rate, totals.baseline_rate
    if candidate is None or baseline is None:
        return Effect(totals, None, None, None, None, ())
    phi = float(dispersion_of(counts)[-1]) if counts.candidate_trials.size else 1.0
    low, high = newcombe(
        totals.candidate_events,
        totals.candidate_trials,
        totals.baseline_events,
        totals.baseline_trials,
        thresholds.confidence,
        dispersion=phi,
    )
    floors = _floors(candidate, baseline, thresholds, difference_min, ratio_min)
    upper = upper_bound_of_difference(
        totals.candidate_events,
        totals.candidate_trials,
        totals.baseline_events,
        totals.baseline_trials,
        thresholds.confidence,
        dispersion=phi,
    )
    return Effect(totals, candidate - baseline, low, high, upper, floors)


def _floors(
    candidate: float, baseline: float, thresholds: Thresholds, difference_min: str, ratio_min: str
) -> tuple[str, ...]:
    risen = candidate - baseline
    enough = risen >= getattr(thresholds, difference_min) - _ROUNDING
    if enough and candidate >= baseline * getattr(thresholds, ratio_min) - _ROUNDING:
        return difference_min, ratio_min
    failures = difference_min == "difference_min"
    if failures and candidate > thresholds.absolute_max and risen >= thresholds.difference_min:
        return ("absolute_max", "difference_min")
    return ()
