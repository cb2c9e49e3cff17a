"""The verdicts of an overview."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.verdict.check import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts by deployment, and how many that could still change were not asked for."""

    verdicts: Mapping[tuple[str | None, ...], Verdict] = field(default_factory=dict)
    left_out: int = 0
