"""What the failing requests have in common: attributes and variants of feature flags.

Asked only when somebody wants it: these two questions read every attribute of the window.
"""

from dataclasses import dataclass

import pyarrow as pa

from analysis.signatures.facts import FlagVariant
from analysis.verdict.check import Figure, Finding
from analysis.verdict.figures import name
from analysis.verdict.subject import Place

QUERIES = ("attribute_outliers", "feature_flags")
_SHOWN_MAX = 5
_P_VALUE_MAX = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Rows of the two queries, times in nanoseconds."""

    attributes: pa.Table
    flags: pa.Table


def flag_variants(factors: Factors) -> tuple[FlagVariant, ...]:
    """The variants on the failing requests, as the signatures look at them."""
    return tuple(
        FlagVariant(
            key=row["flag_key"],
            variant=row["variant"] or "",
            risk_ratio=row["risk_ratio"],
            failures=row["candidate_failures"],
        )
        for row in factors.flags.to_pylist()
        if row["risk_ratio"] is not None
    )


def factor_findings(factors: Factors, place: Place) -> tuple[Finding, ...]:
    """The values that failing requests have more often than others, the surest first."""
    return tuple(
        _finding(row, place)
        for row in factors.attributes.to_pylist()[:_SHOWN_MAX]
        if row["p_value"] <= _P_VALUE_MAX
    )


def _finding(row: dict[str, Figure], place: Place) -> Finding:
    numbers: dict[str, Figure] = {
        column: row[column]
        for column in (
            "source",
            "attribute",
            "value",
            "support",
            "risk_ratio",
            "failure_rate_with",
            "failure_rate_without",
            "p_value",
            "failing_requests",
        )
    }
    title = f"{name(str(row['attribute']))} = {name(str(row['value']))} fails more often"
    example = row["example_trace_id"]
    traces = () if example is None else (str(example),)
    return Finding(
        "attribute_outlier", "info", place.service_name, place.service_version, None, title,
        numbers, traces,
    )  # fmt: skip
