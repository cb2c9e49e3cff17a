"""A report on its way into files: rendered, held against what is there, and written whole."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.commands.output import say, write
from analysis.commands.report_options import DEFAULT_TEMPLATE, HTML, JSON, Destination
from analysis.exit_code import UsageRefused

if TYPE_CHECKING:
    from analysis.report.contents import Report


def check_before_asking(to: Destination) -> None:
    """Refuse what can be seen to go wrong before the store is asked; raises UsageRefused."""
    if to.update is not None:
        _refuse_damaged(to.update)
    if to.template is not None:
        from analysis.report.templates import template_named

        template_named(to.template)
    for path in (to.output, to.update):
        if path is not None and not path.resolve().parent.is_dir():
            raise UsageRefused(f"{path.parent} is no folder. Create it, or name another file.")


def deliver(report: "Report", to: Destination) -> None:
    """Write the report where it was asked for; raises UsageRefused for a file that holds something
    else, before anything is written, and OSError."""
    files = dict(_assets(report, to.assets)) if to.assets is not None else {}
    text = rendered_text(report, to)
    if to.update is not None:
        files[to.update] = _updated(report, to.update, text)
    elif to.output is not None:
        files[to.output] = text.encode()
    kept = () if to.update is None else (to.update,)
    if not to.force:
        refuse_replacing(files, kept)
    if to.assets is not None:
        to.assets.mkdir(parents=True, exist_ok=True)
    _write(files, kept)
    if to.output is None and to.update is None:
        write(text)


def rendered_text(report: "Report", to: Destination) -> str:
    """The report as text."""
    if to.form == JSON:
        from analysis.report.report_json import report_json

        return report_json(report)
    if to.form == HTML and to.template is None:
        from analysis.page.page import page

        return page(report)

    from analysis.report.templates import rendered, template_named
    from analysis.report.templates.shipped import BLOCK

    if to.template is not None:
        return rendered(report, template_named(to.template))
    return rendered(report, DEFAULT_TEMPLATE if to.update is None else BLOCK)


def read_document(path: Path) -> bytes:
    """The document that a block is to be put into; raises UsageRefused when there is none, and
    OSError."""
    if not path.exists():
        raise UsageRefused(
            f"{path} does not exist. --update changes a document that is there; -o writes one."
        )
    return path.read_bytes()


def refuse_replacing(files: Mapping[Path, bytes], kept: Iterable[Path] = ()) -> None:
    """Refuse to replace a file that says something else: somebody may have filled it in. Raises
    UsageRefused; those of `kept` may be replaced."""
    for path, content in files.items():
        if path in kept or not path.exists():
            continue
        if not path.is_file() or path.read_bytes() != content:
            raise UsageRefused(
                f"{path} exists and may hold notes. Name another file, or replace it with --force."
            )


def _refuse_damaged(path: Path) -> None:
    from analysis.report.block_update import DocumentRefused, refuse_damaged

    try:
        refuse_damaged(read_document(path))
    except DocumentRefused as error:
        raise _stays(path, error) from None


def _stays(path: Path, error: UsageRefused) -> UsageRefused:
    return type(error)(f"{path} stays as it is: {error}")


def _updated(report: "Report", path: Path, block: str) -> bytes:
    from analysis.report.block_update import (
        DocumentRefused,
        block_name,
        refuse_blanks,
        updated,
    )

    try:
        refuse_blanks(block)
        return updated(read_document(path), block_name(report), block)
    except DocumentRefused as error:
        raise _stays(path, error) from None


def _assets(report: "Report", folder: Path) -> Iterable[tuple[Path, bytes]]:
    from analysis.charts.canvas import png
    from analysis.charts.drawn import charts

    for chart in charts(report):
        yield folder / f"{chart.name}.svg", chart.svg.encode()
        yield folder / f"{chart.name}.png", png(chart)


def _write(files: Mapping[Path, bytes], updated: Iterable[Path]) -> None:
    from analysis.whole_file import write_whole

    for path, content in files.items():
        write_whole(path, content)
        say(f"{'Updated' if path in updated else 'Wrote'} {path}.")
