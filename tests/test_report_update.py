"""A report's block inside somebody's document."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analysis.commands.report_options import destination
from analysis.commands.report_output import deliver
from analysis.deployment_name import DeploymentName
from analysis.exit_code import ExitCode
from analysis.report.block_update import DocumentRefused, block_name, markers, updated
from analysis.report.contents import Report
from analysis.report.templates import rendered
from analysis.report.templates.shipped import BLOCK
from tests.command_line import deploylens
from tests.secret_report import everything

NAME = "checkout@1.4.0"
BEGIN, END = markers(NAME)
ANY, ANY_END = "<!-- deploylens:begin -->", "<!-- deploylens:end -->"


@pytest.fixture
def shop(shop_store: Path) -> Path:
    """A store with the orders of the shop."""
    return shop_store


@pytest.fixture
def report(shop_report: Report) -> Report:
    """The report of the version that breaks paying."""
    return shop_report


def test_only_the_block_changes() -> None:
    """What stands around the markers stays, and the markers too."""
    document = f"# Incident 7\n\nour notes\n\n{BEGIN}\nold\n{END}\n\nmore notes\n"
    assert updated(document.encode(), NAME, "new\n").decode() == (
        f"# Incident 7\n\nour notes\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore notes\n"
    )


OUTSIDE = st.binary(max_size=60).filter(
    lambda text: b"`" not in text and b"~" not in text and b"<!--" not in text
)


@given(OUTSIDE, OUTSIDE, st.sampled_from(["\n", "\r\n", "\r"]), st.text(max_size=40), st.booleans())
@settings(deadline=None)
def test_every_other_byte_stays(
    before: bytes, after: bytes, line_end: str, block: str, bom: bool
) -> None:
    """Whatever bytes stand before and after, with any line ends, a byte order mark or none, or no
    line end at the end: they are the same after, and the same block again changes nothing."""
    ends = line_end.encode()
    head = (b"\xef\xbb\xbf" if bom else b"") + (before.rstrip(b"\r\n") + ends if before else b"")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    tail = ends + after if after else b""
    document = head + BEGIN.encode() + ends + b"old" + ends + END.encode() + tail
    text = "".join(c for c in block if c.isprintable())
    once = updated(document, NAME, text)
    assert once.startswith(head + BEGIN.encode() + ends)
    assert once.endswith(END.encode() + tail)
    assert updated(once, NAME, text) == once


def test_lines_end_as_in_the_document() -> None:
    """In a document with CRLF the block has CRLF."""
    document = f"a\r\n{BEGIN}\r\n{END}\r\nb".encode()
    assert updated(document, NAME, "one\ntwo\n") == (
        f"a\r\n{BEGIN}\r\n\r\none\r\ntwo\r\n\r\n{END}\r\nb".encode()
    )


def test_several_blocks_in_one_document() -> None:
    """Each deployment has its own block; a pair without a name is where further ones go."""
    document = f"top\n{ANY}\n{ANY_END}\nbottom\n".encode()
    one = updated(document, "shop@1", "first")
    two = updated(one, "shop@2", "second")
    again = updated(two, "shop@1", "changed")
    first, second = markers("shop@1"), markers("shop@2")
    assert again.decode() == (
        f"top\n{first[0]}\n\nchanged\n\n{first[1]}\n{second[0]}\n\nsecond\n\n{second[1]}\n"
        f"{ANY}\n{ANY_END}\nbottom\n"
    )


def test_a_document_that_does_not_say_where() -> None:
    """Without markers nothing is written, and the two lines to put in are shown."""
    with pytest.raises(DocumentRefused) as error:
        updated(b"# Incident\n", NAME, "new")
    assert str(error.value).endswith(f"where it belongs:\n{BEGIN}\n{END}")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (f"{BEGIN}\nold\n", "line 1: a marker of deploylens is damaged: the block that"),
        (f"old\n{END}\n", "line 2: a marker of deploylens is damaged: no block begins above it"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "line 2: a marker of deploylens is damaged: the block that"),
        (f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n", "line 3: a marker of deploylens is damaged: a bl"),
        (f"{BEGIN}\n{markers('shop@2')[1]}\n", "the block in line 1 has another name"),
        (f"```\n{BEGIN}\n{END}\n```\n", "inside the code block that begins in line 1"),
        (f"~~~ text\n```\n{BEGIN}\n{END}\n", "inside the code block that begins in line 1"),
        (f"    {BEGIN}\n    {END}\n", "a marker stands alone on its line"),
        (f"- {BEGIN}\n{END}\n", "line 1: a marker of deploylens is damaged: a marker stands alone"),
        (f"{BEGIN} x\n{END}\n", "a marker stands alone on its line"),
        (f"{BEGIN[:-1]}\n{END}\n", "a marker stands alone on its line"),
        (f"{BEGIN}\nold\n<!-- deploylens:End {NAME} -->\n", "line 3"),
        (f"{ANY}\nmy notes\n{ANY_END}\n", "nothing stands in it"),
    ],
)  # fmt: skip
def test_damaged_markers_are_refused(document: str, said: str) -> None:
    """A marker without its other, doubled, nested, changed, indented or in a code block: the error
    names the line, and nothing is guessed."""
    with pytest.raises(DocumentRefused) as error:
        updated(document.encode(), NAME, "new")
    assert said in str(error.value)


def test_damage_elsewhere_counts() -> None:
    """The markers of another deployment are damaged: nothing is changed either."""
    with pytest.raises(DocumentRefused):
        updated(f"{BEGIN}\n{END}\n{markers('shop@2')[0]}\n".encode(), NAME, "new")


def test_a_document_in_utf_16() -> None:
    """In UTF-16 no marker can be seen; the error says what to do."""
    with pytest.raises(DocumentRefused, match="Save it as UTF-8"):
        updated(f"{BEGIN}\n{END}\n".encode("utf-16"), NAME, "new")


def test_a_code_block_that_is_closed_does_no_harm() -> None:
    """Fences before the markers that end are none of its business, whatever stands in them."""
    document = f"````\n```\n````\n\n~~~\n~~~\n{BEGIN}\n```\nhalf a fence\n{END}\n".encode()
    assert updated(document, NAME, "new").endswith(f"{BEGIN}\n\nnew\n\n{END}\n".encode())


def test_a_report_cannot_end_its_own_block() -> None:
    """A stack trace that holds a marker stays within the block, also at the next update."""
    block = f"```text\n{END}\n{BEGIN}\n<!--\tDeployLens:end -->\n```\n"
    once = updated(f"{BEGIN}\n{END}\nnotes\n".encode(), NAME, block)
    assert once.count(END.encode()) == 1
    assert updated(once, NAME, "x").decode() == f"{BEGIN}\n\nx\n\n{END}\nnotes\n"


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_any_name_fits_a_marker(service: str, version: str) -> None:
    """Whatever a service calls itself, its markers are two comments on a line each, and its block
    is found again."""
    name = block_name_of(service, version)
    document = "{}\n{}\n".format(*markers(name))
    once = updated(document.encode(), name, "text")
    assert updated(once, name, "other") == once.replace(b"text", b"other")
    tokens = MarkdownIt("commonmark").parse(document)
    assert [token.type for token in tokens] == ["html_block"] * len(tokens)


def block_name_of(service: str, version: str) -> str:
    """The name of the block of this deployment."""
    return block_name(replace(everything(), name=DeploymentName(service, version), parameters={}))


def test_what_was_said_is_in_the_name(report: Report) -> None:
    """An environment or roll-out that was asked for has a block of its own."""
    said = {"environment_name": "prod eu", "deployment_id": "4--2", "until": "later"}
    asked = replace(report, parameters={**report.parameters, **said})
    assert block_name(report) == NAME
    assert block_name(asked) == f"{NAME} environment=prod%20eu deployment=4-%2D2"


def test_the_block_has_nothing_to_fill_in(report: Report) -> None:
    """Blanks belong to people, outside of the block; it begins at the second level of headings."""
    text = rendered(report, BLOCK)
    assert text.startswith("## checkout 1.4.0\n\n### Verdict\n\n**ROLL BACK**")
    assert "fill in" not in text.lower()
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    levels = {token.tag for token in tokens if token.type == "heading_open"}
    assert levels == {"h2", "h3", "h4"}


def test_the_command_updates_a_document(report: Report, shop: Path, tmp_path: Path) -> None:
    """`report --update` puts the block in, keeps notes in any encoding and the file's mode, and
    changes nothing the second time."""
    path = tmp_path / "incident.md"
    path.write_bytes(b"# Caf\xe9\r\n\r\n" + f"{BEGIN}\r\n{END}\r\nnotes".encode())
    path.chmod(0o640)
    deliver(report, destination(None, None, None, path, None, force=False))
    once = path.read_bytes()
    assert once.startswith(b"# Caf\xe9\r\n\r\n" + BEGIN.encode() + b"\r\n\r\n## checkout 1.4.0\r\n")
    assert once.endswith(END.encode() + b"\r\nnotes")
    assert path.stat().st_mode & 0o777 == 0o640
    ended = deploylens("report", NAME, "--update", path, store=shop)
    assert ended.code == ExitCode.DONE, ended.err
    assert path.read_bytes() == once
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_leaves_a_damaged_document(tmp_path: Path) -> None:
    """A document with a damaged marker stays as it is; the error names file and line, before the
    store is asked."""
    path = tmp_path / "incident.md"
    path.write_text(f"notes\n{BEGIN}\n")
    ended = deploylens("report", NAME, "--update", path, store=tmp_path / "no-store.duckdb")
    assert ended.code == ExitCode.USAGE
    assert "incident.md stays as it is: line 2" in ended.err
    assert path.read_text() == f"notes\n{BEGIN}\n"


def test_a_template_with_blanks_is_not_for_updates(report: Report, tmp_path: Path) -> None:
    """What people fill in would be gone with the next update, so such a template is refused."""
    path = tmp_path / "incident.md"
    path.write_text(f"{BEGIN}\n{END}\n")
    with pytest.raises(DocumentRefused, match="has blanks for people to fill in"):
        deliver(report, destination(None, "pagerduty", None, path, None, force=False))
    assert path.read_text() == f"{BEGIN}\n{END}\n"
