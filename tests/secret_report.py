"""A report with a word that stands nowhere else in every text that was not made here."""

import typing
from dataclasses import fields, is_dataclass, replace
from itertools import count
from types import UnionType

from analysis.report.contents import Report
from analysis.report.redaction_fields import Subject, subject_of
from analysis.repository.suspicion import Suspicion


class Secrets:
    """Words that stand nowhere else, one for every text of a report that was not made here."""

    def __init__(self, shape: str) -> None:
        self.shape, self.given, self.numbers = shape, list[str](), count(1)

    def new(self) -> str:
        """Another one."""
        word = f"zq{next(self.numbers):03}xqz"
        self.given.append(word)
        return self.shape.format(word)

    def filled(self, value: object, class_name: str = "", field: str = "") -> object:
        """A part of a report with a secret in the place of each text; sentences quote one."""
        if isinstance(value, str) and type(value) is str:
            subject = subject_of(class_name, field)
            if subject is Subject.OURS:
                return value
            return f"{value} {self.new()}" if subject is Subject.COMPOSED else self.new()
        if isinstance(value, dict):
            return {key: self.filled(one, "", key) for key, one in value.items()}
        if isinstance(value, tuple):
            return tuple(self.filled(one, class_name, field) for one in value)
        if is_dataclass(value) and not isinstance(value, type):
            name = type(value).__name__
            parts = {
                one.name: self.filled(getattr(value, one.name), name, one.name)
                for one in fields(value)
            }
            return replace(value, **parts)
        return value


def specimen(kind: object, name: str = "") -> object:
    """A value of a type with one entry in every tuple and mapping, and a text in every text."""
    if kind is str:
        return "2026-11-21T10:30:00Z" if subject_of("", name) is Subject.OURS else "text"
    if kind in (int, float, bool):
        return kind(1)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return specimen(str if str in inner and name == "value" else inner[0], name)
    if origin is tuple:
        return (specimen(inner[0], name),)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = type_hints(kind)
        return kind(**{one.name: specimen(hints[one.name], one.name) for one in fields(kind)})
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return next(iter(kind.__members__.values()))
    if origin is not None:  # a mapping
        keys = ("service_name", "peer", "attribute", "value", "somebody_added_this")
        return dict.fromkeys(keys, "text")
    raise TypeError(f"{name} is {kind!r}, of which there is no specimen")


def type_hints(kind: type) -> dict[str, object]:
    """The types of a dataclass's fields."""
    return typing.get_type_hints(kind, {"Suspicion": Suspicion})


def everything() -> Report:
    """A report in which no list is empty and nothing is unknown."""
    made = specimen(Report)
    assert isinstance(made, Report)
    return replace(made, redacted=False)
