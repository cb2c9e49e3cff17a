"""How far a check is from a decision, as two bars: how much is proven, how much was seen."""

import math
from dataclasses import dataclass

from analysis.check.figures import counted, e_value, number
from analysis.check.verdict_words import minutes_text
from analysis.verdict.check import Check

_FULL, _EMPTY = "█", "░"


@dataclass(frozen=True, slots=True)
class Progress:
    """A part of a whole, 0 to 1, and what it is in words."""

    name: str
    share: float
    text: str

    def bar(self, width: int) -> str:
        """The part as blocks; it is full only when the whole is reached."""
        full = width if self.share >= 1 else min(width - 1, int(self.share * width))
        return _FULL * full + _EMPTY * (width - full)


def evidence(check: Check) -> Progress | None:
    """The e-value on its way to 1/alpha, which proves a rise; both as logarithms, as evidence adds
    up. None when there is no e-value."""
    rate = check.failure_rate
    if rate.e_value is None:
        return None
    needed = 1 / rate.alpha
    share = math.log(max(rate.e_value, 1.0)) / math.log(needed)
    text = f"e-value {e_value(rate.e_value)} of {number(round(needed))}"
    return Progress("proof of harm", min(1.0, share), text)


def sample(check: Check) -> Progress | None:
    """The requests seen on their way to as many as a decision needs; None when that is not known,
    or none are missing."""
    missing = check.needed.requests
    if missing is None:
        return None
    seen = check.deployment.requests
    text = f"{seen:,} of about {counted(seen + missing, 'request')}"
    if check.needed.minutes is not None:
        text += f", {minutes_text(check.needed.minutes)} more at this rate"
    return Progress("requests seen", seen / (seen + missing) if missing else 1.0, text)
