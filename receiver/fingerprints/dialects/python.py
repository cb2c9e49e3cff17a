"""Tracebacks as Python's `traceback.format_exception` writes them: the raise at the end."""

import re

from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.source_path import module_name

# Where Python, its packages and code that has no file live. Recognised anywhere in the path.
LIBRARY = re.compile(
    r"^<|^/var/runtime/|/(?:site-packages|dist-packages|third_party|[Pp]ython[0-9_.]++)/"
)

TRACEBACK = re.compile(
    r"\n(?:([ +|]*+)(?:Exception Group )?Traceback \(most recent call last\):"
    r"| *+\+[-+]++ [0-9]++ -)"
)
FRAME = re.compile(r'\n[ |]*+File "([^"\n]++)", line [0-9]++, in ([^\n]++)')
# The line after the last frame: source lines are indented, this one is not.
TYPE = re.compile(r"\n(?: *+\| )?([A-Za-z_][\w.<>]*+)(?=[:\n]|\Z)", re.ASCII)

# Inlined into their function since Python 3.12 (PEP 709); earlier they were frames of their own.
INLINED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>"))


def read(text: str) -> list[Raised]:
    """A traceback, its causes and contexts, then the parts of an exception group in a fixed order.

    Which tasks of a group failed, how many and in which order is chance; each kind is kept once.
    """
    chain: list[Raised] = []
    parts: list[Raised] = []
    headers = list(TRACEBACK.finditer(text))
    starts = [match.start() for match in headers] or [0]
    for index, start in enumerate(starts):
        section = text[start : starts[index + 1] if index + 1 < len(starts) else len(text)]
        header = headers[index] if headers else None
        raised = _raised(section)
        if raised is None:
            continue
        in_group = header is not None and (header[1] is None or "|" in header[1])
        (parts if in_group else chain).append(raised)
    return chain[::-1] + sorted(set(parts), key=repr)


def _raised(section: str) -> Raised | None:
    found = dict.fromkeys(reversed(FRAME.findall(section)))
    named = TYPE.search(section)
    if not found and not named:
        return None
    frames = (_frame(path, function) for path, function in found if function not in INLINED)
    return Raised(named[1] if named else None, tuple(dict.fromkeys(frames)))


def _frame(path: str, function: str) -> Frame:
    path = path.replace("\\", "/")
    # A relative path with a dotted function is a package compiled by Cython.
    library = LIBRARY.search(path) or ("." in function and not path.startswith("/"))
    return Frame(module_name(path, "."), function, not library)
