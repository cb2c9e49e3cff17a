"""Lines of a check as Markdown. What came with telemetry stays text: no link, mention or HTML."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import assert_never

from analysis.check.lines import Line, Said, Sent, Typed, Word
from analysis.formats.markdown_text import code, inline
from analysis.safe_text import shortened

_NAME_LENGTH_MAX = 200
_SENTENCE_LENGTH_MAX = 600
# Marks that mean nothing in Markdown when they stand alone within a line.
_LONE_MARKS = frozenset({"%", "->", "=", "\u00d7", "\u2192", "\u2013"})
_OPENING, _CLOSING = "'\"(", "'\"),.:;"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT)?\d\d:\d\d(:\d\d)?Z?", re.ASCII)
_SIGNED = re.compile(r"[+-]\d+(\.\d+)?", re.ASCII)
_WITHIN = re.compile(r"(?<=[^\W_])'(?=[^\W_])")


def items_markdown(lines: Iterable[Line]) -> list[str]:
    """An item for each line, with those below it as its own."""
    items: list[str] = []
    for one in lines:
        if one.below and items:
            items[-1] += f"\n  - {line_markdown(one)}"
        else:
            items.append(line_markdown(one))
    return items


def line_markdown(one: Line) -> str:
    """A line."""
    return words_markdown(one.words)


def words_markdown(words: Iterable[Word]) -> str:
    """Words that follow each other in a line."""
    return "".join(_marked(word, first=at == 0) for at, word in enumerate(words))


def prose(text: str, *, starts_line: bool = True) -> str:
    """A sentence that may quote anything: what could mean something in Markdown is code in it."""
    words = text.strip(" ").split(" ")
    plain = [_is_plain(word, first=starts_line and at == 0) for at, word in enumerate(words)]
    runs = groupby(zip(plain, words, strict=True), key=lambda pair: pair[0])
    parts = ((good, " ".join(word for _, word in run)) for good, run in runs)
    return " ".join(part if good else code(part) for good, part in parts)


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
