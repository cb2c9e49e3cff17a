"""Why a deployment stands accused, or does not: sentences with their numbers."""

import math
from collections.abc import Sequence

import numpy as np

from analysis.incident.accusation import Accusation
from analysis.incident.ranking import Standing
from analysis.incident.rivals import Rival
from analysis.incident.strata import Strata, log_e, looks
from analysis.inference.e_process import RATIOS_DOWN, RATIOS_UP
from analysis.verdict.check import Check, Kinds, Verdict
from analysis.verdict.figures import deployed, e_value, name, percent
from analysis.verdict.thresholds import Thresholds

KINDS = ("own", "unanswered", "participation", "traffic")
_MOST = 3


def strongest_kind(kinds: Kinds) -> str | None:
    """The kind with most evidence, None when none says anything."""
    known = {kind: getattr(kinds, kind) for kind in KINDS if getattr(kinds, kind) is not None}
    best = max(known, key=lambda kind: known[kind], default=None)
    return best if best is not None and known[best] > 0 else None


def reasons_of(standing: Standing, verdict: Verdict, check: Check | None) -> tuple[str, ...]:
    """The strongest first."""
    said = () if check is None else check.reasons
    if standing.culprit:
        spoke = [kind for kind in KINDS if (getattr(standing.kinds, kind) or 0.0) > 1]
        spoke.sort(key=lambda kind: -(getattr(standing.kinds, kind) or 0.0))
        told = [sentence(standing.accusation, kind) for kind in spoke[: _MOST - 1]]
        if standing.confounded_with is not None:
            return (_either(standing.confounded_with), *told)
        return (*told, _evidence(standing))
    if standing.confounded_with is not None:
        return (_either(standing.confounded_with),)
    if standing.explained_by is not None:
        return (_explained(standing, standing.explained_by),)
    if check is not None and verdict in (Verdict.ROLL_BACK, Verdict.FIX_FORWARD, Verdict.HOLD):
        return said
    evidence = e_value(standing.log_e)
    return (f"What speaks against it is no more than chance brings (evidence {evidence}).",)


def sentence(accusation: Accusation, kind: str) -> str:
    """One kind of evidence in words."""
    if kind == "traffic":
        return _dried_up(accusation)
    now, usual = rates_of(getattr(accusation, kind))
    rose = f"{percent(now)}, against {percent(usual)}"
    if kind == "own":
        return f"Failures that start in it: {rose} of its requests{_beside(accusation)}."
    if kind == "unanswered":
        return f"Calls to it that fail and reach nothing that answers: {rose} before."
    return (
        f"Traces that pass through it fail more, wherever the failure shows: {rose}"
        f"{_beside(accusation)}."
    )


def rates_of(strata: Strata) -> tuple[float | None, float | None]:
    """Events per trial of the candidate, and of the baseline had it had the candidate's strata."""
    events = trials = expected = 0.0
    for counts in strata:
        totals = counts.totals
        events += totals.candidate_events
        trials += totals.candidate_trials
        expected += (totals.baseline_rate or 0.0) * totals.candidate_trials
    return (events / trials, expected / trials) if trials else (None, None)


def matters(accusation: Accusation, kind: str, thresholds: Thresholds) -> bool:
    """Whether a kind of evidence tells of a change that is large enough to act on."""
    if kind == "traffic":
        worst = worst_part(accusation)
        now, usual = (None, None) if worst is None else rates_of(accusation.traffic[worst])
        if now is None or usual is None:
            return False
        return now <= usual * thresholds.traffic_ratio_max
    now, usual = rates_of(getattr(accusation, kind))
    if now is None or usual is None:
        return False
    return now - usual >= thresholds.difference_min and now >= thresholds.ratio_min * usual


def first_evidence(standing: Standing) -> int | None:
    """From which of its minutes on the evidence of its strongest kind was never lost again."""
    kind = strongest_kind(standing.kinds)
    if kind is None or not standing.culprit:
        return None
    strata, ratios = _strata(standing.accusation, kind)
    if not strata:
        return None
    without = np.flatnonzero(looks(strata, ratios) <= 0)
    return int(without[-1]) + 1 if without.size else 0


def _strata(accusation: Accusation, kind: str) -> tuple[Strata, Sequence[float]]:
    if kind != "traffic":
        return getattr(accusation, kind), RATIOS_UP
    worst = worst_part(accusation)
    return (accusation.traffic[worst] if worst else ()), RATIOS_DOWN


def worst_part(accusation: Accusation) -> str | None:
    """The part of the traffic that speaks most against it; None without any."""
    known = {part: log_e(strata, RATIOS_DOWN) for part, strata in accusation.traffic.items()}
    return max(
        (part for part, value in known.items() if value is not None),
        key=lambda part: known[part] or 0.0,
        default=None,
    )


def _dried_up(accusation: Accusation) -> str:
    worst = worst_part(accusation)
    if worst is None:
        return "Traffic dried up."
    now, usual = rates_of(accusation.traffic[worst])
    left = now / usual if now is not None and usual else None
    return f"Traffic dried up: {name(worst)} fell to {percent(left)} of what is usual."


def _beside(accusation: Accusation) -> str:
    return " beside it" if accusation.concurrent else " before"


def _evidence(standing: Standing) -> str:
    if standing.log_e < math.log(2):
        return f"Evidence {e_value(standing.log_e)}."
    return (
        f"Evidence {e_value(standing.log_e)}: a harmless deployment reaches that at most once in"
        f" {e_value(min(standing.log_e, math.log(1e9)))} times, however often one looks."
    )


def _either(other: Rival) -> str:
    place = other.place
    return (
        f"It or {deployed(place.service_name, place.service_version)}: the same traces met both,"
        " and beside either little is left against the other."
    )


def _explained(standing: Standing, culprit: Rival) -> str:
    place = culprit.place
    return (
        f"Explained by {deployed(place.service_name, place.service_version)}: beside it the"
        f" evidence falls from {e_value(standing.alone)} to {e_value(standing.log_e)}."
    )
