"""Counts per minute in strata, of which each compares like with like, and the tests of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.incident.passages import Ints, Mask
from analysis.inference.e_process import log_e_value, log_e_values
from analysis.verdict.counts import Counts
from analysis.verdict.strength import Floats, dispersion_of

Strata = tuple[Counts, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """The minutes of a window, and those from `start` to `end` (not included) that are judged.

    Of minutes that are compared with minutes before `start`, none before `earliest` is taken, and
    those from `latest` on have none to be compared with: another change lies between.
    """

    minutes: int
    start: int
    end: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Where each row of a table belongs: its minute, and its stratum out of `strata`."""

    minute: Ints
    stratum: Ints
    strata: int

    def grid(self, values: Ints, chosen: Mask, minutes: int) -> Ints:
        """Sums of the chosen rows' values, shape (strata, minutes)."""
        cells = self.stratum[chosen] * minutes + self.minute[chosen]
        sums = np.bincount(cells, weights=values[chosen], minlength=self.strata * minutes)
        return sums.astype(np.int64).reshape(self.strata, minutes)


def one_stratum(minute: Ints) -> Rows:
    """Rows that are all alike."""
    return Rows(minute, np.zeros_like(minute), 1)


def side_by_side(axis: Axis, candidate: Sequence[Ints], baseline: Sequence[Ints]) -> Strata:
    """Events and trials of both against each other in the same minutes; each (strata, minutes).

    The baseline's minutes before the first are the history.
    """
    judged = slice(axis.start, axis.end)
    grids = [grid[:, judged] for grid in (*candidate, *baseline)]
    return _strata(grids, [grid[:, : axis.start] for grid in baseline])


def after_before(axis: Axis, candidate: Sequence[Ints], baseline: Sequence[Ints]) -> Strata:
    """Each judged minute against one before the first: the nearest for the first, and so on.

    No minute before counts twice, so minutes that have no partner left prove nothing.
    """
    alone = np.ones((len(candidate[0]), axis.end - axis.start), np.bool_)
    return _paired(axis, candidate, baseline, alone)


def beside_or_before(axis: Axis, candidate: Sequence[Ints], baseline: Sequence[Ints]) -> Strata:
    """Each judged minute against the baseline's own, else against one before the first."""
    alone = baseline[1][:, axis.start : axis.end] == 0
    return _paired(axis, candidate, baseline, alone)


def log_e(strata: Strata, ratios: Sequence[float]) -> float | None:
    """The evidence of strata together; None when nothing stands against anything."""
    if not strata:
        return None
    return log_e_value(*_stacked(strata), phi=_dispersion(strata), ratios=ratios)


def looks(strata: Strata, ratios: Sequence[float]) -> Floats:
    """The same after each minute, shape (minutes,)."""
    return log_e_values(*_stacked(strata), phi=_dispersion(strata), ratios=ratios)


def _stacked(strata: Strata) -> tuple[Ints, Ints, Ints, Ints]:
    names = ("candidate_events", "candidate_trials", "baseline_events", "baseline_trials")
    k1, n1, k0, n0 = (np.stack([getattr(counts, name) for counts in strata]) for name in names)
    return k1, n1, k0, n0


def _dispersion(strata: Strata) -> Floats:
    """The mean of the strata's dispersions, by events: what differs between them is no spread."""
    each = np.stack([dispersion_of(counts) for counts in strata])
    events = [
        counts.candidate_events.sum() + counts.baseline_events.sum() + counts.history_events.sum()
        for counts in strata
    ]
    return np.average(each, axis=0, weights=np.array(events, np.float64) + 1e-9)


def _paired(axis: Axis, candidate: Sequence[Ints], baseline: Sequence[Ints], alone: Mask) -> Strata:
    """Where `alone`, of shape (strata, judged minutes), the baseline of a minute before instead."""
    # The first minute that needs one takes the nearest before the start, and so on.
    partner = axis.start - np.cumsum(alone, axis=1)
    judged = np.arange(axis.start, axis.end)
    found = alone & (partner >= axis.earliest) & (judged < axis.latest)
    rows = np.arange(len(alone))[:, None]
    paired = []
    for grid in baseline:
        beside = grid[:, axis.start : axis.end]
        before = grid[rows, np.maximum(partner, 0)] if grid.shape[1] else beside
        paired.append(np.where(found, before, np.where(alone, 0, beside)))
    grids = [grid[:, axis.start : axis.end] for grid in candidate]
    return _strata([*grids, *paired], [grid[:, : axis.start] for grid in baseline])


def _strata(grids: Sequence[Ints], history: Sequence[Ints]) -> Strata:
    """Counts of each stratum with any event, in which both sides have trials in some minute."""
    events, trials, baseline_events, baseline_trials = grids
    compared = ((trials > 0) & (baseline_trials > 0)).any(axis=1)
    told = (events.sum(axis=1) + baseline_events.sum(axis=1) + history[0].sum(axis=1)) > 0
    # Where nothing ever happens there is nothing to tell, but that both were compared is.
    kept = compared & told if (compared & told).any() else compared & (np.cumsum(compared) == 1)
    return tuple(
        Counts(*(grid[row] for grid in grids), *(grid[row] for grid in history))
        for row in np.flatnonzero(kept)
    )
