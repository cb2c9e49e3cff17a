"""How much of the failing traces each deployment at fault explains, and what is left over."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from analysis.incident.gathering import Gathered
from analysis.incident.incident import Unexplained
from analysis.incident.passages import Mask, Passages
from analysis.incident.rivals import Rival
from analysis.verdict.check import Origin

# Below this share of the excess, what is left is not worth looking into.
UNEXPLAINED_MIN = 0.1
_ORIGINS_MAX = 5

OriginKey = tuple[str, str | None, str, str | None]


def shares_of(
    found: Gathered, culprits: Sequence[Rival]
) -> tuple[dict[Rival, float], float | None]:
    """The share of each culprit, and what is left; nothing and None when no more fail than usual.

    Of the failing traces of the window, those above the usual rate count: that of the minutes
    before the first deployment. A trace that met two culprits counts for the stronger.
    """
    passages = found.passages
    window = passages.traces.minute >= found.since - passages.first_minute
    usual = usual_rate(found)
    every = np.ones(len(passages.through), np.bool_)
    total = _excess(passages, window, every, usual)
    if total < 1:
        return {}, None
    shares: dict[Rival, float] = {}
    left = every
    for culprit in culprits:
        met = passages.met(culprit.place) & left
        since = window & (passages.traces.minute >= culprit.start - passages.first_minute)
        # Its traces may be of a kind that usually fails more or less than the rest.
        old = passages.passed_others(culprit.name)
        own_usual = _rate(passages, old[passages.traces.passage])
        excess = _excess(passages, since, met, usual if own_usual is None else own_usual)
        shares[culprit] = round(min(excess / total, 1 - sum(shares.values())), 4)
        left &= ~met
    return shares, round(max(0.0, 1 - sum(shares.values())), 4)


def usual_rate(found: Gathered) -> float:
    """The share of traces that fail before the first deployment, else before the window."""
    passages = found.passages
    first = min([found.since, *(rival.start for rival in found.rivals)])
    before = _rate(passages, passages.traces.minute < first - passages.first_minute)
    if before is None:
        before = _rate(passages, passages.traces.minute < found.since - passages.first_minute)
    return before or 0.0


def unexplained_of(found: Gathered, culprits: Sequence[Rival], share: float | None) -> Unexplained:
    """Where failures start that no culprit explains; none when all but a little is explained."""
    if culprits and (share is None or share < UNEXPLAINED_MIN):
        return Unexplained(share, ())
    at_fault = {(one.place.service_name, one.place.service_version) for one in culprits}
    silent = {one.place.service_name for one in culprits}
    behind = dict(zip(found.passages.peers, found.passages.peer_services, strict=True))
    counted: dict[OriginKey, Counter[tuple[str, bool]]] = {}
    for row in found.origins.to_pylist():
        explained = (row["origin_service"], row["origin_version"]) in at_fault
        if explained or (row["unanswered"] and behind.get(row["peer"]) in silent):
            continue
        key = (
            row["origin_service"],
            row["origin_version"],
            row["origin_name"],
            row["exception_type"] or row["error"],
        )
        failing = (row["service_name"], row["minute"] >= found.since)
        counted.setdefault(key, Counter())[failing] += row["failures"]
    return Unexplained(share, _largest(found, counted))


def _largest(
    found: Gathered, counted: dict[OriginKey, "Counter[tuple[str, bool]]"]
) -> tuple[Origin, ...]:
    """Those that fail more than before the window. A failure shows in every service above it, so
    the one in which it shows most tells how many there are."""
    before_minutes = max(1, found.since - found.passages.first_minute)
    scale = max(1, found.until - found.since) / before_minutes
    risen = []
    for key, failing in counted.items():
        now = max((n for (_service, inside), n in failing.items() if inside), default=0)
        usual = max((n for (_service, inside), n in failing.items() if not inside), default=0)
        if now > usual * scale:
            risen.append((now - usual * scale, now, key))
    risen.sort(key=lambda one: (-one[0], str(one[2])))
    total = sum(now for _rise, now, _key in risen)
    return tuple(
        Origin(service, version, span_name, error, round(now / total, 4), now)
        for _rise, now, (service, version, span_name, error) in risen[:_ORIGINS_MAX]
    )


def _excess(passages: Passages, rows: Mask, chosen: Mask, usual: float) -> float:
    table = passages.traces
    kept = rows & chosen[table.passage]
    return max(0.0, float(table.failed[kept].sum() - usual * table.traces[kept].sum()))


def _rate(passages: Passages, rows: Mask) -> float | None:
    traces = int(passages.traces.traces[rows].sum())
    return int(passages.traces.failed[rows].sum()) / traces if traces else None
