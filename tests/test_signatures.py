"""Signatures: known causes recognised by what failures say and by their shape."""

import json
import os
import pickle
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signatures.conditions import CONDITIONS
from analysis.signatures.facts import FailingGroup, SignatureFacts
from analysis.signatures.failure_text import MESSAGE_LENGTH_MAX, failure_text
from analysis.signatures.matching import (
    CONFIDENCES,
    EXPLAINED_SHARE_MIN,
    GROUPS_MAX,
    SignatureMatch,
    match,
)
from analysis.signatures.table import Signature, signature_table
from tests.grouping_corpus import occurrences
from tests.served import ROOT
from tests.signature_cases import SignatureCase, facts_of, signature_cases
from tests.signature_document import signature_rows

SIGNATURES = signature_table().signatures
CASES = signature_cases()
each_signature = pytest.mark.parametrize("signature", SIGNATURES, ids=lambda one: one.name)


def named(matches: tuple[SignatureMatch, ...]) -> dict[str, SignatureMatch]:
    """The matches by name."""
    return {one.name: one for one in matches}


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.title)
def test_recognised(case: SignatureCase) -> None:
    """Each failure of the table matches its signature first, and a near miss matches none."""
    matches = match(case.facts)
    if case.signature is None:
        assert matches == ()
        return
    first = matches[0]
    assert first.name == case.signature, [(one.name, one.confidence) for one in matches]
    if case.name:
        assert case.name in first.first_check + first.advice
    if case.confidence:
        assert first.confidence == case.confidence
    if "effect" in case.said:
        assert first.effect == case.said["effect"]


@each_signature
def test_every_signature_has_cases(signature: Signature) -> None:
    """Each signature has a case in each language that it claims to know."""
    languages = {case.language for case in CASES if case.signature == signature.name}
    assert languages
    assert set(signature.languages) <= languages


@each_signature
def test_every_pattern_has_a_case(signature: Signature) -> None:
    """Each form of a message is there for a failure of the table."""
    texts = [
        text
        for case in CASES
        if case.signature == signature.name
        for text in failure_text(case.facts.groups[0]).texts
    ]
    forms = [form for pattern in signature.patterns for form in pattern.messages]
    assert [form.pattern for form in forms if not any(form.search(text) for text in texts)] == []


@each_signature
def test_signatures_use_known_words(signature: Signature) -> None:
    """A signature asks only for conditions there are, and has one of four effects or none."""
    asked = {*signature.raised_by, *signature.lowered_by}
    asked |= {need for pattern in signature.patterns for need in pattern.needs}
    asked |= {name for rule in signature.effects for name in rule.when}
    assert asked <= set(CONDITIONS)
    effects = {rule.effect for rule in signature.effects}
    assert effects <= {"hold", "fix_forward", "roll_back", "ignore"}
    assert signature.patterns


@each_signature
def test_names_are_used(signature: Signature) -> None:
    """What a pattern captures stands in the first check or the advice, and has a general word."""
    captures = any("name" in m.groupindex for p in signature.patterns for m in p.messages)
    uses = "{name}" in signature.first_check + signature.advice
    assert uses or not captures
    assert uses == (signature.unnamed is not None)


def test_every_condition_is_put_into_words() -> None:
    """What the table says of conditions, and the conditions there are, are the same."""
    assert set(signature_table().phrases) == set(CONDITIONS)


def test_every_condition_is_used() -> None:
    """Every condition is one that a signature asks for."""
    asked: set[str] = set()
    for signature in SIGNATURES:
        asked |= {*signature.raised_by, *signature.lowered_by}
        asked |= {need for pattern in signature.patterns for need in pattern.needs}
        asked |= {name for rule in signature.effects for name in rule.when}
    assert set(CONDITIONS) - asked == set()


# Classes that ordinary defects and refused input have.
ORDINARY = (
    *("ZeroDivisionError", "IndexError", "NameError", "OrderException", "OrderError", "panic"),
    *("card_refused", "RangeError", "ArithmeticError", "NullPointerException", "NumError"),
    *("NullReferenceException", "NumberFormatException", "UnicodeDecodeError", "AssertionError"),
    *("FormatException", "ReferenceError", "boundsError", "ZodError", "RecordInvalid"),
    *("ClassCastException", "IndexOutOfBoundsException", "CastError", "FrozenError"),
)


def raised(action: Callable[[], object]) -> FailingGroup:
    """The exception that the action raises, as an SDK records it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each action raises its own class
        action()
    kind = caught.type
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    return FailingGroup(exception_type=name, message=str(caught.value), candidate_count=10)


@pytest.mark.parametrize(
    ("action", "signature"),
    [
        (lambda: os.environ["DEPLOYLENS_NOT_SET"], "missing_setting"),
        (lambda: import_module("shop_billing"), "broken_dependency"),
        (lambda: pickle.loads(b"\x80\x04\x95"), "unreadable_data"),
        (lambda: json.loads(""), "unreadable_data"),
        (lambda: sqlite3.connect(":memory:").execute("SELECT a FROM b"), "schema_mismatch"),
        (lambda: bytearray(1 << 62), "resource_exhaustion"),
    ],
)
def test_exceptions_of_this_runtime(action: Callable[[], object], signature: str) -> None:
    """What Python itself raises now is recognised, so the table is not about versions long gone."""
    facts = SignatureFacts(groups=(raised(action),), candidate_requests=100)
    assert [one.name for one in match(facts)] == [signature]


def test_precision_on_recorded_exceptions() -> None:
    """Of 2,600 recorded exceptions each matches at most one signature, and what is an ordinary
    defect or a request that is not valid matches none."""
    found: dict[str, Counter[str]] = {}
    several = []
    for one in occurrences().values():
        group = FailingGroup(exception_type=one.type, message=one.message, candidate_count=10)
        matches = match(SignatureFacts(groups=(group,), candidate_requests=100))
        if len(matches) > 1:
            several.append((one.name, [match.name for match in matches]))
        last = (one.type or "").rpartition(".")[2]
        found.setdefault(last, Counter()).update(match.name for match in matches)
    assert several == []
    strays = {name: dict(found[name]) for name in ORDINARY if found.get(name)}
    # A constant that Ruby does not know is a defect or a gem that is not there: a hint.
    assert strays == {"NameError": {"broken_dependency": 1}}
    assert sum(found["ValueError"].values()) <= 20, "sentences about tokens that expired"


def test_most_of_the_failures_decide() -> None:
    """A signature that explains less than half of the failures has no effect on the verdict."""
    setting = FailingGroup(exception_type="KeyError", message="'DATABASE_URL'", candidate_count=2)
    defect = FailingGroup(exception_type="ZeroDivisionError", candidate_count=50)
    both = SignatureFacts(groups=(defect, setting), candidate_requests=100)
    (few,) = match(both)
    assert (few.effect, few.explained) == (None, 2 / 52)
    many = replace(both, groups=(replace(defect, candidate_count=1), setting))
    (most,) = match(many)
    assert (most.effect, most.explained) == ("fix_forward", 2 / 3)


def test_strongest_first() -> None:
    """Matches come by confidence, then by the share of failures that they explain."""
    groups = (
        FailingGroup(message="502 Bad Gateway", candidate_count=50),
        FailingGroup(exception_type="MemoryError", candidate_count=5),
        FailingGroup(exception_type="ModuleNotFoundError", candidate_count=20),
    )
    matches = match(SignatureFacts(groups=groups, candidate_requests=100))
    assert [(one.name, one.confidence) for one in matches] == [
        ("broken_dependency", "medium"),
        ("resource_exhaustion", "medium"),
        ("unreachable_peer", "low"),
    ]
    ranks = [CONFIDENCES.index(one.confidence) for one in matches]
    assert ranks == sorted(ranks, reverse=True)


def test_evidence_says_what_was_seen() -> None:
    """The evidence quotes the failure, counts it, and names each condition for and against."""
    facts = facts_of(
        "psycopg.errors.UndefinedColumn",
        'column "total" does not exist\nLINE 1: select total',
        group={"old_version_count": 30, "origin_kind": "CLIENT"},
        facts={"old_version_requests": 100, "before_requests": 1000},
    )
    (one,) = match(facts)
    assert one.evidence == (
        '“UndefinedColumn: column "total" does not exist” (10 failing requests), the old version'
        " fails the same way (30 times), it starts in an outgoing call"
    )
    assert one.first_check.startswith("Did the migration that touches total run")


def test_evidence_against() -> None:
    """What speaks against a signature is said behind a but, and takes confidence away."""
    facts = facts_of(
        "KeyError",
        "'DATABASE_URL'",
        group={"minute_counts": [0, 0, 0, 0, 5, 5]},
    )
    (one,) = match(facts)
    assert one.confidence == "low"
    assert one.evidence == (
        "“KeyError: 'DATABASE_URL'” (10 failing requests); but starting 4 minutes after the first"
        " request"
    )


def test_what_a_span_says_is_harmless() -> None:
    """Escape sequences, overrides and line breaks from a span are shown as escapes, and cut."""
    hostile = 'column "\x1b[2J\u202etotal" does not exist\x07' + "x" * 5000
    (one,) = match(facts_of("psycopg.errors.UndefinedColumn\x1b[0m", hostile))
    for text in (one.evidence, one.first_check, one.advice):
        assert text.isprintable()
        assert len(text) < 700
    assert "\\x1b[2J\\u202etotal" in one.first_check


def test_braces_in_a_message_stay_as_they_are() -> None:
    """A message is never a template: braces in it are shown."""
    (one,) = match(facts_of(None, 'column "{name}" of relation "{0}" does not exist'))
    assert "{name}" in one.evidence
    assert "{name}" in one.first_check


HOSTILE_PIECES = (
    "'",
    '"',
    "`",
    "/",
    ":",
    "(",
    "A_",
    "a.",
    "KeyError: '",
    "column ",
    "nested exception is ",
    "Cannot read properties ",
    "undefined method ",
    "Duplicate entry '",
    "kid ",
    "function a(",
    "open /",
    "lookup ",
    "is null",
    "\n",
    "java.a.B: ",
    "No such file or directory: '/",
    "ORA-",
    "environment variable ",
    "Schema-validation: missing column ",
    "can't access property ",
    "É",
)


@pytest.mark.parametrize("piece", HOSTILE_PIECES)
def test_hostile_messages_are_cut_before_they_are_read(piece: str) -> None:
    """Whatever stands behind the bound is not looked at: 64 KiB cost no more than the bound."""
    message = (piece * 65536)[:65536]
    group = FailingGroup(exception_type=message, message=message, error=message, candidate_count=1)
    text = failure_text(group)
    assert max(len(one) for one in text.texts) <= MESSAGE_LENGTH_MAX + 302
    for one in match(SignatureFacts(groups=(group,), candidate_requests=1)):
        assert len(one.evidence + one.first_check + one.advice) < 1500


@each_signature
def test_patterns_are_bounded(signature: Signature) -> None:
    """Every repetition in a pattern has an upper bound, so its time is linear in the message."""
    patterns = [message for pattern in signature.patterns for message in pattern.messages]
    for regex in patterns:
        bare = re.sub(r"\[[^\]]*\]", "", re.sub(r"\\.", "", regex.pattern))
        assert not re.search(r"(?<!\})[*+]|\{\d*,\}", bare), regex.pattern


@settings(deadline=None, max_examples=60)
@given(
    exception_type=st.none() | st.text(max_size=60),
    message=st.none() | st.text(max_size=200) | st.sampled_from(HOSTILE_PIECES),
    counts=st.tuples(*[st.integers(0, 50)] * 3),
    minutes=st.lists(st.integers(0, 5), max_size=8),
    durations=st.lists(st.floats(0, 1e6), max_size=5),
)
def test_any_facts_are_understood(
    exception_type: str | None,
    message: str | None,
    counts: tuple[int, int, int],
    minutes: list[int],
    durations: list[float],
) -> None:
    """Whatever the facts are, the answer is made of printable texts, known words and a share."""
    candidate, old, before = counts
    group = FailingGroup(
        exception_type=exception_type,
        message=message,
        http_status=401,
        candidate_count=candidate,
        old_version_count=old,
        before_count=before,
        minute_counts=tuple(minutes),
        durations_ms=tuple(durations),
    )
    facts = SignatureFacts(
        groups=(group,),
        candidate_requests=candidate,
        old_version_requests=old,
        before_requests=before,
        minute_requests=tuple(minutes),
    )
    for one in match(facts):
        assert one.evidence.isprintable()
        assert one.confidence in CONFIDENCES
        assert one.explained is None or 0 <= one.explained <= 1


def test_document_has_every_signature() -> None:
    """The table of docs/signatures.md is what the program knows."""
    text = (ROOT / "docs/signatures.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `.*$", text, re.MULTILINE) == signature_rows()
    assert f"first {MESSAGE_LENGTH_MAX:,} characters" in text
    assert GROUPS_MAX == 50, "the document says fifty"
    assert EXPLAINED_SHARE_MIN == 0.5, "the document says half"
