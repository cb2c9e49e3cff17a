"""Stacks of PHP as `Throwable::__toString`, a fatal error and OpenTelemetry write them."""

import re
from collections.abc import Iterable

from receiver.fingerprints.dialects import php_opentelemetry
from receiver.fingerprints.dialects.bounds import EXCEPTIONS_MAX, LINES_MAX
from receiver.fingerprints.dialects.php_names import function_name, place_of
from receiver.fingerprints.frame import Frame, Raised, distinct_frames

# "in /path/file.php:5" or "at /path/file.php:5)" ends the line before the frames.
STACK = re.compile(r"\n(?:Stack trace:|\[stacktrace\])")
THROWN = re.compile(r"((?:[A-Za-z]:)?[^\n:]++(?:://[^\n:]++)?(?:: [^\n:]++){0,3}):([0-9]++)\)?\Z")
FRAME = re.compile(
    r"\n#[0-9]++ (?:(\[internal function\]|(?:[^\n(]++|\((?![0-9]++\): ))++)"
    r"(?:\(([0-9]++)\))?: ([^\n]++)|\{main\})"
)
# Begins the exception that was thrown because of the one above it.
NEXT = re.compile(r"\n[ \t]*+Next(?= [A-Za-z_\\])")
TYPE = re.compile(
    r"[\n ](?:PHP )?(?:Fatal error: ++)?(?:Uncaught )?(?:exception ')?"
    r"([A-Za-z_\\][\w\\]*+)(?:@anonymous)?(?:' with message '|:(?: |(?=\n|\Z))|'?(?= in ))"
)
# Laravel and Monolog: {"exception":"[object] (App\\OrderException(code: 0): order 7 failed at ...
LOGGED = re.compile(r"\[object\] \(([A-Za-z_\\][\w\\]*+)\(code: [0-9-]++\): ?")


def read(text: str) -> list[Raised]:
    """The exception and its previous ones, which PHP's own form writes first."""
    chain = [_raised(section) for section in reversed(NEXT.split(text)[-EXCEPTIONS_MAX:])]
    if any(raised.frames for raised in chain):
        return chain
    return php_opentelemetry.read(text)


def _raised(section: str) -> Raised:
    stack = STACK.search(section)
    head = section[: stack.start()] if stack else ""
    # The message may say "called in FILE on line 7 and defined", too.
    at = max(head.rfind(" in "), head.rfind(" at "))
    thrown = THROWN.match(head, at + 4) if at >= 0 else None
    named = TYPE.match(section) or LOGGED.search(section)
    name = named[1].replace("\\\\", "\\") if named else None
    message = None
    if named and thrown:
        message = head[named.end() : at].strip().rstrip("'") or None
    return Raised(name, distinct_frames(_frames(section, thrown)), message)


def _frames(section: str, thrown: re.Match[str] | None) -> Iterable[Frame]:
    """A line says which function was called and from where: its own code is where the line above
    is."""
    place = (thrown[1], thrown[2]) if thrown else ("", "")
    found = FRAME.findall(section)[:LINES_MAX]
    for at, (path, line, call) in enumerate(found):
        name = function_name(call) if call else "{main}"
        following = found[at + 1][2] if at + 1 < len(found) else ""
        # PHP's own functions have no file: the throw is said to be where they were called.
        builtin = place == (path, line) and (not following or function_name(following) != name)
        yield place_of(name, *place, builtin=builtin and name != "{main}")
        place = (path, line)
