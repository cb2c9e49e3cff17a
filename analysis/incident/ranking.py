"""Rivals explain each other away: the strongest is taken, and what is left of the others asked."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analysis.incident.accusation import Accusation
from analysis.incident.rivals import Rival
from analysis.verdict.check import Kinds
from analysis.verdict.strength import combined

Accuse = Callable[[Rival, Sequence[Rival]], Accusation]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """How a rival stands once the others have been heard.

    `alone` is the evidence as if there were no others, `log_e` what is left beside the culprits,
    both as logarithms of e-values. `culprit`: it is at fault. `explained_by`: the culprit without
    which it would have been suspect.
    """

    rival: Rival
    alone: float
    log_e: float
    kinds: Kinds
    accusation: Accusation
    culprit: bool
    explained_by: Rival | None = None


def ranking(rivals: Sequence[Rival], accuse: Accuse, e_value_min: float) -> tuple[Standing, ...]:
    """The rivals, those at fault first, each group by what is left of its evidence.

    One is at fault when what is left of its evidence beside the other culprits reaches
    `e_value_min`. The strongest comes first; once all are found each is asked again beside the
    others, for the first may have owed its evidence to a later one.
    """
    least = math.log(e_value_min)
    alone = {rival: accuse(rival, ()) for rival in rivals}
    culprits = _culprits(rivals, accuse, least, alone)
    found = []
    for rival in rivals:
        others = [other for other in culprits if other != rival]
        accusation = accuse(rival, others) if others else alone[rival]
        kinds = accusation.kinds
        left, first = combined(kinds), combined(alone[rival].kinds)
        explained = rival not in culprits and first >= least
        found.append(
            Standing(
                rival,
                first,
                left,
                kinds,
                accusation,
                rival in culprits,
                _explaining(rival, others, accuse) if explained else None,
            )
        )
    order = sorted(found, key=lambda s: (not s.culprit, -s.log_e, -s.rival.start, s.rival.name))
    return tuple(order)


def _culprits(
    rivals: Sequence[Rival], accuse: Accuse, least: float, alone: Mapping[Rival, Accusation]
) -> list[Rival]:
    """Those at fault, the strongest first, each of which stands up beside the others."""
    culprits: list[Rival] = []
    left = {rival: combined(alone[rival].kinds) for rival in rivals}
    first = dict(left)
    while left:
        strongest = max(left, key=lambda rival: left[rival])
        if left[strongest] < least:
            break
        culprits.append(strongest)
        rest = [rival for rival in left if rival != strongest]
        left = {rival: combined(accuse(rival, culprits).kinds) for rival in rest}
    culprits = _standing_up(culprits, accuse, least)
    suspects = [rival for rival in rivals if rival not in culprits and first[rival] >= least]
    for place, culprit in enumerate(culprits):
        culprits[place] = _better(culprit, suspects, culprits, accuse, least)
    return _standing_up(culprits, accuse, least)


def _standing_up(culprits: Sequence[Rival], accuse: Accuse, least: float) -> list[Rival]:
    """Without those of whom little is left beside the others, the weakest taken out first."""
    kept = list(dict.fromkeys(culprits))
    while len(kept) > 1:
        left = {one: _left(one, [other for other in kept if other != one], accuse) for one in kept}
        weakest = min(kept, key=lambda one: left[one])
        if left[weakest] >= least:
            break
        kept.remove(weakest)
    return kept


def _better(
    culprit: Rival,
    suspects: Sequence[Rival],
    culprits: Sequence[Rival],
    accuse: Accuse,
    least: float,
) -> Rival:
    """A suspect that stands up beside the culprit, when the culprit does not beside it; else it."""
    others = [other for other in culprits if other != culprit]
    for suspect in suspects:
        mine = _left(culprit, [*others, suspect], accuse)
        if mine < least <= _left(suspect, [*others, culprit], accuse):
            return suspect
    return culprit


def _left(rival: Rival, culprits: Sequence[Rival], accuse: Accuse) -> float:
    return combined(accuse(rival, culprits).kinds)


def _explaining(rival: Rival, culprits: Sequence[Rival], accuse: Accuse) -> Rival | None:
    """The culprit that takes most of the evidence away."""
    return min(culprits, key=lambda culprit: combined(accuse(rival, [culprit]).kinds), default=None)
