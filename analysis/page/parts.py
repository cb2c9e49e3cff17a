"""The parts of the page in the order in which a check and a report tell them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.check.lines import Line, Section, line
from analysis.check.sections import sections
from analysis.page import evidence_tables, other_tables
from analysis.page.earlier import changed_figures, changed_lists, earlier_note
from analysis.page.exception_cards import Group, exception_groups
from analysis.page.figures import Figure, figures
from analysis.page.headline import Tile, tiles
from analysis.page.spoken import Item, items
from analysis.page.suspected import changed_files, owner_lines, suspect_table
from analysis.page.table import Table, cell_text
from analysis.report.contents import Report
from analysis.report.impact import in_all
from analysis.report.words import NO_SPANS

_PAIRS = "pairs"
_TRACE = "example-trace"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines or a table, under a title of its own when it has one; `folded`: opened when asked."""

    title: str = ""
    items: tuple[Item, ...] = ()
    table: Table | None = None
    look: str = ""
    note: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one heading of the page."""

    title: str
    blocks: tuple[Block, ...] = ()
    tiles: tuple[Tile, ...] = ()
    figures: tuple[Figure, ...] = ()
    exceptions: tuple[Group, ...] = ()


def parts(report: Report) -> tuple[Part, ...]:
    """Every part that has something to tell; nothing found is told where it is a finding."""
    told = {one.title: one for one in sections(report.check)} if report.check else {}
    drawn = figures(report)
    found = (
        _impact(report, told),
        Part("Charts", figures=tuple(one for one in drawn if one.name != _TRACE)),
        _timeline(report),
        *_earlier(report),
        *_said(told, "Findings"),
        *_failing(report, told),
        *_said(told, "Known patterns"),
        *_suspects(report),
        _changed(report),
        *_said(told, "Ruled out"),
        *_said(told, "Caveats"),
        *_said(told, "Still needed"),
        _examples(report, drawn),
        _appendix(report, told),
    )
    return tuple(found)


def _lines(told: Mapping[str, Section], *titles: str) -> Iterator[Line]:
    for title in titles:
        if title in told:
            yield from told[title].lines


def _said(told: Mapping[str, Section], title: str) -> Iterator[Part]:
    """The section of the check of this title, when it has one."""
    if title in told:
        yield Part(title, (Block(items=items(told[title].lines)),))


def _impact(report: Report, told: Mapping[str, Section]) -> Part:
    explained = in_all(report)
    lines = (
        *_lines(told, "Failures", "Compared"),
        *([line(explained)] if explained else []),
        *_lines(told, "More reasons"),
    )
    blocks = [
        Block(items=items(lines)),
        Block(table=evidence_tables.measures(report), folded=True),
    ]
    if report.comparison is None:
        blocks = [Block(note=NO_SPANS), *blocks[:1]]
    return Part("Impact", tuple(blocks), tuple(tiles(report.check)) if report.check else ())


def _timeline(report: Report) -> Part:
    blocks = [
        Block(table=other_tables.milestones(report), look=_PAIRS),
        Block(table=other_tables.timeline(report)),
    ]
    if report.looks:
        blocks.append(Block(table=other_tables.looks(report)))
    return Part("Timeline", tuple(blocks))


def _failing(report: Report, told: Mapping[str, Section]) -> Iterator[Part]:
    """The evidence, each table also when it is empty: nothing found is a finding."""
    if report.comparison is None:
        return
    yield Part(
        "Endpoints and services",
        (
            Block(table=evidence_tables.endpoints(report)),
            Block(table=evidence_tables.services(report)),
            Block(table=evidence_tables.status_codes(report), folded=True),
            Block(table=evidence_tables.latencies(report), folded=True),
            Block(table=evidence_tables.traffic(report), folded=True),
        ),
    )
    yield Part(
        "Where failures start",
        (Block(table=evidence_tables.origins(report)),),
    )
    yield Part(
        "Exceptions",
        (Block(items=items(_lines(told, "Exceptions"))),),
        exceptions=exception_groups(report),
    )


def _suspects(report: Report) -> Iterator[Part]:
    if report.suspicion is not None:
        yield Part(
            "Suspects and owners",
            (
                Block(items=items(owner_lines(report))),
                Block(table=suspect_table(report)),
                Block(table=changed_files(report)),
            ),
        )


def _earlier(report: Report) -> Iterator[Part]:
    difference = report.difference
    if difference is not None:
        yield Part(
            "Since the earlier report",
            (
                Block(note=cell_text(earlier_note(difference), 600)),
                Block(table=changed_figures(difference)),
                Block(table=changed_lists(difference)),
            ),
        )


def _changed(report: Report) -> Part:
    block = Block(table=evidence_tables.changes(report))
    return Part("What changed", (block if report.comparison else Block(note=NO_SPANS),))


def _examples(report: Report, drawn: tuple[Figure, ...]) -> Part:
    trace = tuple(one for one in drawn if one.name == _TRACE)
    blocks = (Block(table=other_tables.examples(report)),) if report.examples else ()
    return Part("Example traces", blocks, figures=trace)


def _appendix(report: Report, told: Mapping[str, Section]) -> Part:
    note = (
        "Everything above comes from these saved queries; deploylens query NAME -p KEY=VALUE asks"
        " one again. The hash is over its rows: the same hash means the same rows."
    )
    listed = (
        (title, items(_lines(told, title))) for title in ("Thresholds that decided", "See it")
    )
    return Part(
        "Appendix: the queries behind this",
        (
            Block(table=other_tables.facts(report), look=_PAIRS),
            *(Block(title, lines) for title, lines in listed if lines),
            Block(note=note),
            Block(table=other_tables.parameters(report)),
            Block(table=other_tables.queries(report)),
        ),
    )
