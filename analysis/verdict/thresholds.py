"""What a verdict is measured against, each value with its meaning, unit, limits and origin."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

DEFAULT_ORIGIN = "default"
_LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a threshold means, its unit, and which values it may have.

    The value lies between `low` and `high`; an open end is not allowed itself.
    """

    meaning: str
    unit: str
    low: float
    high: float
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    def allows(self, value: float) -> bool:
        """Whether the value lies within; a NaN lies nowhere."""
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)

    @property
    def expected(self) -> str:
        """What is allowed, as `a number above 0 and below 0.5`."""
        kind = "a whole number" if self.whole else "a number"
        low = "above" if self.low_open else "of at least"
        high = "below" if self.high_open else "at most"
        return f"{kind} {low} {self.low:g} and {high} {self.high:g}"


def _share(meaning: str, *, open_ends: bool = False) -> dict[str, Limit]:
    return {_LIMIT: Limit(meaning, "share", 0, 1, low_open=open_ends, high_open=open_ends)}


def _factor(meaning: str, low: float = 1, high: float = 1000) -> dict[str, Limit]:
    return {_LIMIT: Limit(meaning, "factor", low, high)}


def _count(meaning: str, unit: str, high: float, low: float = 1) -> dict[str, Limit]:
    return {_LIMIT: Limit(meaning, unit, low, high, whole=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The thresholds of one service; what each means is said by `LIMITS`.

    `origins` holds where each value that is not a default was read.
    """

    alpha: float = field(
        default=0.01,
        metadata={
            _LIMIT: Limit(
                "the most often that two identical versions may be told apart, over all looks: a"
                " regression is proven when the e-value reaches 1/alpha",
                "probability",
                0,
                0.5,
                low_open=True,
                high_open=True,
            )
        },
    )
    hold_e_value: float = field(
        default=10,
        metadata={
            _LIMIT: Limit("the e-value from which evidence counts as growing", "e-value", 1, 1e9)
        },
    )
    difference_min: float = field(
        default=0.005,
        metadata=_share("a failure rate that rose by less does not matter"),
    )
    ratio_min: float = field(
        default=1.5,
        metadata=_factor("a failure rate that rose by a smaller factor does not matter"),
    )
    absolute_max: float = field(
        default=0.05,
        metadata=_share("a failure rate above this matters also without a known cause"),
    )
    tolerance: float = field(
        default=0.005,
        metadata=_share(
            "healthy: the upper bound of the rise of the failure rate lies below it",
            open_ends=True,
        ),
    )
    endpoint_tolerance: float = field(
        default=0.02,
        metadata=_share("the same for each major endpoint", open_ends=True),
    )
    endpoint_share_min: float = field(
        default=0.05,
        metadata=_share("an endpoint with at least this share of the requests is a major one"),
    )
    minor_endpoint_share_max: float = field(
        default=0.05,
        metadata=_share(
            "a regression of one endpoint with at most this share of the requests is fixed forward"
        ),
    )
    confidence: float = field(
        default=0.95,
        metadata={
            _LIMIT: Limit(
                "how sure intervals and bounds are",
                "probability",
                0.5,
                1,
                low_open=True,
                high_open=True,
            )
        },
    )
    new_exception_probability_max: float = field(
        default=0.01,
        metadata=_share("an exception is new if chance explains its absence before less often"),
    )
    new_exception_traces_min: int = field(
        default=2,
        metadata=_count("an exception in fewer traces is not reported as new", "traces", 10**6),
    )
    latency_quantile: float = field(
        default=0.99,
        metadata=_share("the quantile of durations that is compared", open_ends=True),
    )
    latency_ms_min: float = field(
        default=500,
        metadata={
            _LIMIT: Limit(
                "requests that are faster at that quantile are not slow", "milliseconds", 0, 1e7
            )
        },
    )
    latency_ratio_min: float = field(
        default=1.3,
        metadata=_factor("a quantile of durations that rose by a smaller factor does not matter"),
    )
    client_error_difference_min: float = field(
        default=0.02,
        metadata=_share("a share of 401, 403, 404, 422 or 429 that rose by less does not matter"),
    )
    client_error_ratio_min: float = field(
        default=2,
        metadata=_factor("the same for the factor by which it rose"),
    )
    amplification_ratio_min: float = field(
        default=2,
        metadata=_factor("calls per request that rose by a smaller factor do not matter"),
    )
    amplification_calls_min: float = field(
        default=5,
        metadata={
            _LIMIT: Limit(
                "calls per request that rose by fewer do not matter", "calls per request", 0, 1e6
            )
        },
    )
    traffic_ratio_max: float = field(
        default=0.5,
        metadata=_share("traffic that is still a larger part of what was expected is not lost"),
    )
    warm_up_s: float = field(
        default=60,
        metadata={
            _LIMIT: Limit(
                "the first and last seconds of each instance, where roll-out noise is set apart",
                "seconds",
                0,
                3600,
            )
        },
    )
    requests_min: int = field(
        default=50,
        metadata=_count("no verdict but not_enough_data on fewer requests", "requests", 10**9),
    )
    minutes_max: int = field(
        default=360,
        metadata=_count(
            "of a deployment that served for longer, its latest minutes are judged", "minutes", 1440
        ),
    )
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def origin_of(self, name: str) -> str:
        """Where the value was read, `default` if nowhere; raises KeyError for an unknown name."""
        if name not in LIMITS:
            raise KeyError(name)
        return self.origins.get(name, DEFAULT_ORIGIN)

    def shown(self, name: str) -> str:
        """The threshold as a reason names it: `ratio_min 1.5 (default)`."""
        origin = self.origin_of(name)
        value: float = getattr(self, name)
        return f"{name} {value:g} ({origin})"


def _limits() -> dict[str, Limit]:
    # The metadata of a dataclass field is untyped; every field but `origins` has a Limit there.
    found: dict[str, Any] = {one.name: one.metadata.get(_LIMIT) for one in fields(Thresholds)}
    return {name: limit for name, limit in found.items() if limit is not None}


LIMITS: Mapping[str, Limit] = _limits()
