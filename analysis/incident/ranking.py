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
    which it would have been suspect. `confounded_with`: the one it cannot be told from, for little
    is left of either beside the other; one of the two is a culprit.
    """

    rival: Rival
    alone: float
    log_e: float
    kinds: Kinds
    accusation: Accusation
    culprit: bool
    explained_by: Rival | None = None
    confounded_with: Rival | None = None


def ranking(rivals: Sequence[Rival], accuse: Accuse, e_value_min: float) -> tuple[Standing, ...]:
    """The rivals, those at fault first, then those that cannot be told from one at fault, each
    group by what is left of its evidence.

    One is at fault when what is left of its evidence beside the other culprits reaches
    `e_value_min`. The strongest comes first; once all are found each is asked again beside the
    others, for the first may have owed its evidence to a later one.
    """
    least = math.log(e_value_min)
    alone = {rival: accuse(rival, ()) for rival in rivals}
    culprits = _culprits(rivals, accuse, least, alone)
    confounded = _confounded(culprits, _suspects(alone, culprits, least), accuse, least)
    found = []
    for rival in rivals:
        others = [other for other in culprits if other != rival]
        accusation = accuse(rival, others) if others else alone[rival]
        kinds = accusation.kinds
        left, first = combined(kinds), combined(alone[rival].kinds)
        twin = confounded.get(rival)
        explained = rival not in culprits and first >= least and twin is None
        found.append(
            Standing(
                rival,
                first,
                left,
                kinds,
                accusation,
                rival in culprits,
                _explaining(rival, others, accuse) if explained else None,
                twin,
            )
        )
    return tuple(sorted(found, key=_rank))


def _rank(standing: Standing) -> tuple[int, float, int, str]:
    told_apart = standing.confounded_with is None
    group = int(not told_apart) if standing.culprit else 2 + told_apart
    return group, -standing.log_e, -standing.rival.start, standing.rival.name


def _culprits(
    rivals: Sequence[Rival], accuse: Accuse, least: float, alone: Mapping[Rival, Accusation]
) -> list[Rival]:
    """Those at fault, the strongest first, each of which stands up beside the others."""
    culprits: list[Rival] = []
    left = {rival: combined(alone[rival].kinds) for rival in rivals}
    while left:
        strongest = max(left, key=lambda rival: left[rival])
        if left[strongest] < least:
            break
        culprits.append(strongest)
        rest = [rival for rival in left if rival != strongest]
        left = {rival: combined(accuse(rival, culprits).kinds) for rival in rest}
    culprits = _standing_up(culprits, accuse, least)
    suspects = _suspects(alone, culprits, least)
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


def _suspects(
    alone: Mapping[Rival, Accusation], culprits: Sequence[Rival], least: float
) -> list[Rival]:
    """Those who would be at fault if there were no others."""
    known = {rival: combined(accusation.kinds) for rival, accusation in alone.items()}
    return [rival for rival in alone if rival not in culprits and known[rival] >= least]


def _better(
    culprit: Rival,
    suspects: Sequence[Rival],
    culprits: Sequence[Rival],
    accuse: Accuse,
    least: float,
) -> Rival:
    """The suspect of whom most is left beside the culprit, when the culprit does not stand up
    beside it and less than half as much is left of it; else the culprit."""
    others = [other for other in culprits if other != culprit]
    best, most = culprit, -math.inf
    for suspect in suspects:
        mine = _left(culprit, [*others, suspect], accuse)
        theirs = _left(suspect, [*others, culprit], accuse)
        if mine < least and theirs > max(mine + math.log(2), most):
            best, most = suspect, theirs
    return best


def _confounded(
    culprits: Sequence[Rival], suspects: Sequence[Rival], accuse: Accuse, least: float
) -> dict[Rival, Rival]:
    """The culprits that do not stand up beside a suspect, with the suspect of whom most is left,
    and the other way round."""
    found: dict[Rival, Rival] = {}
    for culprit in culprits:
        others = [other for other in culprits if other != culprit]
        twins = [
            suspect
            for suspect in suspects
            if suspect not in found and _left(culprit, [*others, suspect], accuse) < least
        ]
        if twins:
            twin = max(twins, key=lambda one: _left(one, [*others, culprit], accuse))
            found |= {culprit: twin, twin: culprit}
    return found


def _left(rival: Rival, culprits: Sequence[Rival], accuse: Accuse) -> float:
    return combined(accuse(rival, culprits).kinds)


def _explaining(rival: Rival, culprits: Sequence[Rival], accuse: Accuse) -> Rival | None:
    """The culprit that takes most of the evidence away."""
    return min(culprits, key=lambda culprit: combined(accuse(rival, [culprit]).kinds), default=None)
