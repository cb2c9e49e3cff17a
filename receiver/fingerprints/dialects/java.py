"""Stacks as `Throwable.printStackTrace` writes them: Java, Kotlin, Scala, Groovy, Clojure.

Logback and Log4j write the same with the jar of each class after it, or with the root cause first.
"""

import re
from itertools import islice

from receiver.fingerprints.dialects.jvm_names import MINIFIED, place, type_name
from receiver.fingerprints.dialects.jvm_packages import LIBRARIES
from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.remembering import remembered

# A name may hold spaces: functions of Kotlin and Groovy may be named by sentences.
FRAME = re.compile(r"\n[ \t|]++at ([^\s(](?:[^\n(]*+))\(([^)\n]*+)\)")
# Causes begin a line. Indented ones, and Suppressed, belong to what failed while this failed.
# Reactor writes the frames of the exception itself below its own description.
SECTION = re.compile(
    r"\n([ \t|]*+(?:Caused by|Suppressed|Wrapped by)): ([^\W\d][\w.$]*+|\[CIRCULAR REFERENCE)"
    r"|\n(Original Stack Trace):"
)
TYPE = re.compile(r'(?:Exception in thread "[^"\n]*+" )?([^\W\d][\w.$-]*+)(?=[:\n]|\Z)')
FRAMES_BEGIN = re.compile(r"\n[ \t|]++(?:at [^\s(]|\.\.\. [0-9])")
MESSAGE_LENGTH_MAX = 4096
FRAMES_MAX = 1000
SECTIONS_MAX = 200
NAME_LENGTH_MAX = 500

OURS = "in no package of a library"
SHORTENED = "name shortened by R8 or ProGuard"
# Where a coroutine's exception was copied to where its result was awaited.
COPIED = "_COROUTINE._BOUNDARY._("

WITH_DATA = "clojure.lang.ExceptionInfo"


def read(text: str) -> list[Raised]:
    """An exception and its causes in the order of the text; suppressed exceptions do not count."""
    head, *sections = SECTION.split(text, SECTIONS_MAX)
    lead = head.lstrip("\n")
    named = TYPE.match(lead)
    rest = lead[named.end() :] if named else head
    chain = [_raised(named[1] if named else None, rest)]
    copied = COPIED in head
    root_first = False
    for keyword, name, original, section in zip(*[iter(sections)] * 4, strict=True):
        if original:
            first = chain[-1]
            frames = distinct_frames((*first.frames, *_frames(section)))
            chain[-1] = first._replace(frames=frames)
        elif keyword in ("Caused by", "Wrapped by") and not name.startswith("["):
            raised = _raised(name, section)
            chain[-1:] = [raised] if copied and _is_copy(chain[-1], raised) else [chain[-1], raised]
            copied = COPIED in section
            root_first = root_first or keyword == "Wrapped by"
    if root_first:
        chain.reverse()
    return chain if any(raised.frames for raised in chain) else []


def _raised(name: str | None, section: str) -> Raised:
    return Raised(name and type_name(name), _frames(section), _message(name, section))


def _is_copy(copy: Raised, original: Raised) -> bool:
    """Whether both are one exception; the message of the first may have been cut out."""
    return copy.type == original.type and copy.message in (None, original.message)


def _message(name: str | None, section: str) -> str | None:
    """What stands between the type and the first frame; without the data that Clojure adds."""
    if not section.startswith(": "):
        return None
    begin = FRAMES_BEGIN.search(section)
    message = section[2 : begin.start() if begin else len(section)]
    if name == WITH_DATA:
        message = message.partition(" {:")[0]
    return message[:MESSAGE_LENGTH_MAX].strip() or None


def _frames(section: str) -> tuple[Frame, ...]:
    found: dict[str, str] = {}
    for name, location in islice(FRAME.findall(section), FRAMES_MAX):
        found.setdefault(name, location)
    frames = (_frame(name, location) for name, location in found.items())
    return distinct_frames(frame for frame in frames if frame)


def _frame(name: str, location: str) -> Frame | None:
    file, line = _source(location)
    any_line = location if line is None else f"{location.rpartition(':')[0]}:1"
    known = _of_any_line(name[: NAME_LENGTH_MAX + 1], any_line)
    return None if known is None else known._replace(file=file, line=line)


@remembered
def _of_any_line(name: str, location: str) -> Frame | None:
    if name[-1] == " " or (written := place(name[:NAME_LENGTH_MAX], location)) is None:
        return None
    module, function = written
    in_app, reason = _origin(f"{module}.")
    return Frame(module, function, in_app, reason)


def _origin(package: str) -> tuple[bool, str]:
    if package.startswith(MINIFIED):
        return False, SHORTENED
    if not package.startswith(LIBRARIES):
        return True, OURS
    prefix = next(prefix for prefix in LIBRARIES if package.startswith(prefix))
    return False, f"package {prefix.rstrip('.')} is a library"


def _source(location: str) -> tuple[str | None, int | None]:
    """File and line of `Order.java:12`; None for `Native Method` and `Unknown Source`."""
    file, colon, line = location.rpartition(":")
    if not colon:
        return (location if "." in location else None), None
    number = int(line) if line.isascii() and line.isdigit() and len(line) <= 9 else None
    return (file if "." in file else None), number
