"""The lines of V8's stacks (Node.js, Chrome, Deno), which Bun and Hermes write too."""

import re
from itertools import islice
from typing import NamedTuple

CALLS_MAX = 500

FRAME = re.compile(r"\n[ \t]++(?:at|in) ([^\n]++)")
# React before version 17 names the components of a tree: "in OrderForm (at App.js:12)".
ADDRESS = re.compile(r"(?:address )?at |async ")
POSITION = re.compile(r":[0-9]++$")
# An index or a byte, not a line: Promise.all (index 0), wasm-function[12]:0x34.
WASM_FUNCTION = re.compile(r":wasm-function\[[0-9]++\](?::0x[0-9a-f]++)?$")
# eval at f (/app/x.js:3:1), <anonymous>:1:1: the innermost parentheses hold the file.
EVAL_PLACE = re.compile(r".*\((?!eval at )([^()\n]++)\)")
NAME = re.compile(r"[\w$.#<>/-]++")


class Call(NamedTuple):
    """A function and its place as an engine writes them; `alias` is the property it was called by.

    `awaited` is True for a function that was no longer on the stack, but waits for the result.
    `column` is None where the text has none.
    """

    function: str
    alias: str
    file: str
    line: int | None
    column: int | None
    awaited: bool


def calls(section: str) -> list[Call]:
    """The calls of one error as they stand, 500 at most; a recursion comes as often as it ran."""
    lines = [match[1] for match in islice(FRAME.finditer(section), CALLS_MAX)]
    parsed = {line: _call(line) for line in dict.fromkeys(lines)}
    return [call for line in lines if (call := parsed[line]) is not None]


def _call(line: str) -> Call | None:
    """`async Layer.handle [as handle_request] (/app/x.js:95:5)`; None for what is prose."""
    # util.inspect opens the error's own properties behind the last frame, a list has a comma.
    line = line.rstrip().removesuffix(" {").removesuffix(",")
    awaited = line.startswith("async ")
    line = line.removeprefix("async ")
    function, place = _split(line)
    if place is None:
        return None
    function, called_as, alias = function.partition(" [as ")
    return Call(function, alias[:-1] if called_as else "", *position(place), awaited)


def _split(line: str) -> tuple[str, str | None]:
    if line.endswith(")"):
        function, _, place = line[:-1].partition(" (")
        if place.startswith("eval at "):
            inner = EVAL_PLACE.match(place + ")")
            place = inner[1] if inner else "<anonymous>"
        return function, place[matched.end() :] if (matched := ADDRESS.match(place)) else place
    if POSITION.search(line) or WASM_FUNCTION.search(line):
        return "", line
    # A host component of React, or what Chrome's console injects, has no place.
    name = line.removeprefix("new ")
    return line, "<anonymous>" if NAME.fullmatch(name) else None


def position(place: str) -> tuple[str, int | None, int | None]:
    """The file, line and column of `file:12:3`, `file:12` and `file`."""
    file, _, last = place.rpartition(":")
    if not (file and last.isdecimal()):
        return WASM_FUNCTION.sub("", place), None, None
    before, _, line = file.rpartition(":")
    if before and line.isdecimal():
        return before, int(line[:9]), int(last[:9])
    return file, int(last[:9]), None
