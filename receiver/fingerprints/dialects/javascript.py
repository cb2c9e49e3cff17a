"""Stacks of V8 (Node.js, Chrome, Deno) and of Firefox and Safari, as `Error.stack` holds them."""

import re

from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.source_path import module_name

# The runtime, installed packages, bundler runtimes and browser extensions.
LIBRARY = re.compile(
    r"^node_modules/|^/var/runtime/|^(?:node|bun|deno|ext|native|internal|webpack/runtime)\b"
    r"|^(?:eval at|index|wasm) |^[<\[]|extension:|webpack/bootstrap|webpack/runtime"
)

V8_FRAME = re.compile(r"\n[ \t]++at (?:async )?+([^\n]++)")
# Gecko marks what called asynchronously: "promise callback*place@https://...".
GECKO_FRAME = re.compile(r"\n(?:[A-Za-z][A-Za-z ]*+\*)?([^\s@]*+)@(\S+:[0-9]++)(?=\n|\Z)")
CAUSE = re.compile(r"\n[ \t]*+(?:\[cause\]|Caused by): ([A-Za-z_$][\w$.]*+)")
TYPE = re.compile(r"\s*+(?:Uncaught )?([A-Za-z_$][\w$.]*+)(?: \[\w++\])?(?=[:\n]|\Z)")

# Scheme and host before the path, query and fragment after it.
AROUND_PATH = re.compile(r"^[a-z-]++:/{2,}(?:[^/\n]*+(?=/))?|[?#].*")
# What bundlers add for the sake of caches: main.3f2a9b1c.js, index-BxK3d9_a.js. Base64 at the end,
# hex anywhere.
CONTENT_HASH = re.compile(
    r"-(?=[a-z_-]{0,7}[A-Z0-9])[A-Za-z0-9_-]{8}$|[.~-](?=[a-f]*+[0-9])[0-9a-f]{6,}+(?=[.~-]|$)"
)
# What V8 puts before a function's own name: the receiver's class where it says nothing.
RECEIVER = re.compile(r"^(?:Object|Function|Module|Proxy|exports)\.(?=.)")
NUMBER = re.compile(r"\b[0-9]++\b")

MINIFIED = "<minified>"
MINIFIED_LENGTH_MAX = 2


def read(text: str) -> list[Raised]:
    """The error, then the causes that `util.inspect` prints; `error.stack` alone has none."""
    head, *sections = CAUSE.split(text)
    named = TYPE.match(head)
    chain = [Raised(named[1] if named else None, _frames(head))]
    for name, section in zip(*[iter(sections)] * 2, strict=True):
        chain.append(Raised(name, _frames(section)))
    return chain if any(raised.frames for raised in chain) else []


def _frames(section: str) -> tuple[Frame, ...]:
    found = [_split(line) for line in V8_FRAME.findall(section)] or GECKO_FRAME.findall(section)
    return tuple(dict.fromkeys(_frame(*names) for names in dict.fromkeys(found)))


def _split(line: str) -> tuple[str, str]:
    """`Layer.handle [as handle_request] (/app/x.js:95:5)` as function and place."""
    # util.inspect opens the error's own properties behind the last frame.
    function, parenthesis, place = line.removesuffix(" {").partition(" (")
    if not parenthesis:
        # A place alone has a line number; a function alone has none.
        return ("", function) if function[-1:].isdigit() else (function, "<anonymous>")
    return function.partition(" [as ")[0], place.removesuffix(")")


def _frame(function: str, place: str) -> Frame:
    place = place.rstrip("0123456789:")
    named = "/" in place or "\\" in place
    library = not named or "/node_modules/" in place or bool(LIBRARY.search(place))
    plain = place.startswith("/") and "?" not in place
    module = module_name(place if plain else AROUND_PATH.sub("", place))
    function = RECEIVER.sub("", function) or "<anonymous>"
    if not library:
        module, bundled = _without_hash(module)
        if bundled and len(function.rpartition(".")[2]) <= MINIFIED_LENGTH_MAX:
            function = MINIFIED
    return Frame(module, NUMBER.sub("#", function), not library)


def _without_hash(module: str) -> tuple[str, bool]:
    """The module without a bundler's hash or number, and whether a bundler named it."""
    directory, slash, stem = module.rpartition("/")
    stable = NUMBER.sub("#", CONTENT_HASH.sub("", stem))
    return directory + slash + stable, stable != stem or stem.endswith(".min")
