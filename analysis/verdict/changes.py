"""Changes of how much is asked, of the deployment and by it: lost traffic, and more calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.inference.e_process import RATIOS_DOWN, RATIOS_UP
from analysis.inference.multiplicity import e_bh
from analysis.verdict.counts import Counts
from analysis.verdict.evidence import Evidence
from analysis.verdict.strength import strength_of
from analysis.verdict.thresholds import Thresholds

TOWARDS_IT = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A number per request that changed, proven by e-BH; `name` is a peer, or '' for requests to
    the service itself. `log_e` is the logarithm of its e-value."""

    name: str
    log_e: float
    candidate: float
    baseline: float


def lost_traffic(evidence: Evidence, thresholds: Thresholds) -> tuple[Change, ...]:
    """Traffic of which too little is left: requests to it, and its calls per request to a peer."""
    flows = dict(evidence.calls)
    if evidence.traffic is not None:
        flows[TOWARDS_IT] = evidence.traffic
    return tuple(
        change
        for change in _proven(flows, thresholds.alpha, RATIOS_DOWN)
        if change.candidate <= thresholds.traffic_ratio_max * change.baseline
    )


def amplified_calls(evidence: Evidence, thresholds: Thresholds) -> tuple[Change, ...]:
    """Peers that it calls so much more often per request that it counts."""
    return tuple(
        change
        for change in _proven(evidence.calls, thresholds.alpha, RATIOS_UP)
        if change.candidate >= thresholds.amplification_ratio_min * change.baseline
        and change.candidate - change.baseline >= thresholds.amplification_calls_min
    )


def failing_dependencies(evidence: Evidence, thresholds: Thresholds) -> tuple[Change, ...]:
    """Peers to which more of its calls fail."""
    return tuple(
        change
        for change in _proven(evidence.failed_calls, thresholds.alpha, RATIOS_UP)
        if change.candidate - change.baseline >= thresholds.difference_min
        and change.candidate >= thresholds.ratio_min * change.baseline
    )


def _proven(
    flows: Mapping[str, Counts], alpha: float, ratios: Sequence[float]
) -> tuple[Change, ...]:
    parts = strength_of(flows, ratios).parts
    held = e_bh(list(parts.values()), alpha)
    found = []
    for (name, log_e), proven in zip(parts.items(), held, strict=True):
        totals = flows[name].totals if name in flows else None
        if not proven or totals is None:
            continue
        candidate, baseline = totals.candidate_rate, totals.baseline_rate
        if candidate is not None and baseline is not None:
            found.append(Change(name, log_e, candidate, baseline))
    return tuple(sorted(found, key=lambda change: -change.log_e))
