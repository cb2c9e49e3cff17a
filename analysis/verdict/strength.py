"""How strongly each kind of evidence speaks against a deployment, as logarithms of e-values.

Four kinds, each an e-process of its own, are averaged into one, which is an e-value again: failures
of its own, calls to it that nothing answered, failing traces that passed through it, and traffic
that dried up. WEIGHTS says what each counts for. Within a kind a mean over parts (endpoints, peers)
stands beside the whole, because one endpoint of twenty hardly moves the whole. Averages of e-values
hold under any dependence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.inference.dispersion import block_dispersions, dispersions, step_dispersions
from analysis.inference.e_process import (
    RATIOS_DOWN,
    RATIOS_UP,
    log_e_value,
    log_e_values,
    log_mean,
    log_means,
)
from analysis.verdict.check import Kinds
from analysis.verdict.counts import Counts, added
from analysis.verdict.evidence import Evidence

Floats = npt.NDArray[np.float64]

# What each kind counts for in their mean. Own failures and failing traces are where nearly all
# evidence is; the more another kind weighs, the later these two prove anything.
WEIGHTS = {"own": 0.5, "participation": 0.3, "unanswered": 0.1, "traffic": 0.1}
# Parts that are counted one by one: the rest of them are one part.
PARTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Strength:
    """The evidence of one kind as of the last minute: the whole, and each of its parts."""

    log_e: float
    whole: float
    parts: Mapping[str, float]


def dispersion_of(counts: Counts) -> Floats:
    """Dispersion as known after each minute, at least 1, shape (minutes,).

    The greatest of: that of the service before the candidate and of the baseline so far; the same
    in blocks of minutes, for troubles that last; and that of the candidate's own minutes, whose
    steps are looked at so that a lasting rise is no dispersion.
    """
    others = dispersions(
        counts.baseline_events,
        counts.baseline_trials,
        history_k=counts.history_events,
        history_n=counts.history_trials,
    )
    lasting = block_dispersions(
        counts.baseline_events,
        counts.baseline_trials,
        history_k=counts.history_events,
        history_n=counts.history_trials,
    )
    own = step_dispersions(counts.candidate_events, counts.candidate_trials)
    return np.maximum(np.maximum(others, lasting), own)


def strata_log_e(strata: Sequence[Counts]) -> float:
    """The evidence of counts that are compared each with itself, as of the last minute."""
    return _last(strata, RATIOS_UP)


def strength_of(parts: Mapping[str, Counts], ratios: Sequence[float] = RATIOS_UP) -> Strength:
    """The evidence of a kind that has parts; of none, nothing is proven."""
    several = _bounded(parts)
    if not several:
        return Strength(0.0, 0.0, {})
    whole = _last(list(several.values()), ratios)
    if len(several) == 1:
        return Strength(whole, whole, dict.fromkeys(several, whole))
    each = {name: _last([counts], ratios) for name, counts in several.items()}
    return Strength(log_mean([whole, log_mean(list(each.values()))]), whole, each)


def own_log_e(evidence: Evidence) -> Floats:
    """Evidence of failures of its own after each minute, shape (minutes,)."""
    return _looks_of_parts(evidence.own, evidence.minutes, RATIOS_UP)


def unanswered_log_e(evidence: Evidence) -> Floats | None:
    """Evidence of calls to it that nothing answered; None if no calls to it are known.

    Where the callers' other peers answer less as well, the network may be the cause: only what is
    worse than with them counts.
    """
    left = unanswered_left(evidence)
    return None if left is None else _looks([left], RATIOS_UP)


def unanswered_left(evidence: Evidence) -> Counts | None:
    """Unanswered calls to the service that the callers' other peers do not explain."""
    if evidence.unanswered is None or evidence.unanswered_others is None:
        return evidence.unanswered
    return _against(evidence.unanswered, evidence.unanswered_others)


def participation_log_e(evidence: Evidence) -> Floats | None:
    """Evidence that traces fail because they passed through it; None without a baseline's traces.

    Compared only among traces that met the same versions of the other services.
    """
    strata = list(evidence.participation)
    return _looks(strata, RATIOS_UP) if strata else None


def traffic_log_e(evidence: Evidence) -> Floats | None:
    """Evidence of traffic that dried up, towards it or downstream of it; None without any."""
    kinds = [] if evidence.traffic is None else [_looks([evidence.traffic], RATIOS_DOWN)]
    if evidence.calls:
        kinds.append(_looks_of_parts(evidence.calls, evidence.minutes, RATIOS_DOWN))
    return log_means(np.stack(kinds)) if kinds else None


def combined_log_e(evidence: Evidence) -> Floats:
    """The weighted mean of the e-values of the kinds that could be counted, after each minute."""
    kinds = {
        "own": own_log_e(evidence),
        "unanswered": unanswered_log_e(evidence),
        "participation": participation_log_e(evidence),
        "traffic": traffic_log_e(evidence),
    }
    known = {name: kind for name, kind in kinds.items() if kind is not None}
    return _weighted(np.stack(list(known.values())), [WEIGHTS[name] for name in known])


def kinds_of(evidence: Evidence) -> Kinds:
    """All four kinds as of the last minute."""
    own = strength_of(evidence.own).log_e if evidence.has_baseline else None
    participation = traffic = None
    left = unanswered_left(evidence)
    unanswered = None if left is None else _last([left], RATIOS_UP)
    if evidence.participation and not _is_noise(evidence):
        participation = _last(list(evidence.participation), RATIOS_UP)
    falls = [] if evidence.traffic is None else [_last([evidence.traffic], RATIOS_DOWN)]
    if evidence.calls:
        falls.append(strength_of(evidence.calls, RATIOS_DOWN).log_e)
    if falls:
        traffic = log_mean(falls)
    return Kinds(own, unanswered, participation, traffic)


def _is_noise(evidence: Evidence) -> bool:
    """Whether most failing traces are roll-out noise, which cannot be taken out of them."""
    noise, traces = evidence.noise, evidence.participation_all
    if noise is None or traces is None:
        return False
    return 2 * noise.totals.candidate_events > traces.totals.candidate_events > 0


def combined(kinds: Kinds, without: tuple[str, ...] = ()) -> float:
    """The weighted mean of the e-values of the kinds that are known, in logs; 0 of none."""
    values = {name: getattr(kinds, name) for name in WEIGHTS if name not in without}
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return 0.0
    logs = np.asarray(list(known.values()), np.float64)
    return float(_weighted(logs, [WEIGHTS[name] for name in known]))


def _weighted(log_e: Floats, weights: Sequence[float]) -> Floats:
    """The logarithm of the mean of e-values along the first axis, weighted."""
    shares = np.log(np.asarray(weights) / sum(weights)).reshape(-1, *(1,) * (log_e.ndim - 1))
    scaled = log_e + shares
    return np.asarray(log_means(scaled) + np.log(len(weights)), np.float64)


def _against(own: Counts, others: Counts) -> Counts:
    """Unanswered calls to the service, without those that it would have if it did as its callers'
    other peers do: as many more per call as these have against before."""
    now = others.totals.candidate_rate or 0.0
    before = others.totals.baseline_rate or 0.0
    expected = np.ceil(max(0.0, now - before) * own.candidate_trials)
    left = np.maximum(own.candidate_events - expected, 0).astype(np.int64)
    return replace(own, candidate_events=left)


def _looks_of_parts(parts: Mapping[str, Counts], minutes: int, ratios: Sequence[float]) -> Floats:
    several = _bounded(parts)
    if not several:
        return np.zeros(minutes)
    whole = _looks(list(several.values()), ratios)
    if len(several) == 1:
        return whole
    each = np.stack([_looks([counts], ratios) for counts in several.values()])
    return log_means(np.stack([whole, log_means(each)]))


def _bounded(parts: Mapping[str, Counts]) -> dict[str, Counts]:
    """The busiest parts, and the rest of them as one."""
    if len(parts) <= PARTS_MAX:
        return dict(parts)
    order = sorted(parts, key=lambda name: -int(parts[name].baseline_trials.sum()))
    kept = {name: parts[name] for name in order[:PARTS_MAX]}
    rest = [parts[name] for name in order[PARTS_MAX:]]
    return kept | {"(other)": added(rest, len(rest[0].candidate_trials))}


def _looks(strata: Sequence[Counts], ratios: Sequence[float]) -> Floats:
    arrays = _stacked(strata)
    phi = dispersion_of(added(strata, arrays[0].shape[-1]))
    return log_e_values(*arrays, phi=phi, ratios=ratios)


def _last(strata: Sequence[Counts], ratios: Sequence[float]) -> float:
    arrays = _stacked(strata)
    if not arrays[0].any() and not arrays[2].any():
        return 0.0  # without an event nothing speaks for either side
    phi = dispersion_of(added(strata, arrays[0].shape[-1]))
    return log_e_value(*arrays, phi=phi if phi.size else 1.0, ratios=ratios)


def _stacked(strata: Sequence[Counts]) -> tuple[Floats, Floats, Floats, Floats]:
    names = ("candidate_events", "candidate_trials", "baseline_events", "baseline_trials")
    first, second, third, fourth = (
        np.stack([getattr(counts, name) for counts in strata]).astype(np.float64) for name in names
    )
    return first, second, third, fourth
