"""A report without what should not leave the company.

Names get pseudonyms that are the same all through the report: the first service is `service-1`.
Messages, stack traces, notes, authors and hashes go. Sentences keep our own words, numbers and
pseudonyms, and nothing else. Versions, times, counts, rates and the verdict stay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from analysis.report.contents import Report
from analysis.report.identity import REDACTED
from analysis.report.redacted_text import REMOVED, RedactedText
from analysis.report.redaction_fields import LABELS, Subject, subject_of
from analysis.report.redaction_rules import RedactedNames, label

Part = TypeVar("Part")

# A part of a report: a dataclass, a tuple, a mapping, a text, a number.
Value = Any


def redacted(report: Report, rules: RedactedNames | None = None) -> Report:
    """The report with every text that came from spans, marks or git replaced or taken out."""
    rules = rules or RedactedNames()
    if report.redacted:
        return report
    redaction = _Redaction(_called(report, rules))
    told: Report = redaction.of(report)
    check = told.check and replace(told.check, caveats=(*told.check.caveats, REDACTED))
    return replace(told, check=check, redacted=True)


def _called(report: Report, rules: RedactedNames) -> dict[str, str]:
    """Every name of the report and what stands for it, numbered by kind as they come."""
    found: dict[Subject, dict[str, None]] = {subject: {} for subject in LABELS}
    for subject, text in _names(report, "", ""):
        found[subject].setdefault(text)
    called: dict[str, str] = {}
    for subject, names in found.items():
        number = 0
        for name in names:
            if name in called or not name:
                continue
            if name in rules.names:
                called[name] = rules.names[name]
            elif rules.stays(subject, name):
                called[name] = name
            else:
                number += 1
                called[name] = label(subject, number, name)
    return called


def _names(value: Value, class_name: str, field: str) -> Iterator[tuple[Subject, str]]:
    """Every name below a part, with what it is about."""
    if isinstance(value, str):
        subject = subject_of(class_name, field)
        if subject is not None and subject in LABELS:
            yield subject, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _names(_text_of(key, one), "", key)
    elif isinstance(value, tuple):
        for one in value:
            yield from _names(one, class_name, field)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _names(getattr(value, one.name), type(value).__name__, one.name)


def _text_of(key: str, value: Value) -> Value:
    """A value of an attribute as text, whatever type it had."""
    return str(value) if key == "value" and value is not None else value


class _Redaction:
    """Walks through a report and leaves each text out, replaced, or as it is."""

    def __init__(self, called: Mapping[str, str]) -> None:
        self._called = called
        self._sentences = RedactedText(called)

    def of(self, value: Value, class_name: str = "", field: str = "") -> Value:
        """The part as it may leave."""
        match value:
            case str():
                return self._text(value, subject_of(class_name, field), field)
            case Mapping():
                return {key: self.of(_text_of(key, one), "", key) for key, one in value.items()}
            case tuple():
                return tuple(self.of(one, class_name, field) for one in value)
            case _ if is_dataclass(value) and not isinstance(value, type):
                name = type(value).__name__
                parts = {
                    f.name: self.of(getattr(value, f.name), name, f.name) for f in fields(value)
                }
                return replace(value, **parts)
        return value

    def _text(self, text: str, subject: Subject | None, field: str) -> str | None:
        match subject:
            case Subject.OURS:
                return text
            case Subject.COMPOSED:
                return self._sentences.of(text)
            case Subject.GONE:
                return "" if field == "digest" else None
            case None | Subject.MESSAGE:
                return REMOVED if text else text
        return self._called.get(text, REMOVED) if text else text
