"""The frames of failing exceptions, each with how much it says about where the fault lies."""

from collections.abc import Sequence
from dataclasses import dataclass

from receiver.fingerprints.frame import Frame
from receiver.fingerprints.place import read_chain
from receiver.fingerprints.rules import GroupingRules

FRAMES_MAX = 300
# What an exception counts by its state: one that was there before says little about this release.
STATE_WEIGHTS = {"new": 1.0, "regressed": 0.8, "escalating": 0.6, "ongoing": 0.1}


@dataclass(frozen=True, slots=True)
class FailingStack:
    """A stack trace of the deployment: its language as sent, the state of its exception, and how
    many traces show that."""

    stacktrace: str
    language: str | None
    state: str
    traces: int


@dataclass(frozen=True, slots=True)
class FailingFrame:
    """A frame and its weight: state of the exception, its share of the traces, and 1/(1+d) of a
    frame with d frames of our code between it and the raise. The weights of one stack are not
    normalised: a deep stack is no stronger accusation, so scores are divided by the sum."""

    frame: Frame
    weight: float


def failing_frames(
    stacks: Sequence[FailingStack], rules: GroupingRules
) -> tuple[FailingFrame, ...]:
    """The frames of all stacks, the heaviest first; each cause counts from its own raise."""
    total = sum(max(one.traces, 1) for one in stacks if one.state in STATE_WEIGHTS) or 1
    found: dict[tuple[str | None, int | None, str, str, bool], FailingFrame] = {}
    for one in stacks:
        weight = STATE_WEIGHTS.get(one.state, 0.0) * max(one.traces, 1) / total
        if not weight:
            continue
        for raised in read_chain(one.stacktrace, one.language, rules):
            depth = 0
            for frame in raised.frames:
                key = (frame.file, frame.line, frame.module, frame.function, frame.in_app)
                known = found[key].weight if key in found else 0.0
                found[key] = FailingFrame(frame, known + weight / (1 + depth))
                depth += frame.in_app
    heaviest = sorted(found.values(), key=lambda one: -one.weight)
    return tuple(heaviest[:FRAMES_MAX])
