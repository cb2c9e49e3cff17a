"""The facts of a report that are compared with those of another, read from its JSON document.

A document may come from anywhere: whatever is not as docs/report.md says is refused.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Figure = str | float | int | None

# What a JSON document holds before it is looked at.
Json = Any

# Names of the figures, their units, and where they stand.
_FIGURES = (
    ("version", "text", ("name", "version")),
    ("baseline version", "text", ("comparison", "baseline_version")),
    ("verdict", "text", ("check", "verdict")),
    ("requests", "requests", ("check", "impact", "requests")),
    ("failed requests", "requests", ("check", "impact", "failed_requests")),
    ("failure rate", "share", ("check", "failure_rate", "candidate")),
    ("failure rate of the baseline", "share", ("check", "failure_rate", "baseline")),
    ("highest failure rate", "share", ("milestones", "peak_failure_rate")),
    ("users affected", "users", ("check", "impact", "users")),
    ("onset of failures", "time", ("milestones", "onset", "at")),
    ("detected", "time", ("milestones", "detected_at")),
    ("failures as usual again", "time", ("milestones", "mitigated_at")),
)
_LABEL_LENGTH_MAX = 200


class DamagedReport(ValueError):
    """A document that is no report as it was written; the message says what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report says, as far as two are compared. Lists map what identifies an entry to how it
    is shown; one that a report does not hold is None. `units` are those of the figures."""

    service: str
    version: str
    environment: str | None
    until: str | None
    redacted: bool
    figures: Mapping[str, Figure]
    units: Mapping[str, str]
    lists: Mapping[str, Mapping[str, str] | None]


def facts_of(document: Mapping[str, Json]) -> Facts:
    """The facts of a document of schema version 1; raises DamagedReport."""
    return Facts(
        service=_text(document, "name", "service"),
        version=_text(document, "name", "version"),
        environment=_optional_text(document, "comparison", "environment_name"),
        until=_optional_text(document, "comparison", "candidate_until"),
        redacted=bool(_at(document, "redacted")),
        figures={name: _figure(document, unit, *path) for name, unit, path in _FIGURES},
        units={name: unit for name, unit, _ in _FIGURES},
        lists={
            "failing endpoints": dict(_failing(document)),
            "exceptions": dict(_exceptions(document)),
            "origins of failures": dict(_origins(document)),
            "known patterns": _patterns(document),
            "suspects": _suspects(document),
        },
    )


def _failing(document: Json) -> Iterator[tuple[str, str]]:
    for one in _rows(document, "endpoints"):
        if _number(one, "candidate_failures"):
            name = _optional_text(one, "endpoint") or "(no endpoint)"
            yield name, _cut(name)


def _exceptions(document: Json) -> Iterator[tuple[str, str]]:
    """Those that are new, came back, or became frequent."""
    for name in ("new_exceptions", "regressed_exceptions", "escalating_exceptions"):
        for one in _rows(document, name):
            kind = _optional_text(one, "exception_type")
            kind = kind or _optional_text(one, "exception_message") or "(no type)"
            frame = _optional_text(one, "top_frame")
            yield _text(one, "fingerprint"), _cut(f"{kind} in {frame}" if frame else kind)


def _origins(document: Json) -> Iterator[tuple[str, str]]:
    for one in _rows(document, "origins"):
        if _number(one, "candidate_failures"):
            version = _optional_text(one, "service_version")
            service = _text(one, "service_name")
            where = f"{service} {version}" if version else service
            label = f"{where}: {_text(one, 'span_name')}"
            yield label, _cut(label)


def _patterns(document: Json) -> dict[str, str] | None:
    if _at(document, "check") is None:
        return None
    rows = _rows(document, "check", "signatures")
    return {_text(one, "name"): _text(one, "name").replace("_", " ") for one in rows}


def _suspects(document: Json) -> dict[str, str] | None:
    if _at(document, "suspicion") is None:
        return None
    found = {}
    for one in _rows(document, "suspicion", "suspects"):
        commit = _text(one, "commit")
        found[commit] = _cut(f"{commit[:12]} {_text(one, 'summary')}")
    return found


def _at(document: Json, *path: str) -> Json:
    """The value there; None beneath what is null. Raises DamagedReport for a field that is not
    there."""
    value = document
    for at, name in enumerate(path):
        if value is None and at:
            return None
        if not isinstance(value, Mapping) or name not in value:
            raise DamagedReport(f"it has no field {'.'.join(path[: at + 1])!r}")
        value = value[name]
    return value


def _text(document: Json, *path: str) -> str:
    value = _at(document, *path)
    if not isinstance(value, str) or not _is_unicode(value):
        raise _is_no(path, value, "a text")
    return value


def _optional_text(document: Json, *path: str) -> str | None:
    return None if _at(document, *path) is None else _text(document, *path)


def _number(document: Json, *path: str) -> float:
    value = _at(document, *path)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise _is_no(path, value, "a number")
    return float(value) if isinstance(value, float) else int(value)


def _figure(document: Json, unit: str, *path: str) -> Figure:
    if _at(document, *path) is None:
        return None
    of_text = unit in ("text", "time")
    return _text(document, *path) if of_text else _number(document, *path)


def _rows(document: Json, *path: str) -> list[Json]:
    value = _at(document, *path)
    if not isinstance(value, list):
        raise _is_no(path, value, "a list")
    return value


def _is_no(path: tuple[str, ...], value: Json, expected: str) -> DamagedReport:
    return DamagedReport(f"{'.'.join(path)!r} is {ascii(value)[:40]}, not {expected}")


def _is_unicode(text: str) -> bool:
    """Half of a surrogate pair can be written in JSON, and nowhere else."""
    return not any("\ud800" <= one <= "\udfff" for one in text)


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL_LENGTH_MAX else f"{text[:_LABEL_LENGTH_MAX]}…"
