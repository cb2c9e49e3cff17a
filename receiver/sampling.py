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

from receiver.columns import CodedColumn

_OT_MEMBER = re.compile(r"(?:^|,)[ \t]*ot=([^,]*)")
_THRESHOLD = re.compile(r"(?:^|;)th:([0-9a-f]{1,14})(?:;|$)")
_RANDOMNESS = re.compile(r"(?:^|;)rv:([0-9a-f]{14})(?:;|$)")
_LEGACY = re.compile(r"(?:^|;)p:([0-9]{1,2})(?:;|$)")
_FULL = 1 << 56
_NO_RANDOMNESS = -1


def adjusted_count(trace_state: str) -> float | None:
    """Spans this one stands for, or None if the sender did not say.

    `th` is the current form; `p` is the older power of two, where 63 means zero.
    """
    member = _OT_MEMBER.search(trace_state)
    if member is None:
        return None
    if found := _THRESHOLD.search(member[1]):
        return _FULL / (_FULL - _threshold(found[1]))
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
    counts = _by_value(trace_state, lambda text: _float(adjusted_count(text)))
    if len(trace_state.values):
        thresholds = _by_value(trace_state, _stated_threshold)
        stated = _by_value(trace_state, _stated_randomness)
        low = (trace_id_low & np.uint64(_FULL - 1)).astype(np.float64)
        randomness = np.where(stated == _NO_RANDOMNESS, low, stated)
        counts[randomness < thresholds] = np.nan
    rates = _by_value(sample_rate, _rate)
    return np.where(np.isnan(counts), rates, counts)


def _by_value(column: CodedColumn, function: Callable[[str], float]) -> npt.NDArray[np.float64]:
    numbers = [np.nan if value is None else function(value) for value in column.values]
    return np.array([*numbers, np.nan], dtype=np.float64)[column.codes]


def _threshold(digits: str) -> int:
    return int(digits.ljust(14, "0"), 16)


def _stated_threshold(trace_state: str) -> float:
    member = _OT_MEMBER.search(trace_state)
    found = _THRESHOLD.search(member[1]) if member else None
    return float(_threshold(found[1])) if found else 0.0


def _stated_randomness(trace_state: str) -> float:
    member = _OT_MEMBER.search(trace_state)
    found = _RANDOMNESS.search(member[1]) if member else None
    return float(int(found[1], 16)) if found else float(_NO_RANDOMNESS)


def _rate(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and int(text) > 0 else np.nan


def _float(number: float | None) -> float:
    return np.nan if number is None else number
