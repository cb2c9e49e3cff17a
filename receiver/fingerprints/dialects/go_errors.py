"""What Go's packages for errors print with a stack: pkg/errors, xerrors, cockroachdb/errors,
go-errors, and the stacktrace field of zap."""

import re
from itertools import islice

from receiver.fingerprints.dialects.go_frame import FRAME, FRAMES_MAX, Line, frames
from receiver.fingerprints.frame import Raised, distinct_frames

# cockroachdb/errors: a bar before each line of a stack, and the types of the chain at the end.
BAR = re.compile(r"\n {0,8}\|[ ]?")
ERROR_TYPE = re.compile(r"\nError types: \(1\) ([^\s()]++)")
OUTERMOST_FIRST = re.compile(r"\n {4}[^\s]++\n {8}\S|\n[ ]*+-- stack trace:")
# go-errors: the place first, then the function without its package and the line of source.
PLACE_FIRST = re.compile(
    r"\n((?:[A-Za-z]:)?[^\n:]++):([0-9]++) \(0x[0-9a-f]++\)\n[ \t]++([^\n]*?): "
)
TYPED = re.compile(r"\n(\*?[\w./-]+\.\w+) ([^\n]++)")
MESSAGE_LENGTH_MAX = 4096


def read(text: str) -> list[Raised]:
    """One exception, its frames from where the innermost error was made.

    Every wrapper of an error may carry the stack of its own place; those are places on the way of
    the same error, so each adds the frames that are not there yet. The message is put together as
    `Error()` returns it, the outermost first.
    """
    if "(0x" in text and PLACE_FIRST.search(text):
        return [_place_first(text)]
    named = ERROR_TYPE.search(text)
    if named:
        text = BAR.sub("\n", text)
    if not FRAME.search(text):
        return []
    parts = _parts(text)
    outermost_first = bool(OUTERMOST_FIRST.search(text))
    if outermost_first:
        parts.reverse()
    found = [line for _, stack in parts for line in stack]
    message = _first_line(text) if named else _joined(parts)
    return [
        Raised(named[1] if named else None, distinct_frames(frames(text, found)), message or None)
    ]


def _parts(text: str) -> list[tuple[str, list[Line]]]:
    """Each message with the frames below it, in the order of the text."""
    parts: list[tuple[str, list[Line]]] = []
    end = 0
    for match in islice(FRAME.finditer(text), FRAMES_MAX):
        between = text[end : match.start()].strip(" \n\t:-")
        if between or not parts:
            parts.append((between, []))
        parts[-1][1].append(Line(match[1], match[2], int(match[3][:9])))
        end = match.end()
    last = text[end:].partition("\n")[2].strip(" \n\t:-")
    return [*parts, (last, [])] if last else parts


def _joined(parts: list[tuple[str, list[Line]]]) -> str:
    """The messages from the outermost to the innermost."""
    return ": ".join([part[:MESSAGE_LENGTH_MAX] for part, _ in reversed(parts) if part])


def _first_line(text: str) -> str:
    return text.lstrip("\n").partition("\n")[0]


def _place_first(text: str) -> Raised:
    """The function `main` tells which directory is package main, whatever that is called."""
    typed = TYPED.match(text)
    places = PLACE_FIRST.findall(text)
    main = next((_directory(path) for path, _, name in places if name == "main"), None)
    found = [
        Line(f"{_package(path, main)}.{name}", path, int(line[:9])) for path, line, name in places
    ]
    stack = distinct_frames(frames(text, found[:FRAMES_MAX]))
    return Raised(typed[1] if typed else None, stack, typed[2] if typed else None)


def _package(path: str, main: str | None) -> str:
    """The last directory, which is what most packages are called."""
    directory = _directory(path)
    return "main" if directory == main else directory.rpartition("/")[2] or "main"


def _directory(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]
