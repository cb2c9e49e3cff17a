"""Lines of a check as pieces of text for the template: it escapes each and marks what was sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from analysis.check.lines import Line, Said, Sent, Typed, Word
from analysis.safe_text import shortened, shown

_NAME_LENGTH_MAX = 200
_SENTENCE_LENGTH_MAX = 600


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line: 'ours', 'sent' (a name that came with telemetry) or 'typed' (a command)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line in pieces, and what is told below it."""

    pieces: tuple[Piece, ...]
    tone: str
    below: tuple[tuple[Piece, ...], ...] = ()


def items(lines: Iterable[Line]) -> tuple[Item, ...]:
    """An item for each line, with those below it as its own."""
    found: list[Item] = []
    for one in lines:
        if one.below and found:
            last = found.pop()
            found.append(Item(last.pieces, last.tone, (*last.below, pieces(one.words))))
        else:
            found.append(Item(pieces(one.words), one.tone))
    return tuple(found)


def pieces(words: Iterable[Word]) -> tuple[Piece, ...]:
    """Each word as a piece on one line, harmless and not too long."""
    return tuple(_piece(word) for word in words)


def plain(words: Iterable[Word]) -> str:
    """The words as text alone, for a title."""
    return "".join(piece.text for piece in pieces(words))


def _piece(word: Word) -> Piece:
    match word:
        case str():
            return Piece("ours", word)
        case Sent(text):
            return Piece("sent", shortened(shown(text), _NAME_LENGTH_MAX) or "(none)")
        case Said(text):
            return Piece("ours", shortened(shown(text), _SENTENCE_LENGTH_MAX))
        case Typed(text):
            return Piece("typed", shown(text))
    assert_never(word)
