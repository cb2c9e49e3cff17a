"""How a deployment of the past turned out, as people said: good, bad, or nobody said."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from analysis.deployment_name import DeploymentName, named_deployment

_IN_NOTE = re.compile(r"(?<![\w-])outcome=(good|bad)(?![\w-])")
_NOTE_LENGTH_MAX = 10_000


class Outcome(StrEnum):
    """What people said of a deployment afterwards."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Said:
    """The deployments that were named as good and as bad; a name said twice is bad."""

    good: frozenset[DeploymentName]
    bad: frozenset[DeploymentName]

    @classmethod
    def of(cls, good: Iterable[str], bad: Iterable[str], known: Iterable[DeploymentName]) -> "Said":
        """From `SERVICE@VERSION` as written; raises CommandFailed or UsageRefused for others."""
        names = list(known)
        return cls(
            frozenset(named_deployment(text, names) for text in good),
            frozenset(named_deployment(text, names) for text in bad),
        )

    def outcome(self, name: DeploymentName, note: str | None) -> Outcome | None:
        """What was said of it: by name, else by the words `outcome=good` or `outcome=bad` in the
        note of its mark. None when nobody said, or the note says both."""
        if name in self.bad:
            return Outcome.BAD
        if name in self.good:
            return Outcome.GOOD
        words = set(_IN_NOTE.findall((note or "")[:_NOTE_LENGTH_MAX]))
        return Outcome(words.pop()) if len(words) == 1 else None
