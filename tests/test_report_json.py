"""The report as JSON, and what changed since an earlier one."""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from analysis.deployment_name import DeploymentName
from analysis.exit_code import ExitCode, UsageRefused
from analysis.report.contents import Report
from analysis.report.difference import ChangedFigure, ChangedList
from analysis.report.findings import Measure
from analysis.report.previous import read_previous, with_difference
from analysis.report.redaction import redacted
from analysis.report.report_json import KIND, SCHEMA_VERSION, report_document, report_json
from analysis.repository.suspicion import Suspicion
from analysis.verdict.check import Suspect, Verdict
from tests.command_line import deploylens

# What a document holds before it is looked at.
Json = Any


@pytest.fixture
def shop(shop_store: Path) -> Path:
    """A store with the orders of the shop."""
    return shop_store


@pytest.fixture
def report(shop_report: Report) -> Report:
    """The report of the version that breaks paying."""
    return shop_report


def strict(text: str) -> Json:
    """A document by a parser that takes nothing but JSON."""

    def refuse(constant: str) -> Json:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def assert_all_fields(value: object, document: Json, path: str = "report") -> None:
    """Every field of every record stands in the document."""
    if is_dataclass(value) and path != "report.check":
        for field in fields(value):
            assert field.name in document, f"{path}.{field.name}"
            inner = getattr(value, field.name)
            assert_all_fields(inner, document[field.name], f"{path}.{field.name}")
    elif isinstance(value, tuple):
        assert len(value) == len(document), path
        for one, told in zip(value, document, strict=True):
            assert_all_fields(one, told, f"{path}[]")


def test_everything_is_in_the_document(report: Report) -> None:
    """The document is strict JSON with every field of the report, the unknown ones null."""
    document = strict(report_json(report))
    assert list(document)[:2] == ["schema_version", "kind"]
    assert (document["schema_version"], document["kind"]) == (SCHEMA_VERSION, KIND)
    assert_all_fields(report, document)
    assert document["check"]["verdict"] == "roll_back"
    assert document["check"]["gate"] == "fail"
    assert list(document["check"]["window"]) == ["from", "to"]
    assert "generated_at" not in document["check"]
    assert document["suspicion"] is document["difference"] is None
    assert document["milestones"]["began_at"] == "2026-11-21T10:30:00Z"
    assert document["looks"][-1]["verdict"] == "roll_back"


def test_the_fields_are_the_same_when_nothing_is_known(report: Report) -> None:
    """Of a version that sent nothing the document has the same fields, null or empty."""
    empty = Report(DeploymentName("shop", "2"))
    document = strict(report_json(empty))
    assert list(document) == list(report_document(report))
    assert document["check"] is document["comparison"] is document["deployment"] is None
    assert document["looks"] == document["steps"] == []
    assert document["milestones"]["onset"]["at"] is None


def test_what_json_cannot_say_is_null(report: Report) -> None:
    """No number is NaN or infinite, and the last digits of a sum do not matter."""
    odd = Measure("duration", "ms", float("nan"), float("inf"), 0.1 + 0.2, None)
    [told] = strict(report_json(replace(report, measures=(odd,))))["measures"]
    assert (told["candidate"], told["baseline"], told["difference"]) == (None, None, 0.3)


def test_names_stay_text(report: Report) -> None:
    """What steers a terminal is escaped, and is the same text to a parser."""
    evil = "\x1b]0;owned\x07\u202e</script>"
    text = report_json(replace(report, name=DeploymentName(evil, evil)))
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert strict(text)["name"] == {"service": evil, "version": evil}


def written(path: Path, report: Report) -> Path:
    """The report in a file."""
    path.write_text(report_json(report), encoding="utf-8")
    return path


def test_nothing_changed(report: Report, tmp_path: Path) -> None:
    """A report against itself says that nothing changed, and names what it cannot tell."""
    path = written(tmp_path / "before.json", report)
    found = with_difference(report, read_previous(path), path).difference
    assert found is not None
    assert found.previous_version == "1.4.0"
    assert found.previous_until == report.comparison.candidate_until  # type: ignore[union-attr]  # it sent something
    assert (found.figures, found.lists) == ((), ())
    assert found.omitted == ("suspects",)


def test_what_changed(report: Report, tmp_path: Path) -> None:
    """What was said differently before, what began and what ceased, each once."""
    assert report.check is not None
    endpoint, exception = report.endpoints[0], report.new_exceptions[0]
    suspect = Suspect("5be3a1f0aa", "somebody", "faster payments", (), 1.0)
    now = replace(report, suspicion=Suspicion((suspect,), (), (), ()))
    before = replace(
        report,
        check=replace(report.check, verdict=Verdict.HOLD),
        endpoints=(replace(endpoint, endpoint="GET /cart"),),
        new_exceptions=(replace(exception, fingerprint="x", exception_type="OldError"),),
        suspicion=Suspicion((), (), (), ()),
    )
    path = written(tmp_path / "before.json", before)
    found = with_difference(now, read_previous(path), path).difference
    assert found is not None
    assert found.figures == (ChangedFigure("verdict", "text", "hold", "roll_back"),)
    assert found.lists == (
        ChangedList("failing endpoints", ("POST /pay",), ("GET /cart",)),
        ChangedList(
            "exceptions", ("KeyError in shop.pay.charge",), ("OldError in shop.pay.charge",)
        ),
        ChangedList("suspects", ("5be3a1f0aa faster payments",), ()),
    )
    assert found.omitted == ()
    outside = report_json(redacted(replace(now, difference=found)))
    assert "shop.pay.charge" not in outside
    assert "faster payments" not in outside


def without(name: str) -> Callable[[Json], Json]:
    """The document without a field."""
    return lambda document: {key: value for key, value in document.items() if key != name}


def but(**values: Json) -> Callable[[Json], Json]:
    """The document with other values."""
    return lambda document: document | values


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: [1], "no report of deploylens"),
        (but(kind="check"), "no report of deploylens"),
        (without("kind"), "no report of deploylens"),
        (but(schema_version=SCHEMA_VERSION + 1), "Update deploylens"),
        (but(schema_version=True), "schema_version is True"),
        (without("schema_version"), "schema_version is None"),
        (without("name"), "no field 'name'"),
        (but(name={"service": 1, "version": ""}), "'name.service' is 1, not a text"),
        (but(name={"service": "\ud800", "version": ""}), "not a text"),
        (but(endpoints=[{"endpoint": "a"}]), "no field 'candidate_failures'"),
        (but(endpoints="all"), "'endpoints' is 'all', not a list"),
        (but(check={"verdict": "hold"}), "no field 'check.impact'"),
        (but(milestones={}), "no field 'milestones.peak_failure_rate'"),
        (but(comparison=7), "no field 'comparison.environment_name'"),
    ],
)
def test_a_document_that_is_no_report_is_refused(
    report: Report, tmp_path: Path, change: Callable[[Json], Json], expected: str
) -> None:
    """Whatever is not as a report was written is named: the file, the field, what was seen."""
    path = tmp_path / "before.json"
    path.write_text(json.dumps(change(report_document(report))))
    with pytest.raises(UsageRefused, match=expected) as refused:
        read_previous(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e999}']
)
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, the answer is an error that says what to do."""
    path = tmp_path / "before.json"
    path.write_bytes(content)
    with pytest.raises(UsageRefused, match=r"-o FILE\.json"):
        read_previous(path)


def test_what_cannot_be_compared_is_refused(report: Report, tmp_path: Path) -> None:
    """A report of another service, and one whose names were taken out, tell nothing here."""
    other = replace(report, name=DeploymentName("web", "7"))
    path = written(tmp_path / "web.json", other)
    with pytest.raises(UsageRefused, match="a report of web, and this one is of checkout"):
        with_difference(report, read_previous(path), path)
    path = written(tmp_path / "redacted.json", replace(report, redacted=True))
    with pytest.raises(UsageRefused, match="redacted"):
        with_difference(report, read_previous(path), path)


def test_since_a_report_and_since_a_time(report: Report, shop: Path, tmp_path: Path) -> None:
    """--since takes an earlier report, a time, or one of each."""
    path = written(tmp_path / "before.json", report)
    ended = deploylens(
        *("report", "checkout@1.4.0", "--format", "json", "--since", path),
        *("--since", "2026-11-21T10:35Z"),
        store=shop,
    )
    assert ended.code == ExitCode.DONE, ended.err
    document = strict(ended.out)
    assert document["parameters"]["since"].startswith("2026-11-21T10:35")
    changed = {
        one["name"]: (one["before"], one["after"]) for one in document["difference"]["figures"]
    }
    assert changed["requests"] == (20, 10)
    missing = deploylens("report", "checkout@1.4.0", "--since", "gone.json", store=shop)
    assert missing.code == ExitCode.FAILED
    assert "gone.json" in missing.err
