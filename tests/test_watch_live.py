"""`deploylens watch` in a terminal."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analysis.check.live_view import LiveView, live_lines
from analysis.check.looks import Look
from analysis.check.progress import evidence, sample
from analysis.check.watched import Watched
from analysis.exit_code import CommandFailed, ExitCode
from analysis.verdict.check import Check, Needed, Verdict
from tests.checks import NOTHING, ROLL_BACK
from tests.pseudo_terminal import in_terminal
from tests.shop import fill_shop

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


def watched(*checks: Check) -> Watched:
    """What was seen of these checks, a minute apart, the last one now."""
    seen = Watched()
    for ago, check in zip(range(len(checks) - 1, -1, -1), checks, strict=True):
        seen = seen.after(Look(check), NOW - timedelta(minutes=ago))
    return seen


def with_e_value(value: float) -> Check:
    """A check whose evidence has this e-value; 100 proves it."""
    return replace(ROLL_BACK, failure_rate=replace(ROLL_BACK.failure_rate, e_value=value))


def test_changes_are_remembered_with_their_times() -> None:
    """A verdict stands since it was first seen; looks that say the same change nothing."""
    seen = watched(NOTHING, NOTHING, ROLL_BACK, ROLL_BACK)
    assert seen.looks == 4
    assert [(one.verdict, NOW - one.at) for one in seen.changes] == [
        (Verdict.NOT_ENOUGH_DATA, timedelta(minutes=3)),
        (Verdict.ROLL_BACK, timedelta(minutes=1)),
    ]


def test_a_look_without_an_answer_is_a_change() -> None:
    """Between two verdicts, no answer is told as such."""
    seen = watched(NOTHING).after(Look(None, CommandFailed("nothing of it")), NOW)
    assert [one.verdict for one in seen.changes] == [Verdict.NOT_ENOUGH_DATA, None]


@pytest.mark.parametrize(
    ("value", "bar"),
    [(0.5, "░░░░░░░░░░"), (10, "█████░░░░░"), (99, "█████████░"), (100, "██████████")],
)
def test_evidence_fills_its_bar_when_it_proves(value: float, bar: str) -> None:
    """The bar grows with the logarithm of the e-value and is full at 1/alpha, not before."""
    found = evidence(with_e_value(value))
    assert found is not None
    assert found.bar(10) == bar


def test_the_sample_is_a_part_of_what_is_needed() -> None:
    """Requests seen, of those that a decision needs; nothing when nothing is known."""
    few = replace(NOTHING.deployment, requests=25)
    found = sample(replace(NOTHING, deployment=few, needed=Needed(75, 5.0)))
    assert found is not None
    assert (found.share, found.text) == (0.25, "25 of about 100 requests, 5 min more at this rate")
    assert sample(NOTHING) is None


@pytest.mark.parametrize("height", [12, 24, 40])
def test_the_view_has_at_most_the_lines_there_are(height: int) -> None:
    """However small the terminal, the verdict stands first and how to end last."""
    checks = [NOTHING, ROLL_BACK] * 20
    view = LiveView("checkout@1.4.0", watched(*checks), (), NOW, 3.0)
    lines = [line.plain for line in live_lines(view, 80, height)]
    assert len(lines) <= height
    assert lines[0].startswith(" ROLL BACK ")
    assert lines[-1].startswith("Ctrl-C")
    assert any("next look in 3 s" in line for line in lines)
    assert height < 24 or any("NOT ENOUGH DATA -> ROLL BACK" in line for line in lines)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_a_terminal_sees_it_whole(shop: Path, columns: int, rows: int) -> None:
    """Verdict, evidence, both failure rates and reasons fit without scrolling; Ctrl-C gives the
    terminal back with the check below."""
    given = ("watch", "checkout@1.4.0", "--store", shop, "--interval", "60s")
    seen = in_terminal(*given, columns=columns, rows=rows, until="next look in 5")
    (frame, after) = "\n".join(seen.frame("next look")).split("\x1b[?1049l")[0], seen.out
    lines = frame.split("\n")[:rows]
    assert len(seen.frame("next look")) >= rows
    assert max(map(len, lines[: rows - 1])) <= columns
    text = "\n".join(lines)
    assert " ROLL BACK   checkout 1.4.0 in prod  gate: fail" in text
    assert "proof of harm  ████" in text
    assert "··██████████     50 %  1.4.0" in text
    assert "0 %  1.3.9" in text
    assert "Ctrl-C ends" in text
    assert "\x1b[?1049l" in after
    assert "Where failures start" in after.split("\x1b[?1049l")[1]
    assert seen.code == ExitCode.INTERRUPTED


def test_a_terminal_that_is_resized_is_painted_anew(shop: Path) -> None:
    """After a resize the next picture fits the new size."""
    given = ("watch", "checkout@1.4.0", "--store", shop, "--interval", "60s")
    seen = in_terminal(
        *given, columns=120, rows=40, until="next look in 5", resized=(60, 20), timeout_s=90
    )
    frames = [one for one in seen.frames if len(one) == 20]
    assert frames
    assert max(map(len, frames[-1])) <= 60


def test_until_decided_ends_at_once(shop: Path) -> None:
    """With --until-decided a decided gate ends the watch with its exit code."""
    began = time.monotonic()
    given = ("watch", "checkout@1.4.0", "--store", shop, "--interval", "60s", "--until-decided")
    seen = in_terminal(*given, columns=80, rows=24)
    assert seen.code == ExitCode.GATE_FAIL
    assert time.monotonic() - began < 55


def test_what_never_sent_anything_is_waited_for(shop: Path) -> None:
    """A version that is not stored yet is shown as such, and looked for again."""
    given = ("watch", "checkout@9", "--store", shop, "--interval", "60s")
    seen = in_terminal(*given, columns=80, rows=24, until="next look in 5")
    text = "\n".join(seen.frame("next look"))
    assert "NO ANSWER YET  checkout@9" in text
    assert "checkout has no version '9'" in text
