"""A JavaScript function's name without what an engine, a compiler or a minifier adds to it."""

import re

ANONYMOUS = "<anonymous>"
MINIFIED = "<minified>"
MODULE = "<module>"

# Whose property a function was called as; of these it says nothing about the function.
RECEIVER = re.compile(
    r"^(?:Object|Function|Module|Proxy|exports|module|Timeout|Immediate|process|global|globalThis"
    r"|Window|Worker|EventEmitter|[A-Za-z]*Socket|Server|IncomingMessage|ServerResponse"
    r"|ClientRequest|ChildProcess|(?:Read|Write)Stream|AsyncResource|HTML[A-Za-z]*Element"
    r"|XMLHttpRequest|AbortSignal|MessagePort|DedicatedWorkerGlobalScope)\.(?=.)"
)
# Properties that the runtime sets on what it calls.
CALLBACK = frozenset(("_onTimeout", "_onImmediate", "onload", "onreadystatechange"))
# Functions that compilers and bundlers write around ours.
GENERATED = frozenset((
    "__awaiter", "__generator", "__asyncGenerator", "__decorate", "__require", "__commonJS",
    "__esm", "__init", "__webpack_require__", "__turbopack_require__", "_asyncToGenerator",
    "asyncGeneratorStep", "_next", "_throw", "_callSuper", "_createClass", "_classCallCheck",
    "_interopRequireDefault", "_interopRequireWildcard", "_loadChunk", "tryCatch",
    "Generator.next", "Generator.throw", "fulfilled", "rejected", "step",
))  # fmt: skip
# These are compiled from `await` only beside the generator that they step through.
STEPS = frozenset(("fulfilled", "rejected", "step", "_next", "_throw", "tryCatch"))
# ./src/orders.ts and 4711 are names that webpack gives the function around a module.
WRAPPER = re.compile(r"[0-9]++|\./.*|[^\s()]*\.[cm]?[jt]sx?")
REGENERATOR = re.compile(r"^\?anon_[0-9]++_|(?<=...)\$$")
ACCESSOR = re.compile(r"(?:^|\.)([gs]et .+)$")
NUMBER = re.compile(r"(?<![A-Za-z0-9_$])[0-9]++(?![A-Za-z0-9_$])")
MINIFIED_NAME = re.compile(r"[A-Za-z_$][\w$]?|[A-Za-z_$][a-z]?(?:[A-Z0-9_$])[\w$]?")
UNBOUND_LENGTH_MAX = 3


def name_of(function: str, alias: str) -> str:
    """The function as its author would name it; `Class.method` where the class is known."""
    function = RECEIVER.sub("", function.removeprefix("async ").removeprefix("bound "))
    accessor = ACCESSOR.search(function)
    function = accessor[1] if accessor else function
    if function in ("", ANONYMOUS, "anonymous") or function in CALLBACK:
        usable = alias and alias not in CALLBACK and "." not in alias
        return alias if usable else ANONYMOUS
    if WRAPPER.fullmatch(function):
        return MODULE
    if "#" in function:
        function = "#" + function.partition("#")[2]
    if function[-1] == "$" or function[0] == "?":
        function = REGENERATOR.sub("", function) or ANONYMOUS
        function = ANONYMOUS if function.startswith("_callee") else function
    return NUMBER.sub("#", function)


def unminified(function: str, alias: str) -> str:
    """What is stable of a name from a minified bundle: properties are, variables are not."""
    new, _, name = function.rpartition("new ")
    owner, _, own = name.rpartition(".")
    if alias and not MINIFIED_NAME.fullmatch(alias) and alias not in CALLBACK:
        own, owner = alias, ""
    if function == MODULE:
        return MODULE
    if own == ANONYMOUS:
        return ANONYMOUS if not _kept(owner) else f"{owner}.{own}"
    if MINIFIED_NAME.fullmatch(own) or (not owner and own != alias and _short(own)):
        return ("new " if new or function.startswith("new ") else "") + MINIFIED
    owner = f"{owner}." if _kept(owner) else ""
    return ("new " if function.startswith("new ") else "") + owner + own


def _kept(owner: str) -> bool:
    """Whether a class kept its name: no part of it is as short as minifiers make them."""
    return bool(owner) and not any(
        MINIFIED_NAME.fullmatch(part) or _short(part) for part in owner.split(".")
    )


def _short(name: str) -> bool:
    return len(name) <= UNBOUND_LENGTH_MAX


def is_generated(function: str, steps: bool) -> bool:
    """Whether a compiler wrote the function; `steps` says that a generator is on the stack."""
    own = function.rpartition(".")[2] if function not in GENERATED else function
    return own in GENERATED and (steps or own not in STEPS)
