"""A check in a terminal and as Markdown: what a tired person sees first, and that nothing lies."""

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analysis.catalog import Catalog
from analysis.check.check_markdown import check_markdown
from analysis.check.check_text import check_text
from analysis.check.figures import counted, e_value, percent, points
from analysis.check.lines import Word
from analysis.check.look_text import look_text
from analysis.check.looks import Look
from analysis.check.markdown_lines import prose
from analysis.check.proof import rate_text
from analysis.check.sections import ALWAYS_ASKED, QUERY_OF_KIND, SILENT, SILENT_QUERY, sections
from analysis.check.verdict_words import VERDICT_WORDS
from analysis.exit_code import CommandFailed
from analysis.printing import printed
from analysis.verdict.check import Check, FailureRate, Needed, Verdict
from tests.checks import CHECKS, HEALTHY, HOLD, HOSTILE, HOSTILE_CHECK, NOTHING, ROLL_BACK

GOLDEN = Path(__file__).parent / "data" / "checks"
MARKDOWN = MarkdownIt("commonmark").enable("table")
ESCAPE = "\x1b"
KINDS = (
    "failing_endpoint failing_service client_error_endpoint new_exception regressed_exception"
    " escalating_exception latency_regression traffic_change call_amplification"
    " dependency_failure silent_deployment attribute_outlier"
)
each_verdict = pytest.mark.parametrize("verdict", list(Verdict))


def in_terminal(check: Check, width: int = 80, colour: bool = False) -> str:
    """What a terminal of that width shows."""
    return printed(*check_text(check), width=width, colour=colour)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("roll_back.txt", in_terminal(ROLL_BACK)),
        ("roll_back_60.txt", in_terminal(ROLL_BACK, width=60)),
        ("healthy.txt", in_terminal(HEALTHY)),
        ("roll_back.md", check_markdown(ROLL_BACK)),
    ],
)
def test_golden(name: str, found: str, rewrite_golden: bool) -> None:
    """A check is shown as in the golden files."""
    if rewrite_golden:
        (GOLDEN / name).write_text(found, encoding="utf-8")
    assert found == (GOLDEN / name).read_text(encoding="utf-8")


@each_verdict
def test_the_verdict_comes_first(verdict: Verdict) -> None:
    """The first line names the verdict and the deployment, the next says what to do, and then come
    at most three reasons."""
    lines = in_terminal(CHECKS[verdict], width=400).splitlines()
    assert lines[0].startswith(f"{VERDICT_WORDS[verdict].title}  checkout 1.4.0 in prod")
    assert lines[1].startswith(VERDICT_WORDS[verdict].advice.partition("{")[0])
    reasons = CHECKS[verdict].reasons[:3]
    assert lines[2 : 4 + len(reasons)] == ["", *(f"- {reason}" for reason in reasons), ""]


@each_verdict
@pytest.mark.parametrize("width", [60, 80])
def test_it_fits(verdict: Verdict, width: int) -> None:
    """No line is wider than the terminal, and without colour there is no escape sequence."""
    text = in_terminal(CHECKS[verdict], width)
    assert max(map(len, text.splitlines())) <= width
    assert ESCAPE not in text


@each_verdict
def test_colour_adds_nothing_but_colour(verdict: Verdict) -> None:
    """With colours the same words are shown."""
    coloured = in_terminal(CHECKS[verdict], colour=True)
    assert coloured.startswith(ESCAPE)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == in_terminal(
        CHECKS[verdict]
    ).splitlines()


def test_how_sure_it_is_stands_in_plain_words() -> None:
    """The rates come with their interval, and the bound says how often it misleads."""
    text = in_terminal(ROLL_BACK, width=200)
    assert "0.5 % -> 5.1 % of requests fail (+4.6 points, 95 % sure between +3.9 and +5.4)" in text
    assert "wrong at most once in 100 such deployments, however often you look" in text
    assert "Not proven: its e-value is 42, and 100 would prove it" in in_terminal(HOLD)


def test_a_stricter_interval_says_so() -> None:
    """How sure the interval is comes from the threshold that decided."""
    strict = tuple(
        replace(one, value=0.999) if one.name == "confidence" else one
        for one in ROLL_BACK.thresholds
    )
    assert "99.9 % sure between" in rate_text(replace(ROLL_BACK, thresholds=strict))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((None, None, None), "Failure rate unknown: no request of it was seen"),
        ((None, 0.1, None), "10 % of its requests fail; there is nothing to compare with"),
        ((0.0, 0.1, None), "0 % -> 10 % of requests fail"),
        ((0.0, 0.1, 0.1), "0 % -> 10 % of requests fail (+10.0 points)"),
    ],
)
def test_what_is_unknown_is_not_shown_as_zero(
    rates: tuple[float | None, float | None, float | None], said: str
) -> None:
    """A rate that is not known is called so."""
    rate = FailureRate(*rates, None, None, None, 0.01)
    assert rate_text(replace(NOTHING, failure_rate=rate)) == said


def test_empty_sections_are_left_out() -> None:
    """A check of which nothing is known has only what can be said."""
    assert [one.title for one in sections(NOTHING)] == ["Failures", "Compared", "See it"]


def test_both_renderings_tell_the_same_in_the_same_order() -> None:
    """Markdown has the sections of the terminal, in its order."""
    titles = [one.title for one in sections(ROLL_BACK)]
    assert re.findall(r"^### (.*)$", check_markdown(ROLL_BACK), re.MULTILINE) == titles
    shown = in_terminal(ROLL_BACK).splitlines()
    assert [line for line in shown if line in titles] == titles


def test_what_shows_it_exists() -> None:
    """Every saved query that a check names is there and takes what it is given, for each kind of
    finding."""
    catalog = Catalog.load()
    shared = {"service_name", "service_version", "environment_name", "deployment_id"}
    for name in (*QUERY_OF_KIND.values(), *ALWAYS_ASKED, "failure_origins", "new_exceptions"):
        assert shared <= {parameter.name for parameter in catalog[name].parameters}
    assert "service_name" in {one.name for one in catalog[SILENT_QUERY].parameters}
    assert {*QUERY_OF_KIND, SILENT} == set(KINDS.split())


def test_a_version_may_be_unknown() -> None:
    """Spans without a version are a deployment too, and no baseline is said."""
    unknown = replace(
        ROLL_BACK, deployment=replace(ROLL_BACK.deployment, version=None), baseline=None
    )
    text = in_terminal(unknown, width=200)
    assert text.startswith("ROLL BACK  checkout without a version in prod")
    assert "Roll back to the version before now" in text
    assert "baseline none" in text
    assert "-p service_version= " in text


def test_a_silent_deployment_has_a_query_of_its_own() -> None:
    """What was never sent is shown by another query than what was."""
    silent = replace(ROLL_BACK.findings[0], kind="silent_deployment")
    text = in_terminal(replace(ROLL_BACK, findings=(silent,)), width=200)
    assert "deploylens query silent_deployments -p service_name=checkout\n" in text


def test_long_lists_are_cut() -> None:
    """Of many findings the first are shown, and how many more there are."""
    text = in_terminal(replace(ROLL_BACK, findings=ROLL_BACK.findings * 20))
    assert text.count("critical: ") == 4
    assert "and 32 more" in text


def test_what_is_needed_is_said() -> None:
    """What a decision still needs stands in requests and in time at this rate."""
    for minutes, words in ((None, "requests."), (0.2, "1 min at"), (60, "60 min at"), (400, "7 h")):
        text = in_terminal(replace(HOLD, needed=Needed(1_234, minutes)))
        assert f"A decision needs about 1,234 more requests{'.' if minutes is None else ''}" in text
        assert words in text


@pytest.mark.parametrize("width", [60, 80])
def test_hostile_text_is_harmless_in_a_terminal(width: int) -> None:
    """Nothing that came with telemetry reaches the terminal as anything but print."""
    text = in_terminal(HOSTILE_CHECK, width)
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(len, text.splitlines())) <= width
    assert len(text) < 40_000
    assert all(line.isprintable() for line in look_text(Look(HOSTILE_CHECK)).text.split("\n"))


def tokens_of(text: str) -> list[Token]:
    """The Markdown's tokens, those within lines too."""
    top = MARKDOWN.parse(text)
    return [*top, *(child for token in top for child in token.children or ())]


def test_hostile_text_is_harmless_in_markdown() -> None:
    """No HTML, link, image, heading or mention comes from telemetry; the layout is ours."""
    tokens = tokens_of(check_markdown(HOSTILE_CHECK))
    kinds = {token.type for token in tokens}
    assert not {kind for kind in kinds if "html" in kind or "link" in kind or "image" in kind}
    plain = "".join(token.content for token in tokens if token.type == "text")
    assert not set("<[@#|`\x1b\u202e") & set(plain)
    assert ":bug:" not in plain
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == 1 + len(sections(HOSTILE_CHECK))


SENTENCE_PARTS = st.sampled_from([*HOSTILE.split()[:9], "1.", "-", "+", ">", "a", "", "%"])


@given(st.text(max_size=60) | st.lists(SENTENCE_PARTS).map(" ".join))
def test_prose_stays_prose(text: str) -> None:
    """Any sentence in an item of a list is one line of text and code, and all of it is there."""
    top = MARKDOWN.parse(f"- {prose(text)}\n- after")
    kinds = {token.type for token in top} | {
        child.type for token in top for child in token.children or ()
    }
    within = {"text", "code_inline", "inline"}
    blocks = ("bullet_list", "list_item", "paragraph")
    assert kinds <= within | {f"{name}_{end}" for name in blocks for end in ("open", "close")}
    assert sum(token.type == "bullet_list_open" for token in top) == 1


def test_sentences_of_ours_need_no_code() -> None:
    """A reason in our words stays readable: only names with signs in them become code."""
    text = "Failures rose from 0.5 % to 5.1 % (+4.6 points; 95 % sure: +3.9 to +5.4)."
    assert prose(text) == text
    assert prose("It doesn't start in shop@1.4.0 (POST /pay), at 10:30:00: look there.") == (
        "It doesn't start in `shop@1.4.0` (POST /pay), at 10:30:00: look there."
    )


def test_a_look_is_one_line() -> None:
    """A log has the verdict and the strongest reason on one line, or why there is none."""
    told = look_text(Look(CHECKS[Verdict.NOT_ENOUGH_DATA]))
    assert told.text.startswith("NOT ENOUGH DATA  0 of 40 requests failed")
    assert "610 more requests" in told.text
    missing = look_text(Look(None, CommandFailed("shop has no version '2'.\nTwo")))
    assert missing.text == "NO ANSWER YET  shop has no version '2'."


def test_figures() -> None:
    """Figures have as many digits as a reader needs, and none says more than is known."""
    shares = (0, 0.0000001, 0.00004, 0.0005, 0.005, 0.0123, 0.5, 0.99999, 1, float("nan"))
    assert [percent(share) for share in shares] == [
        *("0 %", "under 0.001 %", "0.004 %", "0.05 %", "0.5 %"),
        *("1.2 %", "50 %", "over 99.9 %", "100 %", "unknown"),
    ]
    assert points([0.046, 0.039, -0.054]) == ["+4.6", "+3.9", "-5.4"]
    assert points([0.0001]) == ["+0.010"]
    assert [e_value(v) for v in (0.031, 7.25, 42, 99_999, 3.2e12, 1e300, float("inf"))] == [
        *("0.031", "7.2", "42", "99,999", "3e12", "over 1e300", "over 1e300")
    ]
    assert (counted(1, "request"), counted(2_000, "request")) == ("1 request", "2,000 requests")


def test_words_are_of_known_kinds() -> None:
    """Every word of every line is of a kind that both renderings make safe."""
    kinds = get_args(Word)
    for check in (*CHECKS.values(), HOSTILE_CHECK):
        for section in sections(check):
            assert all(isinstance(word, kinds) for line in section.lines for word in line.words)
