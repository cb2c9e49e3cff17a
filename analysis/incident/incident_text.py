"""An incident for a terminal: the answer first, then what it rests on.

All text that came with telemetry is harmless in it.
"""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from analysis.check.lines import BAD, GOOD, QUIET, WARNING, Line, Said, Sent, Typed, Word
from analysis.incident.incident import Incident
from analysis.incident.incident_lines import headline, sections
from analysis.safe_text import shortened, shown

_NAME_LENGTH_MAX = 120
_SENTENCE_LENGTH_MAX = 400
_STYLES = {BAD: "red", WARNING: "yellow", GOOD: "green", QUIET: "dim"}


def incident_text(incident: Incident) -> Iterator[RenderableType]:
    """What is told, from the answer to what was looked at."""
    first = headline(incident)
    style = f"bold {_STYLES.get(first.tone, '')}".strip()
    yield Text(_text(first), style=style, overflow="fold")
    for section in sections(incident):
        yield Text()
        yield Text(section.title, style="bold")
        for one in section.lines:
            yield _laid_out(one)


def _laid_out(one: Line) -> RenderableType:
    """The line behind its mark; what does not fit goes on below its own beginning."""
    grid = Table.grid()
    grid.add_column(width=4 if one.below else 2, no_wrap=True)
    grid.add_column(overflow="fold")
    text = Text(_text(one), style=_STYLES.get(one.tone, ""), overflow="fold")
    grid.add_row("" if one.below else "-", text)
    return grid


def _text(one: Line) -> str:
    return "".join(_shown(word) for word in one.words)


def _shown(word: Word) -> str:
    match word:
        case Sent(text) | Typed(text):
            return shortened(shown(text), _NAME_LENGTH_MAX)
        case Said(text):
            return shortened(shown(text), _SENTENCE_LENGTH_MAX)
        case _:
            return word
