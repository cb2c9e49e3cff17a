"""Numbers and names as a verdict writes them. Names from spans are made safe."""

import math

from analysis.safe_text import shortened, shown
from analysis.verdict.effect import Effect

_NAME_LENGTH_MAX = 80


def percent(rate: float | None) -> str:
    """A share as a percentage with two significant digits: `0.52 %`."""
    if rate is None:
        return "unknown"
    value = 100 * rate
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.2g} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points: `+4.6`."""
    value = 100 * difference
    return f"{value:+.0f}" if abs(value) >= 9.95 else f"{value:+.2g}"


def name(text: str | None) -> str:
    """A name from a span, safe and not too long."""
    return shortened(shown(text or "unknown"), _NAME_LENGTH_MAX)


def deployed(service: str, version: str | None) -> str:
    """SERVICE@VERSION."""
    return f"{name(service)}@{name(version) if version else ''}"


def rates(effect: Effect, confidence: float) -> str:
    """`from 0.5 % to 5.1 % (+4.6 points; 95 % sure: +3.9 to +5.4)`."""
    totals = effect.totals
    text = f"from {percent(totals.baseline_rate)} to {percent(totals.candidate_rate)}"
    if effect.difference is None or effect.low is None or effect.high is None:
        return text
    sure = f"{100 * confidence:g} % sure: {points(effect.low)} to {points(effect.high)}"
    return f"{text} ({points(effect.difference)} points; {sure})"


def e_value(log_e: float) -> str:
    """An e-value: `230`, `1e12`."""
    if log_e > 600:
        return "over 1e260"
    value = math.exp(log_e)
    return f"{value:,.0f}" if value < 1e6 else short_power(value)


def short_power(value: float) -> str:
    """A large number as one digit and its power of ten: `3e12`."""
    digits, _, power = f"{value:.0e}".partition("e+")
    return f"{digits}e{int(power)}"
