"""Steps of time for a table that people read: of many, those with something in them, joined."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analysis.report.findings import Step

ROWS_MAX = 40
_EVERY_MAX = 15
_JOINED_MIN = (5, 10, 15, 30, 60, 120, 360, 1440, 10080, 43200, 525600)


@dataclass(frozen=True, slots=True)
class ReadableSteps:
    """At most 40 steps. Each joins `joined_min` minutes, None when they are as they were counted;
    `quiet` steps had nothing but requests, `left_out` ones are beyond the end."""

    steps: tuple[Step, ...]
    joined_min: int | None
    quiet: int
    left_out: int


def readable_steps(steps: Sequence[Step]) -> ReadableSteps:
    """All of them when they are few, else those with failures, client errors or exceptions."""
    if len(steps) <= _EVERY_MAX:
        return ReadableSteps(tuple(steps), None, 0, 0)
    joined_min, every = None, list(steps)
    for minutes in _JOINED_MIN:
        if sum(map(_eventful, every)) <= ROWS_MAX:
            break
        found = _joined(steps, minutes)
        if len(found) < len(every):
            joined_min, every = minutes, found
    shown = [step for step in every if _eventful(step)]
    quiet, left_out = len(every) - len(shown), max(0, len(shown) - ROWS_MAX)
    return ReadableSteps(tuple(shown[:ROWS_MAX]), joined_min, quiet, left_out)


def _eventful(step: Step) -> bool:
    return bool(step.failures or step.client_errors or step.exceptions)


def _joined(steps: Sequence[Step], minutes: int) -> list[Step]:
    """The steps of each version and side that begin within the same so many minutes, as one."""
    sums: dict[tuple[int, str, str | None], Step] = {}
    starts: dict[int, str] = {}
    for step in steps:
        seconds = datetime.fromisoformat(f"{step.step_start[:19]}+00:00").timestamp()
        number = int(seconds // (60 * minutes))
        start = starts.setdefault(number, step.step_start)
        key = (number, step.side, step.service_version)
        before = sums.get(key)
        sums[key] = replace(step, step_start=start) if before is None else _sum(before, step)
    return list(sums.values())


def _sum(one: Step, other: Step) -> Step:
    requests = one.requests + other.requests
    # Rates may be weighted by sampling: each counts by its requests.
    rates = [s.requests * s.failure_rate for s in (one, other) if s.failure_rate is not None]
    return replace(
        one,
        requests=requests,
        failures=one.failures + other.failures,
        failure_rate=sum(rates) / requests if rates and requests else None,
        client_errors=one.client_errors + other.client_errors,
        exceptions=one.exceptions + other.exceptions,
    )
