"""Failures and the signature that each must match, from `tests/data/signatures/cases.jsonl`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.signatures.facts import FailingGroup, FlagVariant, PeerCalls, SignatureFacts

# What a line of the file holds before it is a dataclass.
Json = Any

CASES = Path(__file__).parent / "data" / "signatures" / "cases.jsonl"


@dataclass(frozen=True, slots=True)
class SignatureCase:
    """One failure among what else is known, the signature that it matches (None: none at all), and
    what that must say; `confidence` and `name` of None are not checked."""

    signature: str | None
    language: str | None
    facts: SignatureFacts
    name: str | None
    confidence: str | None
    said: Mapping[str, Json] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What tells it apart in the output of the tests."""
        group = self.facts.groups[0]
        return f"{self.signature}: {group.exception_type}: {group.message}"[:70]


def signature_cases() -> list[SignatureCase]:
    """Every case, in the order of the file."""
    return [_case(json.loads(line)) for line in CASES.read_text(encoding="utf-8").splitlines()]


def facts_of(
    exception_type: str | None,
    message: str | None,
    group: Mapping[str, Json] | None = None,
    facts: Mapping[str, Json] | None = None,
) -> SignatureFacts:
    """Ten failures of a hundred requests, and what else is given."""
    known = {name: _frozen(value) for name, value in (facts or {}).items()}
    if "calls" in known:
        known["calls"] = tuple(PeerCalls(**one) for one in known["calls"])
    if "flags" in known:
        known["flags"] = tuple(FlagVariant(**one) for one in known["flags"])
    failing = {name: _frozen(value) for name, value in (group or {}).items()}
    one = FailingGroup(
        **{
            "exception_type": exception_type,
            "message": message,
            "candidate_count": 10,
            **failing,
        }
    )
    return SignatureFacts(**{"groups": (one,), "candidate_requests": 100, **known})


def _case(entry: Mapping[str, Json]) -> SignatureCase:
    return SignatureCase(
        signature=entry["signature"],
        language=entry["language"],
        facts=facts_of(entry["type"], entry["message"], entry.get("group"), entry.get("facts")),
        name=entry.get("name"),
        confidence=entry.get("confidence"),
        said=entry,
    )


def _frozen(value: Json) -> Json:
    return tuple(value) if isinstance(value, list) else value
