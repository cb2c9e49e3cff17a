"""Backtraces as Ruby's `Exception#full_message` and Rails' log write them."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from receiver.fingerprints.dialects.bounds import EXCEPTIONS_MAX, LINES_MAX
from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.source_path import module_name

# By folder, by Rails' "name (1.2.3)", and code without a file. A folder called gems that holds no
# version is the application's own.
LIBRARIES = (
    ("installed gem", re.compile(
        r"/gems/[^/\n]*-[0-9]|/bundler/gems/|/rubygems|/vendor/|^[\w-]++ \([0-9]"
    )),
    ("standard library of Ruby", re.compile(
        r"/lib/ruby/|/lib/j?ruby/stdlib/|/\.rbenv/|^<internal:|^uri:classloader:"
        r"|^org/(?:j|truffle)ruby/|\.java$"
    )),
    ("evaluated text, without a file", re.compile(r"^\(")),
    ("program that an installed gem brings", re.compile(
        r"(?:^|/)bin/(?:rails|rake|bundle|puma|unicorn|sidekiq|rspec|spring|rackup|irb)$|^-e$"
    )),
)  # fmt: skip
OURS = "not in a folder of gems or of Ruby"
CORE = "method of Ruby's core, called from this line"

PLACE = r"(?:\(eval at [^\n]{1,512}?\)|<internal:[^\n>]*+>|[A-Za-z]:[/\\][^\n:`']*+|[^\n:`'\x1f]++)"
FRAME = re.compile(
    r"\n[ \t]*+(?:[0-9]++: )?(?:from )?(" + PLACE + r"):([0-9]++)(?::in [`']([^`'\n]++)'|(?=\n|\Z))"
)
# A line with a frame, a message and a class begins an exception; its cause follows its frames.
HEAD = re.compile(r"\n(?=[^\s])" + PLACE + r":[0-9]++:in [`'][^`'\n]++': ?([^\n]*+)")
CLASS = re.compile(r" ?\(([A-Z][\w:]{0,500})\)\Z")
# Ruby 2.5 to 2.7, and `order: :bottom`: the outermost call first, the raise last.
BOTTOM = re.compile(r"\n?Traceback \(most recent call last\):(?=\n)")

BLOCK = re.compile(r"(?:(?:block|rescue|ensure|else)(?: \([0-9]++ levels\))? in )++")
# Compiled templates: _app_views_orders_show_html_erb__1234567_890.
TEMPLATE = re.compile(r"(?<!_)__+[0-9]++_[0-9]++$")
# Since Ruby 3.4: Order#place, Shop::Order.find, #<Class:0x000>#run.
QUALIFIED = re.compile(r"([\w:]++|#<[^\n>]*+>)[#.](?=[^\d\s])")
# Before Ruby 1.9.2, and in some logs, a line of the program itself names no method.
SOURCES = (".rb", ".erb", ".ru", ".rake", ".haml", ".slim", ".builder")
TOP_LEVEL = ("<top (required)>", "<compiled>")


def read(text: str) -> list[Raised]:
    """An exception and its causes, the raise first whichever way round the text is."""
    bottom = BOTTOM.search(text)
    if bottom:
        return _bottom_first(text[bottom.end() :])
    heads = list(islice(HEAD.finditer(text), EXCEPTIONS_MAX + 1))
    starts = [0, *(head.start() for head in heads[1:])]
    sections = [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    headlines = [head[1] for head in heads] or [""]
    chain = [
        _raised(headline, FRAME.findall(section))
        for headline, section in zip(headlines, sections, strict=True)
    ]
    return chain if any(raised.frames for raised in chain) else []


def _bottom_first(text: str) -> list[Raised]:
    chain: list[Raised] = []
    start = 0
    for head in islice(HEAD.finditer(text), EXCEPTIONS_MAX):
        found = FRAME.findall(text[start : head.start()]) + FRAME.findall(head[0])
        chain.append(_raised(head[1], found[::-1]))
        start = head.end()
    return chain[::-1]


def _raised(headline: str, found: Sequence[tuple[str, str, str]]) -> Raised:
    name, message = _told(headline)
    return Raised(name, _frames(found), message)


def _told(headline: str) -> tuple[str | None, str | None]:
    """The class and the message of `order 7 failed (OrderError)`."""
    named = CLASS.search(headline)
    message = headline[: named.start()] if named else headline
    return (named[1] if named else None), message.strip() or None


def _frames(found: Sequence[tuple[str, str, str]]) -> tuple[Frame, ...]:
    return distinct_frames(_each_frame(found))


def _each_frame(found: Sequence[tuple[str, str, str]]) -> Iterable[Frame]:
    lines = [one for one in found[:LINES_MAX] if one[2] or one[0].endswith(SOURCES)]
    reasons = [_library(path) for path, _, _ in lines]
    callers = _callers(lines, reasons)
    for (path, line, label), library, caller in zip(lines, reasons, callers, strict=True):
        module = module_name(path)
        # What is written in C has no file of its own: Ruby gives it the line that called it.
        called_here = caller is not None and caller[:2] == (path, line) and caller[2] != label
        reason = library or (CORE if called_here and not BLOCK.match(label) else None)
        yield Frame(
            module, _function(label, module), not reason, reason or OURS, path, int(line[:9])
        )


def _callers(
    lines: Sequence[tuple[str, str, str]], reasons: Sequence[str | None]
) -> list[tuple[str, str, str] | None]:
    """Of each line the next one below it that is in no library."""
    callers: list[tuple[str, str, str] | None] = []
    below = None
    for line, reason in zip(reversed(lines), reversed(reasons), strict=True):
        callers.append(below)
        below = below if reason else line
    return callers[::-1]


def _library(path: str) -> str | None:
    return next((why for why, pattern in LIBRARIES if pattern.search(path)), None)


def _function(label: str, module: str) -> str:
    """The method, and its class where that is not the one the file is named after.

    Ruby 3.4 began to write the class. Were it kept in `order.rb` for `Order`, too, a new Ruby would
    make every exception a new one.
    """
    if not label:
        return "<main>"
    name = TEMPLATE.sub("", BLOCK.sub("", label, count=1))
    if name in TOP_LEVEL:
        return "<main>"
    owner = QUALIFIED.match(name)
    if not owner:
        return name
    plain = name[owner.end() :]
    last = owner[1].rpartition("::")[2]
    stem = module.rpartition("/")[2].replace("_", "").lower()
    if owner[1].startswith("#<") or last in ("Object", "Kernel") or last.lower() == stem:
        return plain
    return f"{last}{name[owner.end() - 1]}{plain}"
