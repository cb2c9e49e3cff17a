"""The counts of an environment as one deployment divides them, beside deployments at fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.incident.passages import Ints, Mask, Passages
from analysis.incident.rivals import Rival
from analysis.incident.strata import Axis, Rows
from analysis.verdict.subject import Place

# Fewer minutes in which both versions served say little: each counts a factor of 8 at most.
SIDE_BY_SIDE_MINUTES_MIN = 5
# Each culprit thins out what can be compared, so the strata of more would be empty.
CULPRITS_MAX = 4
# What is set apart as noise of the roll-out may not be most of what there is.
NOISE_SHARE_MAX = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Masks over passages and places: which are the rival's, which are of its service's others.

    `calm` leaves out passages that met an instance of the service that was settling in or leaving,
    `quiet` (by minute) the minutes in which one was. `stratum` numbers the passages by the culprits
    that they met. `concurrent`: both versions served side by side for long enough. `timed` is the
    axis for what no stratum can set apart: no culprit began between two minutes that it pairs.
    """

    passages: Passages
    axis: Axis
    timed: Axis
    through: Mask
    others: Mask
    calm: Mask
    quiet: Mask
    stratum: Ints
    strata: int
    mine: Mask
    service: Mask
    caller: Ints
    concurrent: bool

    def rows(self, minute: Ints, passage: Ints) -> Rows:
        """The rows of a table by minute and stratum."""
        return Rows(minute, self.stratum[passage], self.strata)

    def by_caller(self, minute: Ints, place: Ints) -> Rows:
        """Rows by the calling service, by its version where that is a culprit's."""
        return Rows(minute, self.caller[place], max(1, len(self.passages.places)))


def view_of(
    passages: Passages, switches: Mapping[str, Mask], rival: Rival, culprits: Sequence[Rival]
) -> View:
    """How the rival divides the counts. `switches`: minutes of starts and stops, by service."""
    through = passages.passed(rival.name)
    others = passages.passed_others(rival.name) & ~through
    stratum, strata = np.zeros(len(through), np.int64), 1
    for culprit in culprits[:CULPRITS_MAX]:
        # Not through its service, through the old version, through the new one.
        met = passages.met(culprit.place)
        stratum += strata * np.where(met, 2, passages.passed_others(culprit.name)).astype(np.int64)
        strata *= 3
    axis = _axis(passages, rival, culprits)
    calm = _calm(passages, rival, through | others)
    return View(
        passages, axis, _timed(passages, axis, rival, culprits), through, others, calm,
        _quiet(switches.get(rival.place.service_name), axis),
        stratum, strata,
        np.array([_is_of(place, rival.place) for place in passages.places], np.bool_),
        np.array([_is_of_service(place, rival.place) for place in passages.places], np.bool_),
        _callers(passages, culprits),
        _serve_side_by_side(passages, axis, through & calm, others & calm),
    )  # fmt: skip


def _axis(passages: Passages, rival: Rival, culprits: Sequence[Rival]) -> Axis:
    """From the rival's start until a culprit replaced it, else until the end."""
    start = min(max(rival.start - passages.first_minute, 0), passages.minutes)
    replaced = [
        culprit.start - passages.first_minute
        for culprit in culprits
        if culprit.place.service_name == rival.place.service_name and culprit.start > rival.start
    ]
    end = min([passages.minutes, *replaced])
    return Axis(passages.minutes, start, max(start, end), 0, passages.minutes)


def _timed(passages: Passages, axis: Axis, rival: Rival, culprits: Sequence[Rival]) -> Axis:
    """Between the last culprit that began before the rival and the first that began after it."""
    starts = [(culprit.start, culprit.start - passages.first_minute) for culprit in culprits]
    before = [minute for start, minute in starts if start < rival.start]
    after = [minute for start, minute in starts if start >= rival.start]
    return replace(axis, earliest=max([0, *before]), latest=min([axis.minutes, *after]))


def _callers(passages: Passages, culprits: Sequence[Rival]) -> Ints:
    """A number for the service of each place, one for the place itself where a culprit is of it."""
    blamed = {culprit.place.service_name for culprit in culprits}
    keys = [
        place if place.service_name in blamed else place.service_name for place in passages.places
    ]
    index = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([index[key] for key in keys], np.int64)


def _calm(passages: Passages, rival: Rival, mine: Mask) -> Mask:
    """Passages without roll-out noise; all, when otherwise little would be left."""
    settled = passages.settled(rival.name)
    rows = passages.traces
    through = mine[rows.passage] & (rows.minute >= rival.start - passages.first_minute)
    noisy = int(rows.traces[through & ~settled[rows.passage]].sum())
    most = noisy > NOISE_SHARE_MAX * int(rows.traces[through].sum())
    return np.ones_like(settled) if most else settled


def _quiet(switches: Mask | None, axis: Axis) -> Mask:
    """Minutes in which no instance of the service started or stopped; all, if there are few."""
    if switches is None or switches[axis.start : axis.end].mean() > NOISE_SHARE_MAX:
        return np.ones(axis.minutes, np.bool_)
    return ~switches


def _serve_side_by_side(passages: Passages, axis: Axis, mine: Mask, others: Mask) -> bool:
    rows = passages.traces
    both = np.ones(axis.minutes, np.bool_)
    for mask in (mine, others):
        chosen = mask[rows.passage]
        served = np.bincount(rows.minute[chosen], rows.traces[chosen], minlength=axis.minutes)
        both &= served > 0
    return int(both[axis.start : axis.end].sum()) >= SIDE_BY_SIDE_MINUTES_MIN


def _is_of(place: Place, asked: Place) -> bool:
    """Whether it is the deployment; what is not known of that (as of one only marked) fits all."""
    return (
        _is_of_service(place, asked)
        and (place.service_version or "") == (asked.service_version or "")
        and asked.deployment_id in (None, place.deployment_id)
    )


def _is_of_service(place: Place, asked: Place) -> bool:
    return place.service_name == asked.service_name and asked.service_namespace in (
        None,
        place.service_namespace,
    )
