"""Tracebacks as Python's `traceback.format_exception` writes them: the raise at the end."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from receiver.fingerprints.dialects.python_paths import module, origin
from receiver.fingerprints.frame import Frame, Raised, distinct_frames

# What stands between two exceptions: the words that link a cause, and the lines of a group,
# `+-+---- 1 ----`, `+---- 2 ----`, `+--------`. The margin of a group is `  | `, two columns more
# for each level.
CAUSED = "The above exception was the direct cause of the following exception:"
HANDLING = "During handling of the above exception, another exception occurred:"
BOUNDARY = re.compile(
    rf"\n(?P<margin>[ ]*+\|)?+[ ]?(?:{CAUSED}|{HANDLING})(?=\n|\Z)"
    r"|\n(?P<indent>[ ]*+)\+(?P<opens>-\+)?-{3,}+(?P<part> (?:[0-9]++|\.\.\.) -++)?(?=\n|\Z)"
)
LINKS = (CAUSED, HANDLING)
LINK_LENGTH_MIN = 6

HEADER = re.compile(r"\n[ +|]*+(?:Exception Group )?Traceback \(most recent call last\):")
# A syntax error says where it is in a line without a function.
FRAME = re.compile(r'\n[ |]*+File "([^"\n]++)", line ([0-9]++)(?:, in ([^\n]++))?')
# The line after the last frame: source lines are indented, this one is not.
TYPE = re.compile(
    r"\n(?: *+\| )?([^\W\d][\w.<>]*+(?:\([\w.]++\))?)(?::(?: |(?=\n|\Z))([^\n]*+)|(?=\n|\Z))"
)
MARGIN = re.compile(r"^ *+\| ?")
COLOUR = re.compile(r"\x1b\[[0-9;]*+m")

# A message of which the first line only announces the rest; else further lines may be notes.
ANNOUNCES = re.compile(r"(?:^|[:,(\[{]|[0-9] validation errors? for [^\n]*+)\Z")
GROUP_SIZE = re.compile(r" \([0-9]++ sub-exceptions?\)\Z")
MESSAGE_LINES_MAX = 10
FRAMES_MAX = 1000
SECTIONS_MAX = 300

# Inlined into their function since Python 3.12 (PEP 709); earlier they were frames of their own.
INLINED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>"))
# Functions without a name, which take that of the function around them.
NAMELESS = frozenset(("<lambda>", "<genexpr>"))

# Ends what another process sent, as `multiprocessing` and `concurrent.futures` quote it.
SENT = '\n"""'

Chain = list[Raised]
# Path, line and function of a frame; the last is None for the place of a syntax error.
Place = tuple[str, str, str | None]


class _Section(NamedTuple):
    """The text of one exception. `linked`: the section before it in its chain is its cause; `sent`:
    and that one came from another process."""

    text: str
    linked: bool
    sent: bool


def read(text: str) -> list[Raised]:
    """A traceback, its causes and contexts, then the parts of an exception group in a fixed order.

    Which tasks of a group failed, how many and in which order is chance; each kind is kept once.
    Where the text was cut before the exception that was recorded, that one has no type.
    """
    if "\x1b" in text:
        text = COLOUR.sub("", text)
    first, *parts = (_exceptions(sections) for sections in _chains(text))
    chain = first + _each_kind(parts)
    return chain if any(one.frames or one.type for one in chain) else []


def _chains(text: str) -> list[list[_Section]]:
    """The sections of the text by chains, in its order: the first is that of the exception
    recorded, the others are of the parts of groups at any depth."""
    current: list[_Section] = []
    chains = [current]
    by_margin = {"": current}
    start, linked, sent = 0, False, False
    for match in list(BOUNDARY.finditer(text))[-SECTIONS_MAX:]:
        section = text[start : match.start()]
        current.append(_Section(section, linked, sent))
        start, linked = match.end(), match["indent"] is None
        sent = linked and section.rstrip().endswith(SENT)
        if linked:
            current = by_margin.get(match["margin"] or "", chains[0])
        elif match["part"]:
            chains.append(current := [])
            by_margin[f"{match['indent']}{'  ' if match['opens'] else ''}|"] = current
    section = _without_cut_link(text[start:])
    current.append(_Section(section, linked, sent))
    if len(section) < len(text) - start:
        current.append(_Section("", True, False))
    return chains


def _without_cut_link(section: str) -> str:
    """The section without the beginning of a link at its end, where the text was cut."""
    before, _, last = section.rpartition("\n\n")
    if len(last) >= LINK_LENGTH_MIN and any(link.startswith(last) for link in LINKS):
        return before
    return section


def _exceptions(sections: list[_Section]) -> Chain:
    """The exceptions of a chain, the last of the text first."""
    chain: Chain = []
    for section in sections:
        raised = _raised(section.text)
        if section.linked and chain and raised.type is None:
            # Of a traceback that was cut, only the outermost frames are left.
            raised = Raised(None, ())
        elif section.sent and chain and chain[-1].type == raised.type:
            # Raised again where its result was awaited: one exception, with the frames of both.
            sent = chain.pop()
            raised = raised._replace(frames=distinct_frames((*sent.frames, *raised.frames)))
        if raised.type or raised.frames or section.linked:
            chain.append(raised)
    return chain[::-1]


def _each_kind(parts: list[Chain]) -> Chain:
    """The chains of a group's parts, those alike once, sorted by type and frames."""
    kinds: dict[tuple[object, ...], Chain] = {}
    for part in sorted(parts, key=_kind_and_message):
        kinds.setdefault(_kind(part), part)
    return [raised for part in kinds.values() for raised in part]


def _kind(chain: Chain) -> tuple[object, ...]:
    return tuple((one.type or "", tuple(frame[:3] for frame in one.frames)) for one in chain)


def _kind_and_message(chain: Chain) -> tuple[object, ...]:
    return (_kind(chain), tuple(one.message or "" for one in chain))


def _raised(section: str) -> Raised:
    """One exception; what looks like frames after its type is part of its message.

    But what stands before a traceback without frames of its own is no exception of ours: words of a
    launcher, or `_RemoteTraceback`, which holds the traceback that another process sent.
    """
    named = TYPE.search(section)
    header = HEADER.search(section)
    body = header.start() if header else len(section)
    if named and named.start() < body:
        if header and not FRAME.search(section, 0, named.start()):
            return _raised(section[body:])
        cut = FRAME.search(section, named.end(), body)
        if cut and not named[2]:  # the rest of a line whose beginning was cut
            named = TYPE.search(section, cut.end())
    end = named.start() if named else len(section)
    found: dict[Place, None] = {}
    for match in FRAME.finditer(section, 0, end):
        if named or match.end() < end:  # else the line may be cut
            place = (match[1], match[2], match[3])
            found.pop(place, None)
            found[place] = None
    frames = distinct_frames(_frames(list(found)[-FRAMES_MAX:]))
    return Raised(named and named[1], frames, named and _message(named, section))


def _message(named: re.Match[str], section: str) -> str | None:
    """The line after the type; further ones where it announces them."""
    first = named[2]
    if first is None:
        return None
    if not ANNOUNCES.search(first):
        return GROUP_SIZE.sub("", first) or None
    lines = [first]
    for line in section[named.end() + 1 :].split("\n", MESSAGE_LINES_MAX)[:MESSAGE_LINES_MAX]:
        words = MARGIN.sub("", line, 1)
        if not words.strip() and lines[-1].strip():
            break
        lines.append(words)
    return "\n".join(lines).strip() or None


def _frames(places: list[Place]) -> Iterator[Frame]:
    """The frames, nearest the raise first; a lambda of ours has the name of the function around it,
    which is the nearest of ours if that is in the same file."""
    frames: list[Frame] = []
    modules: dict[str, str] = {}
    outer = ("", "")
    for path, line, function in places:
        name = function or "<syntax>"
        if name in INLINED:
            continue
        slashes = path.replace("\\", "/")
        if slashes not in modules:
            modules[slashes] = module(slashes)
        in_app, reason = origin(slashes, name)
        if name.startswith("<cell line:"):
            name = "<module>"
        if in_app:
            if name in NAMELESS and outer[0] == path:
                name = outer[1] if outer[1].endswith(name) else f"{outer[1]}.{name}"
            outer = (path, name)
        frames.append(Frame(modules[slashes], name, in_app, reason, path, _number(line)))
    return reversed(frames)


def _number(digits: str) -> int | None:
    """A line number that fits into a column of 32 bits."""
    return int(digits) if len(digits) <= 9 else None
