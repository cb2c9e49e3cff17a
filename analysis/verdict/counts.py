"""Events among trials, minute by minute, of the candidate and of what stands against it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What happened in each minute of a window; all six arrays hold integers, 0 or more.

    The first four have the shape (minutes,), the minutes of the candidate's window. Against a
    concurrent baseline the same minutes stand side by side; against one from before, each of the
    candidate's minutes stands against the minutes before it that it was paired with. The last two
    have the shape (history minutes,): the service before the candidate came, whatever version
    served; they tell how much its minutes vary. Events may be more than trials (calls per request).
    """

    candidate_events: Series
    candidate_trials: Series
    baseline_events: Series
    baseline_trials: Series
    history_events: Series
    history_trials: Series

    @classmethod
    def nothing(cls, minutes: int) -> "Counts":
        """No trials in so many minutes, and no history."""
        none, empty = np.zeros(minutes, np.int64), np.zeros(0, np.int64)
        return cls(none, none, none, none, empty, empty)

    def until(self, minutes: int) -> "Counts":
        """The first minutes alone; the history was there before them."""
        return Counts(
            self.candidate_events[:minutes],
            self.candidate_trials[:minutes],
            self.baseline_events[:minutes],
            self.baseline_trials[:minutes],
            self.history_events,
            self.history_trials,
        )

    def __add__(self, other: "Counts") -> "Counts":
        """Minute by minute the sum of both, which are of the same minutes."""
        return Counts(
            self.candidate_events + other.candidate_events,
            self.candidate_trials + other.candidate_trials,
            self.baseline_events + other.baseline_events,
            self.baseline_trials + other.baseline_trials,
            self.history_events + other.history_events,
            self.history_trials + other.history_trials,
        )

    @property
    def totals(self) -> "Totals":
        """All minutes together."""
        return Totals(
            int(self.candidate_events.sum()),
            int(self.candidate_trials.sum()),
            int(self.baseline_events.sum()),
            int(self.baseline_trials.sum()),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Events and trials of both sides."""

    candidate_events: int
    candidate_trials: int
    baseline_events: int
    baseline_trials: int

    @property
    def candidate_rate(self) -> float | None:
        """Events per trial of the candidate; None without trials."""
        return self.candidate_events / self.candidate_trials if self.candidate_trials else None

    @property
    def baseline_rate(self) -> float | None:
        """Events per trial of the baseline; None without trials."""
        return self.baseline_events / self.baseline_trials if self.baseline_trials else None


def added(all_counts: Iterable[Counts], minutes: int) -> Counts:
    """The sum of counts of the same minutes and history; nothing if there are none."""
    several = list(all_counts)
    if not several:
        return Counts.nothing(minutes)
    total = several[0]
    for counts in several[1:]:
        total = total + counts
    return total
