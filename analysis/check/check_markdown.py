"""A check as Markdown that pastes into GitHub and the like, in the order of the terminal's.

Text that came with telemetry stays text in it: no link, no mention, no HTML.
"""

import re
from itertools import groupby
from typing import assert_never

from analysis.check.lines import Line, Said, Sent, Typed, Word, line
from analysis.check.sections import REASONS_FIRST, name_words, sections
from analysis.check.verdict_words import VERDICT_WORDS, to_do
from analysis.formats.markdown_text import code, inline
from analysis.report.document import Document
from analysis.safe_text import shortened
from analysis.verdict.check import Check

_NAME_LENGTH_MAX = 200
_SENTENCE_LENGTH_MAX = 600
# Marks that mean nothing in Markdown when they stand alone within a line.
_LONE_MARKS = frozenset({"%", "->", "=", "\u00d7", "\u2192", "\u2013"})
_OPENING, _CLOSING = "'\"(", "'\"),.:;"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT)?\d\d:\d\d(:\d\d)?Z?", re.ASCII)
_SIGNED = re.compile(r"[+-]\d+(\.\d+)?", re.ASCII)
_WITHIN = re.compile(r"(?<=[^\W_])'(?=[^\W_])")


def check_markdown(check: Check) -> str:
    """The whole check."""
    document = Document()
    name = "".join(_marked(word) for word in name_words(check))
    document.heading(2, f"{VERDICT_WORDS[check.verdict].title}: {name}")
    document.paragraph(f"**Gate: {check.gate}.**", _text(to_do(check)))
    if check.reasons:
        document.bullets(_text(line(Said(reason))) for reason in check.reasons[:REASONS_FIRST])
    for section in sections(check):
        document.heading(3, section.title)
        document.bullets(_items(section.lines))
    return document.text()


def prose(text: str, *, starts_line: bool = True) -> str:
    """A sentence that may quote anything: what could mean something in Markdown is code in it."""
    words = text.strip(" ").split(" ")
    plain = [_is_plain(word, first=starts_line and at == 0) for at, word in enumerate(words)]
    runs = groupby(zip(plain, words, strict=True), key=lambda pair: pair[0])
    parts = ((good, " ".join(word for _, word in run)) for good, run in runs)
    return " ".join(part if good else code(part) for good, part in parts)


def _items(lines: tuple[Line, ...]) -> list[str]:
    """An item for each line, with those below it as its own."""
    items: list[str] = []
    for one in lines:
        if one.below and items:
            items[-1] += f"\n  - {_text(one)}"
        else:
            items.append(_text(one))
    return items


def _text(one: Line) -> str:
    return "".join(_marked(word, first=at == 0) for at, word in enumerate(one.words))


def _marked(word: Word, *, first: bool = False) -> str:
    match word:
        case str():
            return word
        case Sent(text):
            return inline(shortened(text, _NAME_LENGTH_MAX)) if text else "(none)"
        case Said(text):
            return prose(shortened(text, _SENTENCE_LENGTH_MAX), starts_line=first)
        case Typed(text):
            return code(text)
    assert_never(word)


def _is_plain(word: str, *, first: bool) -> bool:
    """Whether a word of a sentence means nothing but itself."""
    bare = _WITHIN.sub("", word.lstrip(_OPENING).rstrip(_CLOSING))
    if not bare:
        return not word
    if first and bare != word:  # `1.` or `(a)` would begin a list in a list
        return False
    if bare in _LONE_MARKS:
        return not first
    known = _TIME.fullmatch(bare) or _SIGNED.fullmatch(bare)
    return known is not None or inline(bare) == bare
