"""Where a report is written to: what goes together, and what happens to files."""

from pathlib import Path

import click
import pytest

from analysis.commands.report_options import (
    HTML,
    JSON,
    MARKDOWN,
    Destination,
    destination,
    previous_and_since,
)
from analysis.commands.report_output import check_before_asking, deliver
from analysis.deployment_name import DeploymentName
from analysis.exit_code import ExitCode, UsageRefused
from analysis.report.block_update import DocumentRefused, block_name, markers
from analysis.report.contents import Report
from analysis.report.report_json import report_json
from analysis.whole_file import write_whole
from tests.command_line import deploylens

EMPTY = Report(DeploymentName("shop", "2"))


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ({}, MARKDOWN),
        ({"form": JSON}, JSON),
        ({"output": Path("a.md")}, MARKDOWN),
        ({"output": Path("a")}, MARKDOWN),
        ({"output": Path("a.HTML")}, HTML),
        ({"output": Path("a.json"), "form": JSON}, JSON),
        ({"update": Path("a.md")}, MARKDOWN),
        ({"template": "google-sre"}, MARKDOWN),
        ({"template": "own.html.j2"}, HTML),
        ({"template": "own.md.j2", "output": Path("a.txt")}, MARKDOWN),
        ({"template": "own.html", "output": Path("a.html")}, HTML),
    ],
)
def test_what_is_written(given: dict[str, object], form: str) -> None:
    """The suffix of the file, the format, or the template says what is written."""
    assert destined(**given).form == form


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"output": Path("a.md"), "update": Path("b.md")}, "Give one of them"),
        ({"update": Path("b.md"), "form": HTML}, "--format says html"),
        ({"update": Path("b.md"), "template": "own.html"}, "makes HTML"),
        ({"update": Path("b.md"), "force": True}, "nothing to --force"),
        ({"output": Path("a.pdf")}, ".md, .html or .json"),
        ({"output": Path("a.json"), "form": HTML}, "a name for JSON"),
        ({"output": Path("a.json"), "template": "google-sre"}, "takes no template"),
        ({"form": HTML, "template": "google-sre"}, "makes Markdown"),
        ({"output": Path("a.md"), "template": "own.html.j2"}, "makes HTML"),
        ({"force": True}, "-o or --assets"),
    ],
)
def test_what_does_not_go_together(given: dict[str, object], expected: str) -> None:
    """Options that contradict each other are refused, and the message says which to give."""
    with pytest.raises(click.UsageError) as refused:
        destined(**given)
    assert expected in refused.value.message


def destined(**given: object) -> Destination:
    """The destination of some options, the others not given."""
    options = {"form": None, "template": None, "output": None, "update": None, "assets": None}
    return destination(**{**options, "force": False, **given})  # type: ignore[arg-type]  # as the test says


def test_since_is_a_time_or_a_report() -> None:
    """What ends in .json is an earlier report, anything else a time; one of each at most."""
    assert previous_and_since(()) == (None, None)
    assert previous_and_since(("2h",)) == (None, "2h")
    assert previous_and_since(("before.JSON", "2h")) == (Path("before.JSON"), "2h")
    for twice in (("2h", "3h"), ("a.json", "b.json")):
        with pytest.raises(click.BadParameter, match="2 were given"):
            previous_and_since(twice)


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    """A file that says something else may hold notes: it stays, and nothing else is written."""
    path = tmp_path / "report.json"
    to = destination(None, None, path, None, None, force=False)
    deliver(EMPTY, to)
    assert path.read_text(encoding="utf-8") == report_json(EMPTY)
    deliver(EMPTY, to)
    path.write_text("my notes")
    with pytest.raises(UsageRefused, match="may hold notes"):
        deliver(EMPTY, to)
    assert path.read_text() == "my notes"
    deliver(EMPTY, destination(None, None, path, None, None, force=True))
    assert path.read_text(encoding="utf-8") == report_json(EMPTY)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder by the name of the file is left alone."""
    (tmp_path / "a.json").mkdir()
    with pytest.raises(UsageRefused, match=r"a\.json exists"):
        deliver(EMPTY, destination(None, None, tmp_path / "a.json", None, None, force=False))


def test_only_the_block_is_replaced(tmp_path: Path) -> None:
    """--update keeps every other byte of the document, and the permissions of its file."""
    path = tmp_path / "doc.md"
    begin, end = markers(block_name(EMPTY))
    before, after = b"# Ours\r\n\xff\r\n\r\n", b"\r\nnotes"
    path.write_bytes(before + f"{begin}\r\nstale words\r\n{end}\r\n".encode() + after)
    path.chmod(0o640)
    to = destination(None, None, None, path, None, force=False)
    check_before_asking(to)
    deliver(EMPTY, to)
    content = path.read_bytes()
    assert content.startswith(before + begin.encode())
    assert content.endswith(end.encode() + b"\r\n" + after)
    assert b"stale words" not in content
    assert path.stat().st_mode & 0o777 == 0o640
    deliver(EMPTY, to)
    assert path.read_bytes() == content


def test_a_document_without_a_place_stays_as_it_is(tmp_path: Path) -> None:
    """Without markers --update writes nothing, and says which two lines it needs."""
    path = tmp_path / "doc.md"
    path.write_text("# Ours\n")
    to = destination(None, None, None, path, None, force=False)
    with pytest.raises(DocumentRefused) as refused:
        deliver(EMPTY, to)
    assert str(path) in str(refused.value)
    assert "deploylens:begin" in str(refused.value)
    assert path.read_text() == "# Ours\n"


def test_what_can_be_seen_to_go_wrong_is_said_before_asking(tmp_path: Path) -> None:
    """A document, folder or template that is not there is refused before the store is opened."""
    for options, expected in (
        (("--update", tmp_path / "gone.md"), "does not exist"),
        (("-o", tmp_path / "gone" / "a.md"), "no folder"),
        (("--template", "postmortem"), "no template"),
        (("-o", tmp_path / "a.docx"), ".md, .html or .json"),
        (("--since", "a.json", "--since", "b.json"), "2 were given"),
    ):
        ended = deploylens("report", "shop@2", *options, store=tmp_path / "no-store.duckdb")
        assert (ended.code, ended.out) == (ExitCode.USAGE, "")
        assert expected in " ".join(ended.err.split())


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """What cannot be written leaves the old file and no draft behind; a link stays a link."""
    path, link = tmp_path / "a.md", tmp_path / "link.md"
    write_whole(path, b"one")
    link.symlink_to(path)
    write_whole(link, b"two")
    assert link.is_symlink()
    assert path.read_bytes() == b"two"
    with pytest.raises(TypeError):
        write_whole(path, "text")  # type: ignore[arg-type]  # fails when the draft is open
    assert path.read_bytes() == b"two"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.md", "link.md"]
