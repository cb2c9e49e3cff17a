"""A check read back from its JSON, as strictly as it was written.

Every field of schema version 1 must be there with its type; a field that a newer receiver added is
left out.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from analysis.check.check_json import RENAMED
from analysis.verdict.check import SCHEMA_VERSION, Check

# What json.loads hands over, and type hints, before they are checked.
Json = Any


class NotACheck(ValueError):
    """A text that is not the JSON of a check; the message says where it differs."""


def check_from_json(text: str | bytes) -> Check:
    """The check; raises NotACheck."""
    try:
        document = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise NotACheck("it is not JSON") from None
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA_VERSION:
        raise NotACheck(f"it is no object of schema_version {SCHEMA_VERSION}")
    check = _read(Check, document, "the check")
    if not isinstance(check, Check) or document.get("gate") != check.gate.value:
        raise NotACheck(f"its gate is {document.get('gate')!r}, which its verdict does not give")
    return check


def _refused(constant: str) -> float:
    raise ValueError(constant)


def _read(kind: Json, value: Json, where: str) -> Json:
    """The value as this type; raises NotACheck."""
    origin: object = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_union(get_args(kind), value, where)
    if origin is tuple and isinstance(value, list):
        one = get_args(kind)[0]
        return tuple(_read(one, part, f"{where}[{at}]") for at, part in enumerate(value))
    if origin in (Mapping, dict) and isinstance(value, dict):
        _key, one = get_args(kind)
        return {name: _read(one, part, f"{where}.{name}") for name, part in value.items()}
    if isinstance(kind, type):
        if is_dataclass(kind) and isinstance(value, dict):
            return _read_object(kind, value, where)
        if issubclass(kind, StrEnum) and value in {member.value for member in kind}:
            return kind(value)
        if kind is float and type(value) in (int, float):
            return float(value)
        if type(value) is kind:
            return value
    raise NotACheck(f"{where} is {str(value)[:80]!r}")


def _read_object(kind: type, value: dict[str, Json], where: str) -> Json:
    hints = get_type_hints(kind)
    read: dict[str, Json] = {}
    for field in fields(kind):
        name = RENAMED.get(field.name, field.name) if kind is not Check else field.name
        if name not in value:
            raise NotACheck(f"{where} has no {name!r}")
        read[field.name] = _read(hints[field.name], value[name], f"{where}.{name}")
    return kind(**read)


def _read_union(kinds: tuple[Json, ...], value: Json, where: str) -> Json:
    if value is None and NoneType in kinds:
        return None
    for kind in sorted(kinds, key=lambda kind: kind is float):  # a whole number stays one
        if kind is NoneType:
            continue
        try:
            return _read(kind, value, where)
        except NotACheck:
            if len([one for one in kinds if one is not NoneType]) == 1:
                raise
    raise NotACheck(f"{where} is {str(value)[:80]!r}")
