"""Backtraces as Ruby's `Exception#full_message` and Rails' log write them: the raise first."""

import re

from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.source_path import module_name

# Gems by folder or by Rails' "name (1.2.3)", the standard library, and code without a file.
LIBRARY = re.compile(
    r"/gems/|/rubygems|/lib/ruby/|/vendor/|/\.rbenv/|^<internal:|^\(|^[\w-]++ \([0-9]"
)

FRAME = re.compile(r"\n[ \t]*+(?:from )?([^\n:`']++):[0-9]++:in [`']([^`'\n]++)'")
# A line with a frame, a message and a class begins an exception; its cause follows its frames.
SECTION = re.compile(
    r"\n(?=[^\s][^\n:`']*+:[0-9]++:in [`'][^`'\n]++': )(?=[^\n]*\(([A-Z][\w:]*+)\)(?:\n|\Z))?"
)
BLOCK = re.compile(r"^(?:(?:block|rescue|ensure)(?: \([0-9]++ levels\))? in )++")
# Compiled templates: _app_views_orders_show_html_erb__1234567_890.
TEMPLATE = re.compile(r"(?<!_)__+[0-9]++_[0-9]++$")


def read(text: str) -> list[Raised]:
    """An exception and its causes, in the order of the text."""
    heads = list(SECTION.finditer(text))
    starts = [0, *(head.start() for head in heads[1:])]
    types = [head[1] for head in heads] or [None]
    sections = [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    chain = [Raised(name, _frames(section)) for name, section in zip(types, sections, strict=True)]
    return chain if any(raised.frames for raised in chain) else []


def _frames(section: str) -> tuple[Frame, ...]:
    found = dict.fromkeys(FRAME.findall(section))
    return tuple(dict.fromkeys(_frame(path, function) for path, function in found))


def _frame(path: str, function: str) -> Frame:
    library = LIBRARY.search(path) is not None
    return Frame(module_name(path), TEMPLATE.sub("", BLOCK.sub("", function)), not library)
