"""Which looks at a deployment have to be judged to know what every look would have said.

A judgement takes milliseconds, and an hour of two hundred deployments has twelve thousand looks. A
verdict accuses only where evidence of harm has grown, and how far it has is known for all looks at
once: there every look is judged until one is held, and then those that may fire until one does.
Elsewhere every tenth look is, and where two of these differ the change between them is searched for
by halves.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt

from analysis.verdict.check import Verdict
from analysis.verdict.counts import Counts
from analysis.verdict.evidence import Evidence
from analysis.verdict.strength import combined_log_e, own_log_e
from analysis.verdict.thresholds import Thresholds

FIRED = (Verdict.ROLL_BACK, Verdict.FIX_FORWARD)
LOOKS_BETWEEN = 10
_NEAR = 2.0


def harm_log_e(evidence: Evidence) -> npt.NDArray[np.float64]:
    """The strongest of all evidence of harm after each minute, in logs, shape (minutes,)."""
    single = [evidence.slow, evidence.earlier, *evidence.client_errors.values()]
    alone = [_alone(evidence, counts) for counts in single if counts is not None]
    return np.asarray(np.max([combined_log_e(evidence), *alone], axis=0), np.float64)


def growing(harm: npt.NDArray[np.float64], thresholds: Thresholds) -> npt.NDArray[np.bool_]:
    """Where evidence of harm has grown, shape (minutes,): elsewhere no verdict accuses by counts,
    except of a large failure rate that nothing can be compared with."""
    return np.asarray(harm >= log(thresholds.hold_e_value))


def fireable(harm: npt.NDArray[np.float64], thresholds: Thresholds) -> npt.NDArray[np.bool_]:
    """Where it is near what proves harm, shape (minutes,): elsewhere no verdict fires. Claims weigh
    their evidence a little otherwise than it is taken together here."""
    return np.asarray(harm >= log(1 / thresholds.alpha) - log(_NEAR))


def slow_looks(evidence: Evidence, thresholds: Thresholds) -> npt.NDArray[np.bool_]:
    """Where evidence of slowness has grown, so that quantiles of durations are asked about."""
    if evidence.slow is None:
        return np.zeros(evidence.minutes, np.bool_)
    return np.asarray(_alone(evidence, evidence.slow) >= log(thresholds.hold_e_value))


def changes(
    minutes: int,
    growing: npt.NDArray[np.bool_],
    fireable: npt.NDArray[np.bool_],
    verdict_at: Callable[[int], Verdict],
) -> list[int]:
    """The looks, from 1, at which the verdict is another one than at the look before.

    `verdict_at(minutes)` is asked for as few looks as the module says. Of two changes that
    lie within ten minutes of each other one may be missed, but not the first that holds or fires
    where evidence of harm has grown.
    """
    judged = dict[int, Verdict]()
    for look in (1, *range(LOOKS_BETWEEN, minutes, LOOKS_BETWEEN), minutes):
        judged[look] = verdict_at(look)
    held = False
    for index in np.flatnonzero(growing):
        look = int(index) + 1
        if held and not fireable[index]:
            continue
        if look not in judged:
            judged[look] = verdict_at(look)
        if judged[look] in FIRED:
            break
        held = held or judged[look] is Verdict.HOLD
    found = [1]
    order = sorted(judged)
    for before, after in pairwise(order):
        if judged[before] is not judged[after]:
            found.append(_first_after(before, after, judged[before], verdict_at))
    return found


def _first_after(
    before: int, after: int, verdict: Verdict, verdict_at: Callable[[int], Verdict]
) -> int:
    """The look behind which the verdict is no longer this one, searched for by halves."""
    while after - before > 1:
        middle = (before + after) // 2
        if verdict_at(middle) is verdict:
            before = middle
        else:
            after = middle
    return after


def _alone(evidence: Evidence, counts: Counts) -> npt.NDArray[np.float64]:
    """The e-process of these counts alone, in logs."""
    return own_log_e(replace(evidence, own={"": counts}))
