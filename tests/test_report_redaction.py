"""Reports that leave the company."""

import ast
import json
import re
import tomllib
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.report import own_words
from analysis.report.contents import Report
from analysis.report.redacted_text import REMOVED, RedactedText
from analysis.report.redaction import redacted
from analysis.report.redaction_fields import KEEPABLE, Subject, subject_of
from analysis.report.redaction_rules import RedactedNames
from analysis.report.report_json import report_json
from analysis.report.templates import rendered
from analysis.report.templates.shipped import BLOCK, SHIPPED
from analysis.report_settings import RedactError, redacted_names_from
from tests.secret_report import Secrets, everything, type_hints
from tests.served import ROOT

WORD = re.compile(r"[^\W\d_]+")
# Where the sentences are made that a report holds.
SENTENCES = (
    *(ROOT / "analysis" / name for name in ("verdict", "signatures", "repository")),
    ROOT / "analysis" / "verdict_settings.py",
    *(
        ROOT / "analysis" / "report" / f"{name}.py"
        for name in ("difference", "events", "facts", "identity")
    ),
)


@pytest.fixture
def report(shop_report: Report) -> Report:
    """The report of the version that breaks paying."""
    return shop_report


def everywhere(report: Report) -> Iterator[tuple[str, str]]:
    """The report in every format that is text."""
    for name in (*SHIPPED, BLOCK):
        yield name, rendered(report, name)
    yield "json", report_json(report)
    yield "repr", repr(report)


@pytest.mark.parametrize(
    "shape",
    ["{}", "{}@acme", "https://{}.corp/x?y", "say “{}", "<{}>", "Acme{}", "-{}-", "a\n{}"],
)
def test_no_secret_survives(shape: str) -> None:
    """Of a report with a secret in every text that was sent, marked or committed, no format shows
    one when it is redacted; without that, JSON shows them all."""
    secrets = Secrets(shape)
    full = secrets.filled(everything())
    assert isinstance(full, Report)
    assert len(secrets.given) > 120
    assert not [word for word in secrets.given if word not in report_json(full)]
    for form, text in everywhere(redacted(full)):
        assert not re.findall(r"zq\d+xqz|acme|corp", text, re.IGNORECASE), form


def test_no_secret_survives_in_charts_and_page(report: Report) -> None:
    """Neither the charts, nor their descriptions and tables, nor the page show a secret."""
    from analysis.charts.drawn import charts
    from analysis.page.page import page

    secrets = Secrets("{}")
    full = secrets.filled(report)
    assert isinstance(full, Report)
    told = redacted(full)
    shown = [page(told), *(f"{c.title} {c.alt} {c.header} {c.rows}" for c in charts(told))]
    assert [text for text in shown if re.search(r"zq\d+xqz", text)] == []


def test_every_text_is_about_something() -> None:
    """Each field of a report that may hold a text is listed with what it is about, so that somebody
    has decided what becomes of it."""
    undecided = [
        f"{kind.__name__}.{name}"
        for kind in kinds(Report)
        for name, hint in type_hints(kind).items()
        if "str" in _names(hint) and subject_of(kind.__name__, name) is None
    ]
    assert [one for one in undecided if one not in MAPPINGS] == []


# Mappings, of which each key is listed instead.
MAPPINGS = {"Report.parameters", "AskedQuery.parameters", "Finding.evidence"}


def kinds(kind: type) -> set[type]:
    """The dataclasses that a report is made of."""
    found, left = set[type](), [kind]
    while left:
        one = left.pop()
        if is_dataclass(one) and one not in found:
            found.add(one)
            left += [k for hint in type_hints(one).values() for k in _types(hint)]
    return found


def _types(hint: object) -> Iterator[type]:
    if isinstance(hint, type):
        yield hint
    for inner in typing.get_args(hint):
        yield from _types(inner)


def _names(hint: object) -> set[str]:
    return {kind.__name__ for kind in _types(hint)}


def test_it_still_tells_the_story(report: Report) -> None:
    """Verdict, numbers, times and plain versions stay; names are the same all through."""
    text = rendered(redacted(report), "default")
    assert text.startswith("# service-1 1.4.0\n\n> **This report is redacted:")
    assert "**ROLL BACK** (gate: fail). Roll back to 1.3.9 now" in text
    assert "- Since 2026-11-21 10:30:00 UTC version 1.4.0 of service-1 served 20 requests" in text
    assert "starts in service-1 1.4.0: POST endpoint-1." in text
    assert "- New exception KeyError at frame-1, 10 times; by chance less than once" in text
    assert "| POST endpoint-1 | 10 of 20 |" in text
    assert not re.findall(r"checkout|payment|/pay|order\b|shop", text)


def test_only_names_differ(report: Report) -> None:
    """Every number, time and flag is what it was."""
    before, after = (numbers(json.loads(report_json(one))) for one in (report, redacted(report)))
    assert after == before | {"redacted": True}


def numbers(value: object, path: str = "") -> dict[str, object]:
    """Whatever is not a text, by its path."""
    if isinstance(value, dict):
        return {
            k: v for key, one in value.items() for k, v in numbers(one, f"{path}/{key}").items()
        }
    if isinstance(value, list):
        entries = value if not path.endswith("caveats") else []
        return {
            k: v for i, one in enumerate(entries) for k, v in numbers(one, f"{path}/{i}").items()
        }
    return {} if value is None or isinstance(value, str) else {path.removeprefix("/"): value}


def test_it_says_so_in_json(report: Report) -> None:
    """A program sees it in a field, a reader among the caveats; hashes of rows are gone."""
    document = json.loads(report_json(redacted(report)))
    assert document["redacted"] is True
    assert document["check"]["caveats"][-1].startswith("This report is redacted")
    assert {query["digest"] for query in document["queries"]} == {""}


def test_twice_is_once(report: Report) -> None:
    """A redacted report is redacted no further."""
    once = redacted(report)
    assert redacted(once) == once


def test_kept_and_named(report: Report) -> None:
    """Kinds that are kept stay as they are, and certain names get the ones that were said."""
    rules = RedactedNames(frozenset({Subject.ENDPOINTS}), {"checkout": "the till"})
    text = rendered(redacted(report, rules), "default")
    assert text.startswith("# the till 1.4.0")
    assert "| POST /pay | 10 of 20 |" in text
    assert "checkout" not in text


@pytest.mark.parametrize("subject", KEEPABLE)
def test_every_kind_can_be_kept(subject: str) -> None:
    """With its word in `keep`, the names of a kind are all there, and no other text is."""
    secrets = Secrets("{}")
    full = secrets.filled(everything())
    assert isinstance(full, Report)
    seen = report_json(redacted(full, RedactedNames(frozenset({Subject(subject)}))))
    kept = {word for word in secrets.given if word in seen}
    assert kept
    assert len(kept) < 40


@pytest.mark.parametrize(
    ("version", "stays"),
    [("1.4.0", True), ("v2", True), ("1.0.0-rc.1", True), ("0a1b2c3d4e5f", True),
     ("1.4.0-acme", False), ("registry.acme.example/shop:1", False),
     ("release of payments", False)],
)  # fmt: skip
def test_versions_that_are_versions_stay(version: str, stays: bool) -> None:
    """A version of digits and the usual words stays, as a hash does; one with a name in it does
    not."""
    assert RedactedNames().stays(Subject.VERSIONS, version) is stays


@given(st.text(max_size=40), st.text(min_size=1, max_size=12))
@example("Calls to it fail", "10.0.0.5")
@example("from 5 % to 10 %", "48213377")
@settings(deadline=None)
def test_only_our_words_pass(sentence: str, secret: str) -> None:
    """Of any text only our own words, numbers, times and what stands for names come through."""
    told = RedactedText({secret: "service-1"}).of(f"{sentence} {secret}")
    for word in WORD.findall(told.replace("service-1", "").replace(REMOVED, "")):
        assert word.lower() in own_words.own_words() | {"t", "z", "e", "th", "ms", "s", "h", "min"}


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("Calls to shop@2.0 rose to 12 %.", "Calls to service-1@2.0 rose to 12 %."),
        ("It starts in shop-eu (/tills).", f"It starts in {REMOVED} {REMOVED}."),
        ("“KeyError: secret” (3 failing requests), on every endpoint",
         f"{REMOVED} (3 failing requests), on every endpoint"),
        ("It calls 10.0.0.5 4 times", f"It calls {REMOVED} 4 times"),
        ("It calls 48213377 4 times", f"It calls {REMOVED} 4 times"),
        ("shopping began at 2026-11-21T10:30:00Z.", f"{REMOVED} began at 2026-11-21T10:30:00Z."),
    ],
)  # fmt: skip
def test_sentences(sentence: str, told: str) -> None:
    """Names become what they are called, quotes and unknown words go, figures stay."""
    assert RedactedText({"shop": "service-1", "2.0": "2.0"}).of(sentence) == told


def test_the_list_of_our_words_is_current(rewrite_golden: bool) -> None:
    """own_words.txt holds the words of the code that makes sentences: rewritten by
    --rewrite-golden and read as a diff. A word that is missing is taken out of sentences."""
    words = sorted({word.lower() for text in texts() for word in WORD.findall(text)})
    path = ROOT / "analysis" / "report" / own_words.FILE_NAME
    if rewrite_golden:
        path.write_text("\n".join(words) + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8").split() == words


def texts() -> Iterator[str]:
    """Every text of those modules and of the table of signatures, without documentation."""
    for place in SENTENCES:
        for path in [place] if place.is_file() else sorted(place.glob("*.py")):
            module = ast.parse(path.read_text(encoding="utf-8"))
            documentation = {id(n.value) for n in ast.walk(module) if isinstance(n, ast.Expr)}
            yield from (
                node.value
                for node in ast.walk(module)
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documentation
            )
    table = tomllib.loads((SENTENCES[1] / "signatures.toml").read_text(encoding="utf-8"))
    yield from table["conditions"].values()
    for one in table["signatures"]:
        yield from (
            one.get(key, "") for key in ("name", "title", "first_check", "unnamed", "advice")
        )


def test_settings_are_read() -> None:
    """[report.redact] says what stays and what names are called."""
    rules = redacted_names_from(
        {"redact": {"keep": ["endpoints", "services"], "names": {"shop": "the shop"}}}
    )
    assert rules.keep == {Subject.ENDPOINTS, Subject.SERVICES}
    assert rules.names == {"shop": "the shop"}
    assert redacted_names_from({}) == RedactedNames()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "report is [], which is not a table: write [report]."),
        ({"redcat": {}}, "report has an unknown key 'redcat'. Did you mean 'redact'?"),
        ({"redact": {"kep": []}}, "report.redact has an unknown key 'kep'. Did you mean 'keep'?"),
        ({"redact": {"keep": "endpoints"}}, "keep is 'endpoints', which is not a list"),
        ({"redact": {"keep": ["endpoint"]}}, "has 'endpoint'. Did you mean 'endpoints'?"),
        ({"redact": {"keep": ["message"]}}, "Messages, stack traces, notes and people never stay."),
        ({"redact": {"names": {"shop": 1}}}, "redact.names: 'shop' is 1. It is what the name"),
        ({"redact": {"names": []}}, "report.redact.names is [], which is not a table"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used(table: object, said: str) -> None:
    """An error names the key, what was seen, and what there is."""
    with pytest.raises(RedactError) as error:
        redacted_names_from(table)
    assert said in str(error.value)
