"""The charts of a report, drawn from a real store."""

import io
import sys
import warnings
from dataclasses import replace
from math import inf
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from PIL import Image

from analysis.charts.canvas import inline_svg
from analysis.charts.drawn import Absent, Chart, charts, drawings, png
from analysis.charts.svg_markup import recoloured
from analysis.report.contents import Report
from analysis.report.findings import DurationBucket, EvidenceMinute, Step
from tests.reported import HOSTILE, nothing_of

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["failure-rate", "rollout", "endpoints", "evidence", "durations", "example-trace"]


def chart(report: Report, name: str) -> Chart:
    """The chart of this name."""
    return next(one for one in charts(report) if one.name == name)


def texts(svg: str) -> list[str]:
    """What is written in a drawing."""
    return ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_chart_that_people_expect(broken_report: Report) -> None:
    """There is one for the failure rate, the roll-out, endpoints, evidence, durations, a trace."""
    assert [one.name for one in charts(broken_report)] == NAMES
    assert all(one.title and one.alt.endswith(".") and one.rows for one in charts(broken_report))
    assert all(len(row) == len(one.header) for one in charts(broken_report) for row in one.rows)


def test_the_same_report_gives_the_same_bytes(broken_report: Report) -> None:
    """Neither a date nor a chance is in a drawing."""
    again = {one.name: one.svg for one in charts(broken_report)}
    rollout = chart(broken_report, "rollout")
    assert png(rollout) == png(chart(broken_report, "rollout"))
    for one in charts(broken_report):
        assert one.svg == again[one.name]
        assert "<dc:date>" not in one.svg
        assert "matplotlib.org" not in one.svg


def test_the_failure_rate_tells_what_the_store_holds(broken_report: Report) -> None:
    """Rows, words and marks of the chart are those of the report: rates, deployment, onset."""
    found = chart(broken_report, "failure-rate")
    candidate = [step for step in broken_report.steps if step.side == "candidate"]
    failed = sum(step.failures for step in candidate)
    requests = sum(step.requests for step in candidate)
    assert f"candidate 1.1: {failed:,} of {requests:,} requests failed" in found.alt
    assert "failures rose at 11:00" in found.alt
    assert len(found.rows) == len(broken_report.steps)
    written = texts(found.svg)
    assert {"candidate 1.1", "baseline 1.0", "first traffic 11:00", "onset"} <= set(written)


def test_evidence_says_when_it_is_proven(broken_report: Report) -> None:
    """The line of 1/alpha is drawn, and the first minute above it is named."""
    found = chart(broken_report, "evidence")
    assert "proven from 100" in texts(found.svg)
    first = next(row for row in found.rows if row[2] == "yes")
    assert f"proves harm, with the minute {first[0][-5:]}." in found.alt


def test_endpoints_go_from_baseline_to_candidate(broken_report: Report) -> None:
    """Each row says both rates, in the drawing, in the words and in the table."""
    found, worst = chart(broken_report, "endpoints"), broken_report.endpoints[0]
    assert worst.endpoint in texts(found.svg)
    change = next(text for text in texts(found.svg) if "→" in text)
    assert f"{worst.endpoint}: {change}" in found.alt
    assert found.rows[0][:2] == (worst.endpoint, f"{worst.candidate_failures:,}")


def test_a_picture_is_readable_and_small(broken_report: Report) -> None:
    """PNG files are 1000 pixels wide, on white, and less than 100 KB."""
    for one in (chart(broken_report, "endpoints"), chart(broken_report, "example-trace")):
        content = png(one)
        image = Image.open(io.BytesIO(content)).convert("RGB")
        assert image.width == 1000
        assert image.getpixel((0, 0)) == (255, 255, 255)
        assert len(content) < 100_000


def test_a_drawing_stands_alone(broken_report: Report) -> None:
    """An SVG file has a title, a description and a name, and points at nothing outside."""
    for one in charts(broken_report):
        root = ElementTree.fromstring(one.svg)
        assert root.findtext(f"{SVG}title") == one.title
        assert root.findtext(f"{SVG}desc") == root.get("aria-label") == one.alt
        links = [value for tag in root.iter() for key, value in tag.items() if "href" in key]
        assert all(link.startswith("#") for link in links)
        assert one.title in texts(one.svg)
        assert one.title not in texts(inline_svg(one))


def test_drawings_share_a_page(broken_report: Report) -> None:
    """No two drawings have an id in common, and every reference finds its own."""
    seen: set[str] = set()
    for one in charts(broken_report):
        root = ElementTree.fromstring(inline_svg(one))
        ids = {tag.get("id") for tag in root.iter()} - {None}
        links = {value[1:] for tag in root.iter() for key, value in tag.items() if "href" in key}
        assert links <= ids
        assert not ids & seen
        seen |= {name for name in ids if name}


def test_colours_change_only_in_styles() -> None:
    """A colour in a text stays a text when the drawing takes the colours of a page."""
    svg = '<text style="fill: #ffffff; a: #ffffff">style="fill: #ffffff"</text>'
    wanted = '<text style="fill: var(--paper); a: var(--paper)">style="fill: #ffffff"</text>'
    assert recoloured(svg, {"#ffffff": "var(--paper)"}) == wanted


def test_hostile_names_stay_text(hostile_report: Report) -> None:
    """Markup, mathematics and escapes are drawn as they are written; nothing warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = charts(hostile_report)
        assert [one.name for one in found] == NAMES
        for one in found:
            root = ElementTree.fromstring(one.svg)
            kinds = {tag.tag.removeprefix(SVG) for tag in root.iter()}
            assert not kinds & {"script", "img", "a", "foreignObject", "image"}
            assert "\u202e" not in one.svg
            assert "\x1b" not in one.svg
        assert png(chart(hostile_report, "endpoints"))
    written = texts(chart(hostile_report, "failure-rate").svg)
    assert any(text.startswith("candidate _<img") for text in written)
    assert HOSTILE[:20] in "".join(texts(chart(hostile_report, "endpoints").svg))


@pytest.mark.parametrize("name", ["$x^2$", "_v1", r"\frac", "a\nb", "漢字😀", "$" * 9, "", "{}%s"])
def test_a_version_is_written_as_it_is(broken_report: Report, name: str) -> None:
    """A name that matplotlib would read as something else is text in a legend."""
    steps = tuple(replace(step, service_version=name) for step in broken_report.steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = texts(chart(replace(broken_report, steps=steps), "failure-rate").svg)
    expected = name.replace("\n", "\\n") or "(no version)"
    assert f"candidate {expected}" in written


def test_without_data_there_is_a_reason(broken_report: Report) -> None:
    """A chart without data is not drawn; a sentence says why."""
    nothing = nothing_of(broken_report)
    found = drawings(nothing)
    assert charts(nothing) == ()
    assert [one.name for one in found] == NAMES
    assert all(isinstance(one, Absent) and one.why.endswith(".") for one in found)


EXTREMES: dict[str, dict[str, Any]] = {
    "one step": {"steps": (Step("2026-01-02T11:00:00Z", "1.1", "candidate", 1, 0, 0.0, 0, 0),)},
    "none of the candidate": {
        "steps": tuple(
            Step(f"2026-01-02T11:0{n}:00Z", "1.0", side, 9, 1, 1 / 9, 0, 0)
            for n in range(3)
            for side in ("baseline", "other")
        )
    },
    "all fail": {"steps": (Step("2026-01-02T11:00:00Z", "1.1", "candidate", 9, 9, 1.0, 0, 9),)},
    "years apart": {
        "steps": tuple(
            Step(f"{year}-01-02T11:00:00.123456789Z", None, "other", 5, 1, 0.2, 0, 0)
            for year in (1971, 2026, 2261)
        )
    },
    "a silent minute": {
        "steps": tuple(
            Step(f"2026-01-02T11:0{n}:00Z", "1", "baseline", n % 2, 0, 0.0 if n % 2 else None, 0, 0)
            for n in range(6)
        )
    },
    "evidence beyond a float": {
        "evidence": tuple(
            EvidenceMinute(f"2026-01-02T11:0{n}:00Z", log)
            for n, log in enumerate((0.0, -5000.0, 50_000.0, inf, -inf))
        )
    },
    "durations of nothing and of years": {
        "durations": (
            DurationBucket("candidate", 0.0, 0.001, 3),
            DurationBucket("candidate", 1e12, 1e13, 1),
            DurationBucket("baseline", 1e12, 1e13, 1),
        )
    },
    "one duration": {"durations": (DurationBucket("candidate", 5.0, 5.0, 3),)},
}


@pytest.mark.parametrize("case", EXTREMES)
def test_extremes_are_drawn(broken_report: Report, case: str) -> None:
    """Whatever the numbers are, there is a picture without a warning."""
    fields = EXTREMES[case]
    changed = replace(broken_report, **fields)
    name = "failure-rate" if "steps" in fields else next(iter(fields))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ElementTree.fromstring(chart(changed, name).svg)


def test_words_stay_inside(broken_report: Report) -> None:
    """An onset in the last minute is named to its left, and a line that was crossed where nothing
    hides its name."""
    steps = [step for step in broken_report.steps if step.step_start <= "2026-01-02T11:00:00Z"]
    early = replace(broken_report, steps=tuple(steps))
    root = ElementTree.fromstring(chart(early, "failure-rate").svg)
    onset = next(one for one in root.iter(f"{SVG}text") if "".join(one.itertext()) == "onset")
    assert "text-anchor: end" in onset.get("style", "")
    root = ElementTree.fromstring(chart(broken_report, "evidence").svg)
    proven = next(one for one in root.iter(f"{SVG}text") if "proven" in "".join(one.itertext()))
    assert "text-anchor: end" in proven.get("style", "")


def test_one_step_is_told_once(broken_report: Report) -> None:
    """Of a roll-out of one minute the words name one share."""
    own = next(step for step in broken_report.rollout if step.candidate)
    words = chart(replace(broken_report, rollout=(own,)), "rollout").alt
    assert words.count("%") == 1


def test_without_a_baseline_there_is_nothing_to_compare(broken_report: Report) -> None:
    """An endpoint without a baseline is drawn with its own rate, and no other side is named."""
    alone = replace(broken_report.endpoints[0], baseline_failure_rate=None)
    found = chart(replace(broken_report, endpoints=(alone,)), "endpoints")
    assert "nothing to compare with" in found.alt
    assert not [text for text in texts(found.svg) if "nothing" in text or text == "baseline"]


def test_many_endpoints_are_cut(broken_report: Report) -> None:
    """The first eight are drawn, all are in the table, and the words say how many more."""
    many = tuple(replace(broken_report.endpoints[0], endpoint=f"GET /{n}") for n in range(40))
    found = chart(replace(broken_report, endpoints=many), "endpoints")
    assert len(found.rows) == 40
    assert "32 more endpoints in the table" in found.alt
    assert sum(text.startswith("GET /") for text in texts(found.svg)) == 8


def test_nothing_is_left_behind(broken_report: Report) -> None:
    """Drawing changes no setting of matplotlib and needs none of its interactive state."""
    before = mpl.rcParams.copy()
    assert chart(broken_report, "rollout").svg
    assert mpl.rcParams.copy() == before
    assert "matplotlib.pyplot" not in sys.modules
