"""A backtest on its way to a reader: a row for each deployment, or one JSON document."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from analysis.arrow_values import Value, utc_text
from analysis.backtest.replay import Replayed
from analysis.backtest.summary import Summary
from analysis.formats.json_rows import json_text
from analysis.rows import Column, Kind, Rows
from analysis.verdict.check import SCHEMA_VERSION, Verdict

_TEXT, _NUMBER, _TIME = Kind.TEXT, Kind.NUMBER, Kind.TIME


def backtest_rows(replayed: Sequence[Replayed]) -> Rows:
    """One row per deployment; minutes count from its first traffic, NULL when it was never said."""
    columns: list[tuple[str, Kind, list[Value]]] = [
        ("service_name", _TEXT, [one.subject.place.service_name for one in replayed]),
        ("service_version", _TEXT, [one.subject.place.service_version for one in replayed]),
        ("environment_name", _TEXT, [one.subject.place.environment_name for one in replayed]),
        ("first_seen", _TIME, [utc_text(60 * one.subject.first_minute, "s") for one in replayed]),
        ("verdict", _TEXT, [one.verdict.value for one in replayed]),
        ("outcome", _TEXT, [one.outcome and one.outcome.value for one in replayed]),
        ("fired_after_min", _NUMBER, [one.fired_after_min for one in replayed]),
        ("fired_as", _TEXT, [_fired_as(one) for one in replayed]),
        *(
            (f"{verdict.value}_after_min", _NUMBER, _after(replayed, verdict))
            for verdict in (
                Verdict.ROLL_BACK,
                Verdict.FIX_FORWARD,
                Verdict.HOLD,
                Verdict.NOT_THIS_DEPLOYMENT,
                Verdict.HEALTHY,
            )
        ),
        ("minutes", _NUMBER, [one.subject.minutes for one in replayed]),
        ("requests", _NUMBER, [one.requests for one in replayed]),
        ("baseline_kind", _TEXT, [one.subject.baseline_kind for one in replayed]),
        ("baseline_version", _TEXT, [one.subject.baseline_version for one in replayed]),
        ("service_namespace", _TEXT, [one.subject.place.service_namespace for one in replayed]),
        ("deployment_id", _TEXT, [one.subject.place.deployment_id for one in replayed]),
        ("reason", _TEXT, [_reason(one) for one in replayed]),
    ]
    return Rows(tuple(Column(name, kind, values) for name, kind, values in columns))


def backtest_json(replayed: Sequence[Replayed], summary: Summary, generated_at: datetime) -> str:
    """The same as one strict JSON document, with every change of each verdict and the summary."""
    rows = backtest_rows(replayed)
    deployments = [
        {**dict(zip(rows.names, row, strict=True)), "looks": _looks(one)}
        for row, one in zip(rows, replayed, strict=True)
    ]
    document: dict[str, Value] = {
        "schema_version": SCHEMA_VERSION,
        "generated_at": generated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deployments": deployments,
        "summary": asdict(summary),
    }
    return f"{json_text(document)}\n"


def _looks(one: Replayed) -> list[Value]:
    return [
        {
            "minutes": look.minutes,
            "verdict": look.verdict.value,
            "reasons": list(look.reasons),
        }
        for look in one.looks
    ]


def _after(replayed: Sequence[Replayed], verdict: Verdict) -> list[Value]:
    looks = [one.first(verdict) for one in replayed]
    return [look.minutes if look else None for look in looks]


def _fired_as(one: Replayed) -> str | None:
    fired = one.fired
    return fired.verdict.value if fired else None


def _reason(one: Replayed) -> str:
    """The first reason of the look that fired, else of the last."""
    look = one.fired or one.looks[-1]
    return look.reasons[0] if look.reasons else ""
