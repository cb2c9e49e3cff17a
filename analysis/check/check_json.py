"""A check as JSON, for programs: schema version 1.

Every field is always present, null when unknown, and no number is NaN or infinite. docs/verdict.md
tells what each holds.
"""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from numbers import Integral, Real
from typing import Any

from analysis.check.figures import E_VALUE_MAX
from analysis.formats.json_rows import json_text
from analysis.verdict.check import SCHEMA_VERSION, Check, Gate, Verdict

RENAMED = {"since": "from", "until": "to"}

# Values of any kind that JSON has.
Json = Any


def check_document(check: Check) -> dict[str, Json]:
    """The check in the fields and the order of the contract; all values are plain JSON."""
    document: dict[str, Json] = {"schema_version": SCHEMA_VERSION}
    for field in fields(check):
        document[field.name] = plain(getattr(check, field.name))
        if field.name == "verdict":
            document["gate"] = check.gate.value
    return document


def gate_document(check: Check) -> dict[str, Json]:
    """What a pipeline reads: gate, verdict and reasons."""
    return gate_answer(check.gate, check.verdict, check.reasons)


def gate_answer(gate: Gate, verdict: Verdict, reasons: tuple[str, ...]) -> dict[str, Json]:
    """The same of parts, for a deployment that cannot be checked."""
    return {"gate": gate.value, "verdict": verdict.value, "reasons": list(reasons)}


def document_text(document: Mapping[str, Json]) -> str:
    """One object, a line for each of its fields."""
    lines = ",\n".join(f"  {json_text(k)}: {json_text(v)}" for k, v in document.items())
    return f"{{\n{lines}\n}}\n"


def plain(value: object) -> Json:
    """A part of an answer as JSON; raises TypeError for what JSON cannot say."""
    match value:
        case None | bool():
            return value
        case StrEnum():
            return value.value
        case str():
            return value
        case Integral():  # numpy's too
            return int(value)
        case Real():
            return _finite(float(value))
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _ if is_dataclass(value):
            named = (field.name for field in fields(value))
            return {RENAMED.get(name, name): plain(getattr(value, name)) for name in named}
    raise TypeError(f"a check holds {value!r}, which JSON cannot say.")


def _finite(value: float) -> float | None:
    """Evidence may be larger than a float can be; then it is as large as we write any number."""
    return None if math.isnan(value) else max(-E_VALUE_MAX, min(E_VALUE_MAX, value))
