"""A check for a terminal: the verdict first, what to do, three reasons, then the evidence.

All text that came with telemetry is harmless in it.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from analysis.check.lines import BAD, GOOD, QUIET, WARNING, Line, Said, Sent, Typed, Word, line
from analysis.check.sections import REASONS_FIRST, name_words, sections
from analysis.check.verdict_words import VERDICT_WORDS, to_do
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check

_NAME_LENGTH_MAX = 120
_SENTENCE_LENGTH_MAX = 400
_STYLES = {BAD: "red", WARNING: "yellow", GOOD: "green", QUIET: "dim"}


def check_text(check: Check) -> Iterator[RenderableType]:
    """What is told, from the verdict to the queries that show it."""
    yield from headline(check)
    for section in sections(check):
        yield Text()
        yield Text(section.title, style="bold")
        for one in section.lines:
            yield _laid_out(one)


def headline(check: Check) -> Iterator[RenderableType]:
    """The verdict, what to do, and the strongest reasons."""
    words = VERDICT_WORDS[check.verdict]
    title = Text(words.title, style=words.style)
    rest = plain_text(name_words(check))
    yield Text.assemble(title, "  ", (rest, "bold"), (f"  gate: {check.gate}", "dim"))
    yield Text(_text(to_do(check)), style="bold", overflow="fold")
    if check.reasons:
        yield Text()
    for reason in check.reasons[:REASONS_FIRST]:
        yield _laid_out(line(Said(reason)))


def _laid_out(one: Line) -> RenderableType:
    """The line behind its mark; what does not fit goes on below its own beginning."""
    style = _STYLES.get(one.tone, "")
    grid = Table.grid()
    grid.add_column(width=4 if one.below else 2, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("" if one.below else "-", Text(_text(one), style=style, overflow="fold"))
    return grid


def plain_text(words: Iterable[Word]) -> str:
    """The words as text that is harmless in a terminal."""
    return "".join(_shown(word) for word in words)


def _text(one: Line) -> str:
    return plain_text(one.words)


def _shown(word: Word) -> str:
    match word:
        case str():
            return word
        case Sent(text):
            return shortened(shown(text), _NAME_LENGTH_MAX)
        case Said(text):
            return shortened(shown(text), _SENTENCE_LENGTH_MAX)
        case Typed(text):
            return shown(text)
    assert_never(word)
