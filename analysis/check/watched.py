"""What a watch has seen so far: the latest look, since when its verdict stands, what it was before.

Pure: who looks tells the time.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from analysis.check.looks import Look
from analysis.verdict.check import Verdict

CHANGES_MAX = 50


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict, or None for no answer, and when it was first seen."""

    at: datetime
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Watched:
    """The latest look and the changes of the verdict, oldest first; the last one still stands."""

    look: Look | None = None
    looks: int = 0
    looked_at: datetime | None = None
    changes: tuple[Change, ...] = ()

    def after(self, look: Look, now: datetime) -> "Watched":
        """What was seen when this look is added."""
        verdict = None if look.check is None else look.check.verdict
        changes = self.changes
        if not changes or changes[-1].verdict is not verdict:
            changes = (*changes, Change(now, verdict))[-CHANGES_MAX:]
        return replace(self, look=look, looks=self.looks + 1, looked_at=now, changes=changes)
