"""docs/gates.md tells the truth: parameters, formats, exit codes, paths."""

import re

import pytest

from analysis.api.asked import NAMES
from analysis.api.flagger import BODY_BYTES_MAX as HOOK_BYTES_MAX
from analysis.api.shared_checks import ANSWER_S, REUSE_S
from analysis.api.wire import ERRORS
from analysis.commands.check import INTERVAL_S
from analysis.commands.check_output import FORMATS
from analysis.exit_code import ExitCode
from analysis.verdict.check import GATES, Gate
from tests.served import ROOT

DOCUMENT = (ROOT / "docs/gates.md").read_text(encoding="utf-8")
HOW_TO = sorted((ROOT / "docs/how-to").glob("gate-a*.md"))


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    _, _, after = f"\n{DOCUMENT}".partition(f"\n{heading}\n")
    table = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert table, heading
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_parameter_is_told() -> None:
    """The table of parameters has every one of them and no other."""
    told = [name for row in rows("### What is asked for") for name in words(row[0])]
    assert sorted(told) == sorted(NAMES)


def test_every_verdict_has_its_gate() -> None:
    """The table of gates has every verdict where it belongs."""
    told = {words(row[0])[0]: set(words(row[1])) for row in rows("# Gates")}
    for gate in Gate:
        assert told[gate] == {verdict for verdict, its in GATES.items() if its is gate}


def test_every_format_is_told() -> None:
    """The table of formats has every one of them and no other."""
    told = [name for row in rows("## What `check` writes for pipelines") for name in words(row[0])]
    assert tuple(told) == FORMATS


def test_every_exit_code_is_told() -> None:
    """The table of exit codes has every one of them and no other."""
    told = {int(row[0]) for row in rows("## Exit codes of `check`")}
    assert told == {int(code) for code in ExitCode}


def test_every_status_is_told() -> None:
    """The statuses of a check are those of the errors that it can end with."""
    told = {(word, int(row[0])) for row in rows("### `GET /api/check`") for word in words(row[1])}
    ours = {(kind, status) for kind, (_class, status) in ERRORS.items()}
    assert {pair for pair in told if pair[0] in ERRORS and pair[0] != "failed"} <= ours


def test_the_numbers_are_ours() -> None:
    """Times and sizes in the text are those of the code."""
    assert f"{ANSWER_S:g} s" in DOCUMENT
    assert ANSWER_S + 0.5 < 10
    assert REUSE_S == 2
    assert "two seconds" in DOCUMENT
    assert f"{HOOK_BYTES_MAX // 1024} KiB" in DOCUMENT
    assert f"every {INTERVAL_S:g} s" in DOCUMENT


@pytest.mark.parametrize("path", HOW_TO, ids=lambda path: path.stem)
def test_each_says_what_an_outage_does(path: object) -> None:
    """Every guide says what happens when deploylens cannot be asked."""
    text = (ROOT / str(path)).read_text(encoding="utf-8")
    assert re.search(r"outage never rolls back|cannot be asked", text)


def test_there_is_a_guide_for_each() -> None:
    """There are four guides, and the document leads to all of them."""
    assert len(HOW_TO) == 4
    for path in HOW_TO:
        assert f"(how-to/{path.name})" in DOCUMENT
