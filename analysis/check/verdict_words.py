"""A verdict in words: its title, what to do, and the colour it has in a terminal."""

from dataclasses import dataclass

from analysis.check.figures import counted, number
from analysis.check.lines import Line, Sent, line
from analysis.verdict.check import Check, Needed, Verdict

_OLD = "{old}"


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """`advice` says what to do now; `{old}` in it stands for the version it replaces."""

    title: str
    advice: str
    style: str


VERDICT_WORDS = {
    Verdict.ROLL_BACK: VerdictWords(
        "ROLL BACK",
        "Roll back to {old} now: this deployment breaks requests, and that is proven.",
        "bold white on red",
    ),
    Verdict.FIX_FORWARD: VerdictWords(
        "FIX FORWARD",
        "Promote no further, mend it and deploy again: it does harm, and that is proven, but going"
        " back to {old} is not the way out.",
        "bold white on red",
    ),
    Verdict.HOLD: VerdictWords(
        "HOLD",
        "Promote no further and keep watching: something looks wrong, but it is not proven that"
        " this deployment did it.",
        "bold black on yellow",
    ),
    Verdict.HEALTHY: VerdictWords(
        "HEALTHY",
        "Carry on: it does no harm that matters, and enough was seen to say so.",
        "bold black on green",
    ),
    Verdict.NOT_ENOUGH_DATA: VerdictWords(
        "NOT ENOUGH DATA",
        "Wait: too little was seen to say that it is well or that it is not.",
        "bold white on blue",
    ),
    Verdict.NOT_THIS_DEPLOYMENT: VerdictWords(
        "NOT THIS DEPLOYMENT",
        "Do not roll this one back for it: requests fail, but the cause lies elsewhere.",
        "bold black on yellow",
    ),
}


def to_do(check: Check) -> Line:
    """One line that says what to do now."""
    before, named, after = VERDICT_WORDS[check.verdict].advice.partition(_OLD)
    if not named:
        return line(before)
    version = check.baseline.version if check.baseline else None
    old = Sent(version) if version else "the version before"
    return line(before, old, after)


def needed_text(needed: Needed) -> str:
    """What a decision still needs; empty when nothing is missing, or nothing can be said."""
    if needed.requests is None:
        return ""
    about = counted(needed.requests, "more request")
    if needed.minutes is None:
        return f"A decision needs about {about}."
    return f"A decision needs about {about}, {minutes_text(needed.minutes)} at this rate."


def minutes_text(minutes: float) -> str:
    """A time to wait, in minutes, or hours when it is long."""
    if minutes >= 120:
        return f"{number(round(minutes / 60))} h"
    return f"{number(max(1, round(minutes)))} min"
