"""The overview as a screen: one line per deployment, as much of each as the terminal has room for.

Nothing that came with telemetry reaches the terminal as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from analysis.check.figures import percent
from analysis.check.verdict_words import VERDICT_WORDS
from analysis.formats.text_width import text_width
from analysis.overview.age import age_text, count_text
from analysis.overview.deployment_line import minute_of
from analysis.overview.gathering import HOUR_MINUTES, Overview, OverviewLine
from analysis.overview.sparkline import sparkline
from analysis.overview.state import State
from analysis.printing import printed
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Verdict

WIDTH_PIPED = 160
_NAME_LENGTH_MAX = 60
# How wide the line of failures is, and whether names may be shortened beside it; the first that
# fits. Names come before the line: whoever asks for a verdict types them.
_LAYOUTS = (
    *((cells, False) for cells in (60, 30, 20, 12, 10, 6)),
    (6, True),
)
# What a terminal has no room for is left out in this order.
_DROPPED = ("env", "requests", "age")
_GAP = 1


@dataclass(frozen=True, slots=True)
class _Look:
    """The glyph of a state and its style in a terminal."""

    glyph: str
    style: str


LOOKS = {
    State.ROLLING_OUT: _Look("▲", "bold cyan"),
    State.SERVING: _Look("●", "green"),
    State.DRAINING: _Look("▽", "dim"),
    State.REPLACED: _Look("○", "dim"),
    State.ROLLED_BACK: _Look("↩", "yellow"),
    State.SILENT: _Look("✗", "red"),
    State.MARKED: _Look("◇", "dim"),
}
# The words of a verdict where there is little room.
_SHORT = {Verdict.NOT_ENOUGH_DATA: "more data", Verdict.NOT_THIS_DEPLOYMENT: "not this"}
_STATE_WIDTH = 2 + max(len(state) for state in State)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its title, its cells, how narrow it may get, and whether it holds numbers."""

    title: str
    cells: list[Text]
    least: int
    right: bool = False

    @property
    def width(self) -> int:
        """What it takes when there is room."""
        return max(text_width(self.title), *(text_width(cell.plain) for cell in self.cells))


def screen(
    found: Overview,
    verdicts: Mapping[tuple[str | None, ...], Verdict],
    width: int | None,
    colour: bool = False,
) -> str:
    """The lines of the screen, none wider than `width`; None is a file or a pipe."""
    room = width or WIDTH_PIPED
    columns = _named(found) + _figures(found)
    judged = [verdicts.get(one.deployment.key) for one in found.lines]
    for dropped in range(len(_DROPPED) + 1):
        kept = [one for one in columns if one.title not in _DROPPED[:dropped]]
        for cells, shorten in _LAYOUTS:
            for short in (True,) if shorten else (False, True):
                every = [*kept, _failing(found, cells), _judged(judged, short)]
                widths = _fitted(every, room, shorten)
                if widths is not None:
                    return _printed(every, widths, room, colour)
    return _printed(every, [column.least for column in every], room, colour)


def _named(found: Overview) -> list[_Column]:
    """State, service, version, and the environment unless all have the same."""
    lines = found.lines
    columns = [
        _Column("state", [_state(one) for one in lines], _STATE_WIDTH),
        _Column("service", [_name(one.deployment.service_name) for one in lines], 10),
        _Column("version", [_name(one.deployment.service_version) for one in lines], 8),
    ]
    environments = [one.deployment.environment_name for one in lines]
    if len(set(environments)) > 1 or environments[0] is not None:
        columns.append(_Column("env", [_name(one) for one in environments], 5))
    return columns


def _figures(found: Overview) -> list[_Column]:
    deployments = [one.deployment for one in found.lines]
    return [
        _Column("age", [Text(_age(one.began_at, found.now)) for one in deployments], 4, True),
        _Column("requests", [Text(count_text(one.requests)) for one in deployments], 8, True),
        _Column(
            "failing",
            [
                Text("–" if one.failure_rate is None else percent(one.failure_rate))
                for one in deployments
            ],
            7,
            True,
        ),
    ]


def _failing(found: Overview, cells: int) -> _Column:
    end = minute_of(found.latest or found.now)
    lines = [sparkline(one.minutes, end, HOUR_MINUTES, cells) for one in found.lines]
    return _Column("1 h" if cells < 9 else "last hour", [Text(line) for line in lines], cells)


def _judged(verdicts: Sequence[Verdict | None], short: bool) -> _Column:
    cells = []
    for verdict in verdicts:
        words = VERDICT_WORDS[verdict] if verdict else None
        title = words.title.lower() if words else "-"
        title = _SHORT.get(verdict, title) if short and verdict else title
        cells.append(Text(title, style=words.style if words else "dim"))
    width = max(len("verdict"), *(len(cell) for cell in cells))
    return _Column("verdict", cells, width)


def _fitted(columns: Sequence[_Column], room: int, shorten: bool) -> list[int] | None:
    """The width of each column, the widest names shortened if they may be; None when there is no
    room."""
    widths = [column.width for column in columns]
    while sum(widths) + _GAP * (len(widths) - 1) > room:
        free = [i for i, column in enumerate(columns) if shorten and widths[i] > column.least]
        if not free:
            return None
        widths[max(free, key=lambda index: widths[index])] -= 1
    return widths


def _printed(columns: Sequence[_Column], widths: Sequence[int], room: int, colour: bool) -> str:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        side: JustifyMethod = "right" if column.right else "left"
        table.add_column(column.title, width=width, no_wrap=True, justify=side)
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return printed(table, width=max(room, sum(widths) + _GAP * len(widths)), colour=colour)


def _state(one: OverviewLine) -> Text:
    look = LOOKS[one.state]
    return Text(f"{look.glyph} {one.state}", style=look.style)


def _name(text: str | None) -> Text:
    return Text("–" if text is None else shortened(shown(text), _NAME_LENGTH_MAX))


def _age(began_at: str, now: datetime) -> str:
    if not began_at:
        return "–"
    return age_text(now - datetime.fromisoformat(f"{began_at[:19]}+00:00"))
