"""Reports from templates: those that are shipped, and the user's own."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analysis.deployment_name import DeploymentName
from analysis.report.contents import Report
from analysis.report.templates import rendered, template_named
from analysis.report.templates.context import OFFERED, context
from analysis.report.templates.environment import markdown_value
from analysis.report.templates.problem import TemplateProblem
from analysis.report.templates.shipped import SHIPPED
from analysis.repository.suspicion import ChangedFile, Suspicion
from analysis.verdict.check import Suspect
from tests.reported import nothing_of
from tests.secret_report import everything
from tests.served import ROOT

MARKDOWN = MarkdownIt("commonmark").enable("table")
HEADINGS = {
    "google-sre": (
        "Date, Authors, Status, Summary, Impact, Root Causes, Trigger, Resolution, Detection,"
        " Action Items, Lessons Learned, What went well, What went wrong, Where we got lucky,"
        " Timeline, Supporting information"
    ),
    "pagerduty": (
        "Overview, What Happened, Contributing Factors, Resolution, Impact, Responders, Timeline,"
        " How'd We Do?, What Went Well?, What Didn't Go So Well?, Action Items, Messaging,"
        " Internal Email, External Message"
    ),
    "atlassian": (
        "Incident summary, Leadup, Fault, Impact, Detection, Response, Recovery, Timeline,"
        " Root cause identification: The Five Whys, Root cause, Backlog check, Recurrence,"
        " Lessons learned, Corrective actions"
    ),
    "incident-io": (
        "Key information, Summary, Timeline, Contributors, Mitigators, Learnings and risks,"
        " Follow-ups"
    ),
}
PEOPLE = re.compile(r"^> \*\*To fill in:\*\*", re.MULTILINE)


@pytest.fixture
def report(shop_report: Report) -> Report:
    """The report of the version that breaks paying."""
    return shop_report


def headings(text: str) -> list[str]:
    """The headings of a document, as Markdown has them."""
    tokens = MARKDOWN.parse(text)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


@pytest.mark.parametrize("name", HEADINGS)
def test_a_template_has_its_sections(report: Report, name: str) -> None:
    """The sections of a well-known template, in its order, before the data behind them."""
    wanted = HEADINGS[name].split(", ")
    assert headings(rendered(report, name))[1 : 1 + len(wanted)] == wanted


@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_machine_knows_is_filled_in(report: Report, name: str, rewrite_golden: bool) -> None:
    """Verdict, exact numbers, UTC times and the time to detect are there, and what people must
    write is marked: rewritten by --rewrite-golden and read as a diff."""
    text = rendered(report, name)
    path = ROOT / "tests" / "data" / "reports" / f"template_{name}.md"
    if rewrite_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    for known in ("**ROLL BACK**", "10 of 20", "2026-11-21 10:30:30", "2026-11-21 10:36:00"):
        assert known in text, known
    assert len(PEOPLE.findall(text)) >= 5


@pytest.mark.parametrize("name", SHIPPED)
def test_a_deployment_that_sent_nothing(report: Report, name: str) -> None:
    """Without data every template still renders, says so, and names no number."""
    text = rendered(nothing_of(report), name)
    assert "There is no verdict" in text
    assert "None" not in text.replace("None.", "").replace("None of the", "").replace("None:", "")


@pytest.mark.parametrize("name", SHIPPED)
def test_hostile_names_stay_text(hostile_report: Report, report: Report, name: str) -> None:
    """Whatever a sender calls things, the headings stay, without HTML, link or image."""
    text = rendered(hostile_report, name)
    assert headings(text)[1:] == headings(rendered(report, name))[1:]
    tokens = MARKDOWN.parse(text)
    kinds = {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert not {k for k in kinds if "html" in k or "link" in k or "image" in k}
    assert not set(text) & {"\x1b", "\u202e", "\r"}


@pytest.mark.parametrize("name", SHIPPED)
def test_changes_are_named_not_people(report: Report, name: str) -> None:
    """Commits and teams are named, authors are not."""
    suspect = Suspect("abcdef0123456789", "A. Uthor", "Charge in cents", ("shop/pay.py",), 1.0)
    changed = ChangedFile("config/prod.env", "config", ("abcdef0123456789",), ("a -> b",))
    found = Suspicion((suspect,), ("@shop/payments",), (changed,), ("The clone is shallow.",))
    text = rendered(replace(report, suspicion=found), name)
    shown_names = ("abcdef012345", "Charge in cents", "@shop/payments", "config/prod.env")
    for shown in (*shown_names, "| files of it that matter |"):
        assert shown in text
    assert "Uthor" not in text


def test_everything_renders() -> None:
    """A report in which every list has an entry goes through every template."""
    for name in SHIPPED:
        assert "## Since the earlier report" in rendered(everything(), name) or name != "default"


def test_rendering_is_quick_to_repeat(report: Report) -> None:
    """The same report gives the same bytes."""
    assert rendered(report, "default") == rendered(report, "default")


def own(folder: Path, text: str, name: str = "own.md.j2") -> Path:
    """A template of the user's."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_template_of_ones_own(report: Report, tmp_path: Path) -> None:
    """It has facts, blocks, filters, macros, its neighbours and ours."""
    own(tmp_path, "by {{ service }}\n", "part.md.j2")
    text = rendered(
        report,
        own(
            tmp_path,
            "{% macro row(e) %}| {{ e.endpoint }} | {{ e.candidate_failure_rate | percent }} |"
            "{% endmacro %}\n# {{ title }}: {{ verdict_title }}\n"
            "{% for e in report.endpoints %}\n{{ row(e) }}\n{% endfor %}\n"
            "{{ failed_requests }}/{{ requests }} {{ check.verdict }} {{ environment | code }}\n"
            "{{ blank('why?') }}\n{% include 'part.md.j2' %}",
        ),
    )
    assert text == (
        "# checkout 1.4.0: ROLL BACK\n| POST /pay | 50 % |\n10/20 roll_back `prod`\n"
        "> **To fill in:** why?\nby checkout\n"
    )


def test_ours_can_be_built_on(report: Report, tmp_path: Path) -> None:
    """A template may include one that is shipped."""
    path = own(tmp_path, "intro\n\n{% include 'deploylens/default.md.j2' %}")
    assert rendered(report, path) == "intro\n\n" + rendered(report, "default")


EVIL = "<img src=x onerror=alert(1)>|`|[x](javascript:alert(1))\n# Not ours"


def test_values_are_escaped_by_themselves(report: Report, tmp_path: Path) -> None:
    """A name from a span in a user's template is text, in a line, a table or a macro, also joined
    or filtered, also marked as safe for HTML."""
    evil = replace(report, name=DeploymentName(EVIL, "1"))
    for expression in (
        "service", "service | upper", "service ~ '!'", "[service, version] | join(' ')",
        "service | safe", "service | escape", "service | urlize", "title", "m(service)",
        "'%s' | format(service)", "'{}'.format(service)", "service | replace('x', '_')",
    ):  # fmt: skip
        text = "{% macro m(x) %}{{ x }}{% endmacro %}# A\n\n| a |\n| --- |\n| {{ " + expression
        tokens = MARKDOWN.parse(rendered(evil, own(tmp_path, text + " }} |\n\n# B\n")))
        kinds = {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}
        assert not {k for k in kinds if "html" in k or "link" in k or "image" in k}, expression
        assert [t.type for t in tokens].count("td_open") == 1, expression
        assert [t.type for t in tokens].count("heading_open") == 2, expression


@given(st.text(max_size=40))
@settings(deadline=None)
def test_a_value_is_one_line_of_text(text: str) -> None:
    """Whatever a value is, at the start of a line it makes one paragraph of text and code."""
    tokens = MARKDOWN.parse(f"a\n\n{markdown_value(text)}\n\nb\n")
    kinds = [token.type for token in tokens if token.level == 0]
    assert kinds in (["paragraph_open", "paragraph_close"] * n for n in (2, 3))
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "code_inline"}


def test_html_of_ones_own(report: Report, tmp_path: Path) -> None:
    """In a template that ends in .html or .html.j2 values are escaped for HTML."""
    evil = replace(report, name=DeploymentName("<b>&\"'", "1"))
    for name in ("own.html", "own.html.j2"):
        text = rendered(evil, own(tmp_path, '<p title="{{ service }}">{{ requests }}</p>', name))
        assert text == '<p title="&lt;b&gt;&amp;&#34;&#39;">20</p>\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n{{ servce }}", "own.md.j2, line 2: 'servce' is not known. Did you mean 'service'?"),
        ("{{ check.verdit }}", "line 1: a Check has no 'verdit'. Did you mean 'verdict'?"),
        ("{{ report.endpoints[0].endpont }}", "a FailingEndpoint has no 'endpont'. Did you mean"),
        ("{{ report.suspicion.owners }}", "'owners' is asked of what is unknown here"),
        ("a\n\n{% for x in %}", "own.md.j2, line 3: "),
        ("{% if service %}", "own.md.j2, line 1: "),
        ("{{ service | shout }}", "line 1: No filter named 'shout'"),
        ("\n{{ report.endpoints }}", "line 2: a tuple is written, which is no text"),
        ("{{ check }}", "a Check is written, which is no text. Write one of its parts (baseline,"),
        ("{% include 'other.md' %}", "it names the template other.md, which is not there"),
        ("{% include '../own.md.j2' %}", "it names the template ../own.md.j2, which is not there"),
        ("{{ service.__class__ }}", "access to attribute '__class__'"),
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__'"),
        ("{{ blank.__globals__ }}", "access to attribute '__globals__'"),
        ("{{ report.parameters.update({}) }}", "access to attribute 'update'"),
        ("{{ 'x' * 10000000 }}", "a repetition of more than"),
        ("{{ 9 ** 9999999 }}", "too large"),
        ("{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}", "writes more than 4,000,000"),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("{% include 'own.md.j2' %}", "includes or calls itself without end"),
    ],
)
def test_mistakes_are_explained(report: Report, tmp_path: Path, text: str, said: str) -> None:
    """An error names the file, the line, what was seen, and what there is."""
    with pytest.raises(TemplateProblem) as error:
        rendered(report, own(tmp_path, text))
    assert said in str(error.value)
    assert "own.md.j2" in str(error.value)


def test_files_that_are_no_templates(report: Report, tmp_path: Path) -> None:
    """Bytes that are no text, and files that are too large, are refused."""
    path = tmp_path / "own.md.j2"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateProblem, match="not UTF-8"):
        rendered(report, path)
    path.write_bytes(b"x" * 1_000_001)
    with pytest.raises(TemplateProblem, match="at most 1,000,000"):
        rendered(report, path)


def test_a_template_is_found_by_what_was_typed(tmp_path: Path) -> None:
    """A shipped name, else a file; else the error says what was probably meant."""
    assert template_named("google-sre") == "google-sre"
    assert template_named(str(own(tmp_path, "x"))) == tmp_path / "own.md.j2"
    with pytest.raises(TemplateProblem, match="Did you mean 'pagerduty'"):
        template_named("pagerdutty")
    with pytest.raises(TemplateProblem, match="no such file"):
        template_named(str(tmp_path / "gone.md.j2"))


def test_the_document_lists_every_name(report: Report) -> None:
    """docs/templates.md has a row for each name of the context, with its meaning, and no other."""
    document = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    section = document.partition("## Names")[2].partition("\n## Filters")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    assert rows == [(one.name, one.meaning) for one in OFFERED]
    assert set(context(report)) == {one.name for one in OFFERED}


def test_the_example_renders(report: Report) -> None:
    """The example template of the documents is one."""
    text = rendered(report, ROOT / "examples" / "templates" / "short.md.j2")
    assert text.startswith("# checkout 1.4.0: ROLL BACK")
