"""The lines of Firefox's and Safari's stacks: `function@file:line:column`."""

import re
from itertools import islice

from receiver.fingerprints.dialects.v8_stack import CALLS_MAX, Call, position

# Gecko marks what called asynchronously: "promise callback*place@https://...". Code of eval has
# where it was made: "orders.js line 3 > eval:1:5". Old Safari gives an unnamed function no "@".
FRAME = re.compile(
    r"\n[ \t]*+(?:([A-Za-z.][A-Za-z. ]*+)\*)?(async )?+"
    r"((?:(?:global|module|eval) code|[^\s@]*+(?: [^\s@]++)?)@)?"
    r"(\[native code\]|[^\s@]*:[0-9]++(?=\n|\Z)|[^\s@]++ line [0-9]++ > [^\n@]++)"
)
EVAL = re.compile(r" line [0-9]++ > .*")
# Safari and Firefox name code outside of any function.
TOP_LEVEL = frozenset(("global code", "module code", "eval code", "global"))
NESTED = re.compile(r"[/<]")


def calls(section: str) -> list[Call]:
    """The calls of one error as they stand, 500 at most.

    From the first call that only scheduled what came to fail, all are marked as waiting.
    """
    if "@" not in section and ".js:" not in section:
        return []
    found = [match.groups("") for match in islice(FRAME.finditer(section), CALLS_MAX)]
    found = [groups for groups in found if groups[2] or "/" in groups[3]]
    scheduled = next((at for at, groups in enumerate(found) if groups[0]), len(found))
    parsed = {groups: _call(*groups[1:]) for groups in dict.fromkeys(found)}
    calls = [parsed[groups] for groups in found]
    return calls[:scheduled] + [call._replace(awaited=True) for call in calls[scheduled:]]


def _call(awaited: str, function: str, place: str) -> Call:
    if EVAL.search(place):
        made_at = re.search(r" line ([0-9]{1,9})", place)
        file, line, column = EVAL.sub("", place), int(made_at[1]) if made_at else None, None
    else:
        file, line, column = position(place)
    name = _own_name(function.removesuffix("@"))
    return Call(name, "", file, line, column, bool(awaited))


def _own_name(name: str) -> str:
    """The innermost name of Gecko's `outer/</inner<`; `f.<anonymous>` for a literal within f."""
    if name in TOP_LEVEL:
        return ""
    if not NESTED.search(name):
        return name
    parts = name.split("/")
    named = [part.rstrip("<") for part in parts if part.rstrip("<")]
    if not named:
        return ""
    return named[-1] if parts[-1].rstrip("<") else f"{named[-1]}.<anonymous>"
