"""What a backtest comes to: false alarms, misses, and how soon it would have fired."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from analysis.backtest.outcome import Outcome
from analysis.backtest.replay import Replayed
from analysis.inference.proportions import wilson
from analysis.verdict.check import Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of deployments. A verdict fired when it was roll_back or fix_forward at any look.

    `good` and `bad` are those of which somebody said so; a false alarm fired on a good one, a miss
    never fired on a bad one. The rate of false alarms, and the upper bound of its 95 % interval
    (Wilson), are None without good ones. `fired_minutes_median` is over the bad that were found.
    """

    deployments: int
    fired: int
    healthy: int
    not_enough_data: int
    good: int
    false_alarms: int
    false_alarm_rate: float | None
    false_alarm_rate_high: float | None
    bad: int
    misses: int
    fired_minutes_median: float | None
    not_replayed: int


def summary_of(replayed: Sequence[Replayed], not_replayed: int) -> Summary:
    """Counted over all deployments that were replayed; of the others only how many they are."""
    good = [one for one in replayed if one.outcome is Outcome.GOOD]
    bad = [one for one in replayed if one.outcome is Outcome.BAD]
    false_alarms = _fired(good)
    bound = wilson(false_alarms, len(good), 0.95)[1] if good else None
    found = [one.fired_after_min for one in bad if one.fired_after_min is not None]
    return Summary(
        deployments=len(replayed),
        fired=_fired(replayed),
        healthy=sum(one.verdict is Verdict.HEALTHY for one in replayed),
        not_enough_data=sum(one.verdict is Verdict.NOT_ENOUGH_DATA for one in replayed),
        good=len(good),
        false_alarms=false_alarms,
        false_alarm_rate=false_alarms / len(good) if good else None,
        false_alarm_rate_high=bound,
        bad=len(bad),
        misses=len(bad) - len(found),
        fired_minutes_median=float(median(found)) if found else None,
        not_replayed=not_replayed,
    )


def summary_words(summary: Summary) -> str:
    """The summary as a person reads it, a sentence a line."""
    lines = [
        f"{summary.deployments:,} deployments replayed: {summary.fired:,} would have been rolled"
        f" back or fixed forward, {summary.healthy:,} ended healthy, {summary.not_enough_data:,}"
        " without enough data."
    ]
    if summary.false_alarm_rate is None:
        lines.append(
            "None is known to be good, so false alarms cannot be counted: say --good"
            " SERVICE@VERSION, or mark with --note outcome=good."
        )
    else:
        lines.append(
            f"Of {summary.good:,} known to be good it fired on {summary.false_alarms:,}"
            f" ({summary.false_alarm_rate:.1%}; at most {summary.false_alarm_rate_high:.1%}, 95 %"
            " sure)."
        )
    if summary.bad:
        soon = summary.fired_minutes_median
        after = "" if soon is None else f" The others were found after {soon:g} minutes (median)."
        lines.append(f"Of {summary.bad:,} known to be bad it missed {summary.misses:,}.{after}")
    if summary.not_replayed:
        lines.append(
            f"{summary.not_replayed:,} were not replayed: nothing of them, or of what they would be"
            " compared with, is stored."
        )
    return "\n".join(lines)


def _fired(replayed: Iterable[Replayed]) -> int:
    return sum(one.fired_after_min is not None for one in replayed)
