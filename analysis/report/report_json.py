"""A report as one JSON document, for programs and for comparing: schema version 1.

Every field is always present, null when unknown, and no number is NaN or infinite. docs/report.md
tells what each holds. The same data and parameters give the same bytes: floats have twelve digits,
for the last ones of a sum differ from run to run, and the moment of asking is nowhere.
"""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from analysis.check.check_json import check_document, document_text
from analysis.report.contents import Report

SCHEMA_VERSION = 1
KIND = "deploylens_report"

_SIGNIFICANT_DIGITS = 12
# The moment of asking is not part of what was found; the rest stands at the top of the document.
_NOT_OF_THE_CHECK = ("schema_version", "generated_at")

# Values of any kind that JSON has.
Json = Any


def report_json(report: Report) -> str:
    """The document as text: one object, a line for each of its fields."""
    return document_text(report_document(report))


def report_document(report: Report) -> dict[str, Json]:
    """The report in the fields and the order of the contract; all values are plain JSON."""
    document: dict[str, Json] = {"schema_version": SCHEMA_VERSION, "kind": KIND}
    for field in fields(report):
        document[field.name] = _plain(getattr(report, field.name))
    if report.check is not None:
        check = check_document(report.check)
        document["check"] = {k: _plain(v) for k, v in check.items() if k not in _NOT_OF_THE_CHECK}
    document["milestones"]["began_at"] = report.milestones.began_at
    return document


def _plain(value: object) -> Json:
    """A part of a report as JSON; raises TypeError for what JSON cannot say."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case float():
            return _number(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else _number(float(value))
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _ if is_dataclass(value):
            return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    raise TypeError(f"a report holds {value!r}, which JSON cannot say.")


def _number(value: float) -> float | None:
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
