"""How many spans a sampled span stands for.

Source: OpenTelemetry specification, `tracestate-handling.md` and
`tracestate-probability-sampling.md`: `ot=th:` is a 56-bit rejection threshold T, R is `rv` or else
the last 56 bits of the trace id, a span is sampled if R >= T, and its adjusted count is 2^56 /
(2^56 - T).
"""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from receiver.flatten.columns import CodedColumn

_OT_MEMBER = re.compile(r"(?:^|,)[ \t]*ot=([^,]*)")
_THRESHOLD = re.compile(r"(?:^|;)th:([0-9a-f]{1,14})(?:;|$)")
_RANDOMNESS = re.compile(r"(?:^|;)rv:([0-9a-f]{14})(?:;|$)")
_LEGACY = re.compile(r"(?:^|;)p:([0-9]{1,2})(?:;|$)")
_FULL = 1 << 56
_RATE_DIGITS_MAX = 15  # no sampler keeps one in more than that


def adjusted_count(trace_state: str) -> float | None:
    """Spans this one stands for, or None if the sender did not say.

    `th` is the current form; `p` is the older power of two, where 63 means zero.
    """
    member = _OT_MEMBER.search(trace_state)
    if member is None:
        return None
    threshold = _stated(_THRESHOLD, trace_state)
    if threshold is not None:
        return _FULL / (_FULL - threshold)
    if found := _LEGACY.search(member[1]):
        exponent = int(found[1])
        return 0.0 if exponent == 63 else float(2**exponent) if exponent < 63 else None
    return None


def adjusted_counts(
    trace_state: CodedColumn, trace_id_low: npt.NDArray[np.uint64], sample_rate: CodedColumn
) -> npt.NDArray[np.float64]:
    """The adjusted count of every span, NaN where nobody said.

    From the trace state, unless its threshold contradicts the span's randomness (the span could not
    have been sampled); else from the `SampleRate` attribute, an integer N for 1 in N.
    `trace_id_low` is the last 8 bytes of the trace id.
    """
    counts = _numbers(trace_state, adjusted_count)
    contradicted = _randomness(trace_state, trace_id_low) < _thresholds(trace_state)
    rates = _numbers(sample_rate, _rate)
    return np.where(np.isnan(counts) | contradicted, rates, counts)


def _numbers(
    column: CodedColumn, function: Callable[[str], float | None]
) -> npt.NDArray[np.float64]:
    """The function of every value, NaN where it or the value is unknown."""
    numbers = [None if value is None else function(value) for value in column.values]
    return np.array([*numbers, None], dtype=np.float64)[column.codes]


def _thresholds(trace_state: CodedColumn) -> npt.NDArray[np.uint64]:
    values = [_stated(_THRESHOLD, value) or 0 for value in trace_state.values]
    return np.array([*values, 0], dtype=np.uint64)[trace_state.codes]


def _randomness(
    trace_state: CodedColumn, trace_id_low: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    """What the sender says, else the last 56 bits of the trace id."""
    stated = [_stated(_RANDOMNESS, value) for value in trace_state.values]
    is_stated = np.array([*(value is not None for value in stated), False])[trace_state.codes]
    values = np.array([*(value or 0 for value in stated), 0], dtype=np.uint64)[trace_state.codes]
    return np.where(is_stated, values, trace_id_low & np.uint64(_FULL - 1))


def _stated(pattern: re.Pattern[str], trace_state: str | None) -> int | None:
    """A number of up to 14 hex digits in the `ot` member, padded with zeros on the right."""
    member = _OT_MEMBER.search(trace_state or "")
    found = pattern.search(member[1]) if member else None
    return int(found[1].ljust(14, "0"), 16) if found else None


def _rate(text: str) -> float | None:
    if not (text.isascii() and text.isdigit() and len(text) <= _RATE_DIGITS_MAX):
        return None
    return float(text) if int(text) > 0 else None
