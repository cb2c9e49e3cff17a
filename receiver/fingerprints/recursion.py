"""What a recursion does to a stack: engines and SDKs cut long ones, and its callers are lost."""

from collections import Counter
from collections.abc import Iterable, Sequence

from receiver.fingerprints.frame import Frame

CUT = "below a recursion, where a long stack is cut"
UNNAMED = ("<anonymous>", "<minified>")


def without_callers(frames: Sequence[Frame]) -> list[Frame]:
    """The frames of a stack that was cut, with those below the last function of ours that recurs
    not in-app.

    V8 keeps ten frames of a stack, the OpenTelemetry SDK of Go 2,048 bytes: how deep a recursion
    was decides whether the functions that began it are there. Where the last frame is a library's,
    the cut is below our code, and the callers count as they do without the recursion. A function
    without a name is no sign of recursion, because others are called the same.
    """
    frames = list(frames)
    if not (frames and frames[-1].in_app):
        return frames
    recurring = recurring_names(frames)
    last = max((at for at, frame in enumerate(frames) if frame.name in recurring), default=None)
    if last is None:
        return frames
    below = [
        frame._replace(in_app=False, reason=CUT) if frame.in_app else frame
        for frame in frames[last + 1 :]
    ]
    return frames[: last + 1] + below


def recurring_names(frames: Iterable[Frame]) -> set[str]:
    """The names of our functions that stand in a stack more than once."""
    ours = (frame.name for frame in frames if frame.in_app and not frame.function.endswith(UNNAMED))
    return {name for name, count in Counter(ours).items() if count > 1}
