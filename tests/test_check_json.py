"""A check as JSON: the contract, field by field."""

import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.check.check_json import check_document, document_text, gate_document
from analysis.verdict.check import GATES, Check, FailureRate, Finding, Kinds, Verdict
from tests.checks import CHECKS, HOSTILE, HOSTILE_CHECK, NOTHING, ROLL_BACK
from tests.served import ROOT

FIELDS = (
    "schema_version generated_at deployment baseline window verdict gate reasons failure_rate"
    " onset findings origins impact exceptions signatures suspects owners ruled_out needed caveats"
    " kinds thresholds"
)
PARTS = {
    "deployment": "service namespace version environment deployment_id first_seen last_seen"
    " instances requests commit version_source",
    "baseline": "kind version from to requests",
    "window": "from to",
    "failure_rate": "baseline candidate difference low high e_value alpha",
    "onset": "at low high relation",
    "findings": "kind severity service version endpoint title evidence example_trace_ids",
    "origins": "service version span_name exception_type share failures",
    "impact": "failed_requests requests endpoints services users",
    "exceptions": "type message fingerprint state count first_seen top_frame probability_not_new",
    "signatures": "name confidence evidence first_check advice",
    "suspects": "commit author summary files score",
    "needed": "requests minutes",
    "kinds": "own unanswered participation traffic",
    "thresholds": "name value origin",
}
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]")


def read_strictly(check: Check) -> Any:  # Any: JSON
    """What a strict parser reads from the text of the check."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = document_text(check_document(check))
    return json.loads(text.encode("utf-8"), parse_constant=refuse)


@pytest.mark.parametrize("check", [*CHECKS.values(), NOTHING, HOSTILE_CHECK])
def test_the_text_is_the_document(check: Check) -> None:
    """The text is strict JSON of the document, with all fields in the order of the contract."""
    document = check_document(check)
    assert list(document) == FIELDS.split()
    assert read_strictly(check) == document


@pytest.mark.parametrize(("name", "fields"), PARTS.items())
def test_every_part_has_its_fields(name: str, fields: str) -> None:
    """Each part holds exactly the fields of the contract, in order."""
    found = check_document(ROLL_BACK)[name]
    assert list(found[0] if isinstance(found, list) else found) == fields.split()


def test_what_is_unknown_is_null() -> None:
    """A check of which nothing is known has every field all the same."""
    document = check_document(NOTHING)
    assert document["baseline"] is document["window"] is None
    assert document["deployment"]["first_seen"] is None
    assert document["failure_rate"]["e_value"] is None
    assert document["needed"] == {"requests": None, "minutes": None}
    assert document["kinds"] == dict.fromkeys(PARTS["kinds"].split())
    assert document["findings"] == document["reasons"] == []


def test_no_number_is_infinite() -> None:
    """Evidence beyond any float is written as 1e300, what is no number as null."""
    rate = FailureRate(math.nan, 0.1, -math.inf, 0.0, math.inf, math.inf, 0.01)
    evidence = {"ratio": math.inf, "share": np.float64("nan"), "count": np.int64(7)}
    finding = Finding("failing_service", "info", "a", None, None, "t", evidence)  # type: ignore[arg-type]  # what a careless count would hold
    found = read_strictly(
        replace(ROLL_BACK, failure_rate=rate, kinds=Kinds(own=math.inf), findings=(finding,))
    )
    assert found["failure_rate"]["baseline"] is None
    assert found["failure_rate"]["e_value"] == found["failure_rate"]["high"] == 1e300
    assert found["failure_rate"]["difference"] == -1e300
    assert found["kinds"]["own"] == 1e300
    assert found["findings"][0]["evidence"] == {"ratio": 1e300, "share": None, "count": 7}


def test_hostile_text_stays_text() -> None:
    """What came with telemetry comes back as it was, and steers no terminal on its way."""
    text = document_text(check_document(HOSTILE_CHECK))
    assert not STEERING.search(text)
    found = json.loads(text)
    assert found["deployment"]["service"] == HOSTILE
    assert found["findings"][0]["evidence"] == {HOSTILE: HOSTILE}
    assert found["owners"] == [HOSTILE]


@pytest.mark.parametrize(("verdict", "check"), CHECKS.items())
def test_the_gate_is_part_of_the_check(verdict: Verdict, check: Check) -> None:
    """What a pipeline reads says of a check what the whole says."""
    whole = check_document(check)
    gate = gate_document(check)
    assert gate == {name: whole[name] for name in ("gate", "verdict", "reasons")}
    assert (gate["verdict"], gate["gate"]) == (verdict.value, GATES[verdict].value)


def test_each_verdict_has_its_gate() -> None:
    """Only what is proven harmful fails, and only what is shown healthy passes."""
    assert {verdict.value: gate.value for verdict, gate in GATES.items()} == {
        "roll_back": "fail",
        "fix_forward": "fail",
        "hold": "wait",
        "healthy": "pass",
        "not_enough_data": "wait",
        "not_this_deployment": "wait",
    }


def test_the_document_names_every_field() -> None:
    """docs/verdict.md tells of each field, each part of it, each verdict and its gate."""
    text = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (`\w+`[^|]*) \| (.*) \|$", text, re.MULTILINE))
    told = {name: rest for names, rest in rows.items() for name in re.findall(r"`(\w+)`", names)}
    assert set(FIELDS.split()) <= set(told)
    for name, fields in PARTS.items():
        assert {f"`{field}`" for field in fields.split()} <= set(re.findall(r"`\w+`", told[name]))
    for verdict, gate in GATES.items():
        assert told[verdict].startswith(f"{gate} |")
