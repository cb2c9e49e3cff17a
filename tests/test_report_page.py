"""The report as an HTML page, opened from disk in a real browser."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from analysis.check.proof import proof
from analysis.check.verdict_words import VERDICT_WORDS
from analysis.page.page import page
from analysis.report.contents import Report
from tests.browser import Seen, opened
from tests.reported import HOSTILE, nothing_of

CASES = ("broken", "healthy", "undecided", "hostile")
PARTS = [
    *("Impact", "Charts", "Timeline", "Findings", "Endpoints and services"),
    *("Where failures start", "Exceptions", "What changed", "Ruled out", "Caveats"),
    *("Example traces", "Appendix: the queries behind this"),
]
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
# The contrast of every text that is seen against what is behind it, by WCAG 2.2, 1.4.3; large text
# needs 3, other text 4.5. Returns what has too little.
CONTRAST = """() => {
  const parsed = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number)
    return {rgb: [r, g, b], a}
  }
  const luminance = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const {rgb, a} = parsed(getComputedStyle(one).backgroundColor)
      if (a === 1) return rgb
    }
    return [255, 255, 255]
  }
  const poor = []
  let seen = 0
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    const text = walker.currentNode.textContent.trim()
    if (!text || element.closest('style') || !element.getClientRects().length) continue
    const style = getComputedStyle(element)
    const drawn = element.closest('svg') !== null
    const [x, y] = [parsed(drawn ? style.fill : style.color).rgb, behind(element)].map(luminance)
    const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700)
    seen += 1
    if (ratio < (large ? 3 : 4.5)) poor.push([text.slice(0, 40), ratio.toFixed(2)])
  }
  return {seen, poor}
}"""
# The contrast of the lines and marks of the charts against the page, by WCAG 1.4.11: 3.
GRAPHICS = """() => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const part = document.querySelector('.part')
  const paper = luminance(getComputedStyle(part).backgroundColor)
  return ['ink', 'muted', 'candidate', 'baseline', 'other'].map(name => {
    part.style.outlineColor = `var(--${name})`
    const one = luminance(getComputedStyle(part).outlineColor)
    return (Math.max(one, paper) + 0.05) / (Math.min(one, paper) + 0.05)
  })
}"""


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory,
    broken_report: Report,
    healthy_report: Report,
    undecided_report: Report,
    hostile_report: Report,
) -> dict[str, Path]:
    """The files of every case, by its name."""
    reports = (broken_report, healthy_report, undecided_report, hostile_report)
    folder = tmp_path_factory.mktemp("pages")
    found = {name: folder / f"{name}.html" for name in CASES}
    for path, report in zip(found.values(), reports, strict=True):
        path.write_text(page(report), encoding="utf-8")
    return found


def all_texts(seen: Seen, selector: str) -> list[str]:
    """The text of every element that is found."""
    return [" ".join(text.split()) for text in seen.page.locator(selector).all_inner_texts()]


@pytest.mark.parametrize("case", CASES)
def test_it_is_quiet_and_alone(browser: Browser, pages: dict[str, Path], case: str) -> None:
    """No message, no dialog, no request: the page needs itself alone, and runs nothing."""
    with opened(browser, pages[case]) as seen:
        seen.page.evaluate(OPEN_ALL)
        assert (seen.messages, seen.requests, seen.dialogs) == ([], [], [])
        assert seen.page.locator("script, img, link, iframe, object, embed, form").count() == 0
        assert seen.page.evaluate("document.compatMode") == "CSS1Compat"


def test_a_policy_forbids_what_it_does_not_need(browser: Browser, pages: dict[str, Path]) -> None:
    """Even a script that got into the page could not run, and a picture could not be fetched."""
    policy = 'http-equiv="Content-Security-Policy" content="default-src \'none\';'
    text = pages["broken"].read_text(encoding="utf-8")
    assert policy in text
    path = pages["broken"].with_name("intruder.html")
    intruder = "<script>document.title = 'taken'</script><img src='http://a.example/x'>"
    path.write_text(text.replace("</main>", f"{intruder}</main>"), encoding="utf-8")
    with opened(browser, path) as seen:
        assert seen.page.title() != "taken"
        assert seen.requests == []
        assert len(seen.messages) == 2


def test_the_verdict_comes_first(
    browser: Browser, pages: dict[str, Path], broken_report: Report
) -> None:
    """Word, name, three reasons, what to do, gate; then the parts in the order of a check."""
    with opened(browser, pages["broken"]) as seen:
        assert all_texts(seen, "h1") == ["ROLL BACK checkout 1.1 in prod"]
        assert seen.page.title() == "checkout 1.1 in prod: roll back"
        check = broken_report.check
        assert check
        assert all_texts(seen, ".banner .why li") == list(check.reasons[:3])
        assert all_texts(seen, ".banner .do") == [
            "Roll back to 1.0 now: this deployment breaks requests, and that is proven."
        ]
        assert all_texts(seen, ".banner .gate") == ["gate: fail"]
        assert all_texts(seen, "h2") == PARTS


@pytest.mark.parametrize("case", ["broken", "healthy", "undecided"])
def test_it_says_what_a_check_says(
    browser: Browser, pages: dict[str, Path], request: pytest.FixtureRequest, case: str
) -> None:
    """Verdict, rates, bound and onset stand in it in the words of `deploylens check`."""
    report: Report = request.getfixturevalue(f"{case}_report")
    assert report.check
    with opened(browser, pages[case]) as seen:
        assert all_texts(seen, ".verdict") == [VERDICT_WORDS[report.check.verdict].title]
        told = all_texts(seen, "#impact .told li > .first")
        ours = [one for one in proof(report.check) if not one.below]
        assert ours
        assert told[: len(ours)] == ["".join(map(str, one.words)) for one in ours]


def test_hostile_names_stay_text(browser: Browser, pages: dict[str, Path]) -> None:
    """A sender's markup becomes no element and no attribute, its escapes and directions no effect,
    its template no value."""
    with opened(browser, pages["hostile"]) as seen:
        seen.page.evaluate(OPEN_ALL)
        assert all_texts(seen, ".judged")[0].startswith(
            " ".join(HOSTILE[: HOSTILE.index("\x1b")].split())
        )
        content = seen.page.content()
        assert "{{ 7 * 7 }}" in content
        assert not re.search("[\x1b\u202e\u2066]", content)
        attributes = seen.page.evaluate(
            "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
        )
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert seen.page.locator("a[href]:not([href^='#'])").count() == 0


@pytest.mark.parametrize("case", CASES)
def test_it_fits(browser: Browser, pages: dict[str, Path], case: str) -> None:
    """The page itself never scrolls sideways, neither on a phone nor with everything opened."""
    with opened(browser, pages[case]) as seen:
        seen.page.evaluate(OPEN_ALL)
        for width in (1400, 800, 400, 320):
            seen.page.set_viewport_size({"width": width, "height": 900})
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def test_charts_can_be_read_on_a_phone(browser: Browser, pages: dict[str, Path]) -> None:
    """The smallest letters of a chart are at least 8.5 pixels high in a window of 400."""
    size = """[...document.querySelectorAll('figure svg text')].map(
        one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"""
    with opened(browser, pages["broken"], 400) as seen:
        sizes = seen.page.evaluate(size)
        assert len(sizes) > 50
        assert min(sizes) >= 8.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser: Browser, pages: dict[str, Path], scheme: str) -> None:
    """Every text, also in the charts and under every verdict, has the contrast of WCAG AA, and so
    have the lines and marks of the charts, in light and in dark."""
    with opened(browser, pages["broken"], scheme=scheme) as seen:
        seen.page.evaluate(OPEN_ALL)
        for tone in ("bad", "warning", "good", "unsure"):
            seen.page.evaluate(
                "tone => { document.querySelector('.banner').className = `banner ${tone}` }", tone
            )
            found: dict[str, Any] = seen.page.evaluate(CONTRAST)
            assert found["seen"] > 300
            assert found["poor"] == []
        assert min(seen.page.evaluate(GRAPHICS)) >= 3


def test_dark_is_dark(browser: Browser, pages: dict[str, Path]) -> None:
    """The same file follows the scheme of the reader, charts included."""
    colour = "getComputedStyle(document.querySelector('figure svg text')).fill"
    with opened(browser, pages["broken"], scheme="dark") as seen:
        assert seen.page.evaluate(colour) == "rgb(231, 236, 243)"
    with opened(browser, pages["broken"]) as seen:
        assert seen.page.evaluate(colour) == "rgb(27, 36, 48)"


@pytest.mark.parametrize("case", ["broken", "undecided"])
def test_those_who_cannot_see_it(browser: Browser, pages: dict[str, Path], case: str) -> None:
    """Every chart has a name in words and a table; headings go down one by one; regions are
    named; ids are unique."""
    with opened(browser, pages[case]) as seen:
        levels = seen.page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(h => Number(h.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(now - before <= 1 for before, now in pairwise(levels))
        assert seen.page.locator("svg:not([aria-hidden]):not([role=img][aria-label])").count() == 0
        drawn = seen.page.locator("figure svg").count()
        assert drawn == 6
        assert seen.page.locator("figure details table").count() == drawn
        assert seen.page.locator("table:not(:has(caption)), th:not([scope])").count() == 0
        assert seen.page.locator("html[lang=en]").count() == 1
        for landmark in ("header", "nav[aria-label]", "main", "footer"):
            assert seen.page.locator(landmark).count() == 1, landmark
        ids = seen.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        links = seen.page.evaluate("[...document.links].map(a => a.hash.slice(1))")
        assert set(links) <= set(ids)


def test_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    """The first stop skips to the content, and where the keyboard is can be seen."""
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    with opened(browser, pages["broken"]) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        box = seen.page.locator(".skip").bounding_box()
        assert box
        assert box["x"] >= 0
        assert seen.page.evaluate(outline) == "solid"
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "content"


def test_it_prints(browser: Browser, pages: dict[str, Path]) -> None:
    """On paper all but the rows behind the charts is open, black on white, and fits; there are no
    links to click."""
    with opened(browser, pages["broken"]) as seen:
        seen.page.set_viewport_size({"width": 700, "height": 1000})
        folded = seen.page.locator(".folded table").first
        assert not folded.is_visible()
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert folded.is_visible()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 700  # A4
        assert not seen.page.locator("figure details").first.is_visible()
        assert not seen.page.locator("nav").is_visible()
        assert seen.page.evaluate(CONTRAST)["poor"] == []
        assert seen.page.pdf(format="A4").startswith(b"%PDF")


def test_a_deployment_that_sent_nothing(
    browser: Browser, broken_report: Report, tmp_path: Path
) -> None:
    """There is a page all the same, which says that nothing is known, and why no chart is drawn."""
    path = tmp_path / "nothing.html"
    path.write_text(page(nothing_of(broken_report)), encoding="utf-8")
    with opened(browser, path, 400) as seen:
        assert all_texts(seen, ".verdict") == ["NO VERDICT"]
        assert seen.page.locator("figure svg").count() == 0
        assert len(all_texts(seen, ".absent")) == 6
        assert seen.page.locator("h3 + h3, h3:last-child").count() == 0
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        assert (seen.messages, seen.requests) == ([], [])


def test_the_same_report_gives_the_same_bytes(broken_report: Report) -> None:
    """Neither the moment of rendering nor chance shows in the page."""
    assert broken_report.check
    later = replace(broken_report.check, generated_at="2031-01-01T00:00:00Z")
    assert page(replace(broken_report, check=later)) == page(broken_report)


def test_it_is_small(pages: dict[str, Path]) -> None:
    """A page is far smaller than 1.5 MB."""
    assert max(path.stat().st_size for path in pages.values()) < 400_000
