"""What changed between two reports of one service. Pure: both are documents that were read."""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.report.facts import Facts, Figure


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A figure that is another one than before; None is unknown.

    `unit` is 'share' (0 to 1), 'time' (RFC 3339), 'requests', 'users' or 'text'.
    """

    name: str
    unit: str
    before: Figure
    after: Figure


@dataclass(frozen=True, slots=True)
class ChangedList:
    """What came and what went of one list: failing endpoints, exceptions, origins, known patterns,
    suspects. The texts come from spans and commits."""

    name: str
    began: tuple[str, ...]
    ceased: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed since an earlier report, which was about `previous_version` up to
    `previous_until` (RFC 3339; None when it had sent nothing).

    Only what changed is listed; nothing listed means that nothing changed. `omitted` names the
    lists that one of the two reports does not hold, so that nothing can be said of them.
    """

    previous_version: str
    previous_environment: str | None
    previous_until: str | None
    figures: tuple[ChangedFigure, ...]
    lists: tuple[ChangedList, ...]
    omitted: tuple[str, ...] = ()


def difference_of(before: Facts, after: Facts) -> Difference:
    """What the later report says differently; both are of one service."""
    lists = []
    omitted = []
    for name, now in after.lists.items():
        earlier = before.lists.get(name)
        if now is None or earlier is None:
            omitted.append(name)
            continue
        changed = ChangedList(name, _without(now, earlier), _without(earlier, now))
        if changed.began or changed.ceased:
            lists.append(changed)
    return Difference(
        previous_version=before.version,
        previous_environment=before.environment,
        previous_until=before.until,
        figures=tuple(
            ChangedFigure(name, after.units[name], before.figures.get(name), value)
            for name, value in after.figures.items()
            if before.figures.get(name) != value
        ),
        lists=tuple(lists),
        omitted=tuple(omitted),
    )


def _without(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    """The labels of what only the first has."""
    return tuple(label for key, label in one.items() if key not in other)
