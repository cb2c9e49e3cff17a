"""Stacks of JavaScript and TypeScript, as `error.stack`, `util.inspect` and loggers print them."""

import re
from itertools import islice, pairwise

from receiver.fingerprints.dialects import gecko_stack, script_function, script_path, v8_stack
from receiver.fingerprints.dialects.v8_stack import Call
from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.recursion import recurring_names, without_callers

CHAIN_MAX = 50

NAME = r"[A-Za-z_$][\w$.]{0,200}+"
# util.inspect nests causes and the errors of an AggregateError; loggers write "Caused by".
SECTION = re.compile(
    r"\n[ \t]*+(?:\[cause\]: |[Cc]aused by: |(\[errors\]: \[|errors: \[)[ \t]*+\n?[ \t]*+)"
    rf"(?=\[?{NAME}(?: \[\w++\])?(?:[:\]\n]|\Z))"
)
# Between the errors of a list: a frame that ends with a comma, then the next headline.
NEXT_IN_LIST = re.compile(
    r"(?:[0-9)\]}],)\n[ \t]*+(?=\[?[A-Z][\w$.]{0,200}+(?: \[\w++\])?(?:[:\]\n]|\Z))"
)
HEADLINE = re.compile(
    r"\s*+\[?(?:Uncaught (?:\(in promise\) )?|Unhandled(?:PromiseRejection)?(?:Warning)?: )?"
    rf"({NAME})(?: \[\w++\])?(?=[:\]\n]|\Z)(?:: ?)?"
)
# What Node.js prints before an error that nobody caught: the place, the source and a caret.
SOURCE = re.compile(r"\n[^\n]*:[0-9]++\n(?:[^\n]*+\n){1,3}?[ \t]*+\^++[^\n]*+\n")
END_OF_MESSAGE = re.compile(r"\n[ \t]++(?:at|in) |\n[^\n@]{0,200}@[^\n]*:[0-9]++(?=\n|\Z)")
MESSAGE_LENGTH_MAX = 4096
GENERATOR = re.compile(r"\bGenerator\.(?:next|throw) |\b__awaiter\b|\basyncGeneratorStep\b")

# A bundle has a few long lines; source has many, of which few reach this column.
MINIFIED_COLUMN_MIN = 500
MINIFIED_LINE_MAX = 20
# A server's files are rarely minified: of one, so many places must lie that far to the right.
MINIFIED_PLACES_MIN = 2
FROM_WEB = ("http:", "https:")
# Firefox and Safari begin the stack of a class of ours in its constructor, V8 where it was called.
ERROR_CLASS = re.compile(r"(?:new )?(?:[\w$]++\.)*+[\w$]*(?:Error|Exception)")
# The errors of a stack that is too deep: which function met the limit is chance.
TOO_DEEP = frozenset(("RangeError", "InternalError"))
# Firefox and Safari keep so many frames at least, and do not say the type.
FRAMES_CUT_MIN = 100
# V8 keeps ten, unless Error.stackTraceLimit says otherwise.
V8_FRAMES_CUT_MIN = 10

OURS = "not in a library folder"
COMPILED = "written by a compiler or bundler"
AWAITED = "waits for the result: async callers are there or not by chance"
CONSTRUCTOR = "constructor of the error"
CHANCE = "met the limit of a recursion by chance"


def read(text: str) -> list[Raised]:
    """The error, its causes, then the errors of an aggregate in a fixed order.

    Only `util.inspect` and loggers print causes; `error.stack` alone, which the OpenTelemetry SDK
    sends, has none. Which errors of an aggregate came first is chance; each kind is kept once.
    """
    source = SOURCE.match(text[:4096])
    text = text[source.end() - 1 :] if source else text
    chain: list[Raised] = []
    parts: list[Raised] = []
    for section, in_list in _sections(text):
        (parts if in_list else chain).append(_raised(section))
    found = chain + sorted(set(parts), key=repr)
    return found if any(raised.frames for raised in found) else []


def _sections(text: str) -> list[tuple[str, bool]]:
    """The text of each error, and whether it is one of a list."""
    found: list[tuple[str, bool]] = []
    start, in_list = 0, False
    for match in islice(SECTION.finditer(text), CHAIN_MAX):
        found += _errors(text[start : match.start()], in_list)
        start, in_list = match.end(), bool(match[1]) or in_list
    return (found + _errors(text[start:], in_list))[:CHAIN_MAX]


def _errors(section: str, in_list: bool) -> list[tuple[str, bool]]:
    if not in_list:
        return [(section, False)]
    after = islice(NEXT_IN_LIST.finditer(section), CHAIN_MAX)
    starts = [0, *(match.end() for match in after), len(section)]
    return [(section[a:b], True) for a, b in pairwise(starts)]


def _raised(section: str) -> Raised:
    named = HEADLINE.match(section)
    kind = named[1] if named else None
    message = _message(section, named.end()) if named else ""
    of_v8 = v8_stack.calls(section)
    found = of_v8 or gecko_stack.calls(section)
    frames = _frames(found, bool(GENERATOR.search(section)))
    # Only our frames are counted, so that one more of a framework changes nothing.
    cut = sum(frame.in_app for frame in frames) >= (V8_FRAMES_CUT_MIN if of_v8 else FRAMES_CUT_MIN)
    frames = _of_recursion(kind, frames, cut)
    return Raised(kind, distinct_frames(frames), message or None)


def _message(section: str, start: int) -> str:
    """What stands between the type and the first frame."""
    text = section[start : start + MESSAGE_LENGTH_MAX]
    end = END_OF_MESSAGE.search(text)
    message = (text[: end.start()] if end else text).strip()
    if section.lstrip("\n")[:1] == "[":  # util.inspect, of an error without frames
        message = message.removesuffix("{").rstrip().removesuffix("]")
    return message


def _frames(calls: list[Call], steps: bool) -> list[Frame]:
    one_line = _of_long_lines(calls)
    made: dict[Call, Frame] = {}
    frames: list[Frame] = []
    known = False
    for call in calls:
        frame = made.get(call) or _frame(call, call.file in one_line, steps)
        made[call] = frame
        if frame.in_app and not known and ERROR_CLASS.fullmatch(frame.function):
            frame = frame._replace(in_app=False, reason=CONSTRUCTOR)
        if call.awaited and known and frame.in_app:
            frame = frame._replace(in_app=False, reason=AWAITED)
        known = known or frame.in_app
        frames.append(frame)
    return frames


def _of_long_lines(calls: list[Call]) -> set[str]:
    """The files whose frames all lie in the first lines, and enough of them far to the right."""
    files: dict[str, set[tuple[int, int]]] = {}
    for call in calls:
        files.setdefault(call.file, set()).add((call.line or 0, call.column or 0))
    found = set()
    for file, places in files.items():
        far = sum(column >= MINIFIED_COLUMN_MIN for _, column in places)
        enough = 1 if file.startswith(FROM_WEB) else MINIFIED_PLACES_MIN
        if far >= enough and all(line <= MINIFIED_LINE_MAX for line, _ in places):
            found.add(file)
    return found


def _frame(call: Call, one_line: bool, steps: bool) -> Frame:
    function = script_function.name_of(call.function, call.alias)
    reason = script_path.why_library(call.file)
    module, bundled = script_path.module(call.file)
    if reason is None:
        if script_function.is_generated(function, steps):
            reason = COMPILED
        elif bundled or one_line:
            function = script_function.unminified(function, call.alias)
    return Frame(module, function, reason is None, reason or OURS, call.file, call.line)


def _of_recursion(kind: str | None, frames: list[Frame], cut: bool) -> list[Frame]:
    """The frames of a stack that was `cut` without the callers of a recursion, and in a fixed order
    where it was too deep."""
    recurring = recurring_names(frames)
    too_deep = kind in TOO_DEEP or (kind is None and len(frames) >= FRAMES_CUT_MIN)
    if not (recurring and too_deep and frames[-1].name in recurring):
        return without_callers(frames) if cut else frames
    deep = sorted({frame.name: frame for frame in frames if frame.name in recurring}.values())
    chance = [
        frame._replace(in_app=False, reason=CHANCE) if frame.in_app else frame
        for frame in frames
        if frame.name not in recurring
    ]
    return deep + chance
