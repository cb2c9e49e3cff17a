"""What a redacted report keeps, in `deploylens.toml`: the table `[report.redact]`."""

from collections.abc import Mapping
from typing import Any

from analysis.report.redaction_fields import KEEPABLE, Subject
from analysis.report.redaction_rules import RedactedNames
from analysis.suggestion import did_you_mean

TABLE = "report"
_REDACT, _KEEP, _NAMES = "redact", "keep", "names"
_NAMES_MAX = 1_000
_NAME_LENGTH_MAX = 200

# What tomllib hands over before it is checked.
Toml = Any


class RedactError(ValueError):
    """A table that cannot be used; the message says what was seen and what is allowed."""


def redacted_names_from(table: Toml) -> RedactedNames:
    """The settings in the table `report`; raises RedactError."""
    inner = _known(_table(TABLE, table), TABLE, (_REDACT,)).get(_REDACT, {})
    where = f"{TABLE}.{_REDACT}"
    redact = _known(_table(where, inner), where, (_KEEP, _NAMES))
    return RedactedNames(_kept(redact.get(_KEEP, [])), _named(redact.get(_NAMES, {})))


def _kept(value: Toml) -> frozenset[Subject]:
    where = f"{TABLE}.{_REDACT}.{_KEEP}"
    if not isinstance(value, list):
        raise RedactError(f'{where} is {value!r}, which is not a list: write ["endpoints"].')
    for one in value:
        if one not in KEEPABLE:
            raise RedactError(
                f"{where} has {one!r}.{did_you_mean(str(one), KEEPABLE)} It may have:"
                f" {', '.join(KEEPABLE)}. Messages, stack traces, notes and people never stay."
            )
    return frozenset(Subject(one) for one in value)


def _named(value: Toml) -> Mapping[str, str]:
    where = f"{TABLE}.{_REDACT}.{_NAMES}"
    names = _table(where, value)
    if len(names) > _NAMES_MAX:
        raise RedactError(f"{where} has {len(names)} names; at most {_NAMES_MAX} are read.")
    for name, new in names.items():
        if not isinstance(new, str) or not 0 < len(new) <= _NAME_LENGTH_MAX:
            raise RedactError(
                f"{where}: {name!r} is {new!r}. It is what the name is called outside: a text of at"
                f" most {_NAME_LENGTH_MAX} characters."
            )
    return dict(names)


def _table(where: str, value: Toml) -> Mapping[str, Toml]:
    if not isinstance(value, Mapping):
        raise RedactError(f"{where} is {value!r}, which is not a table: write [{where}].")
    return value


def _known(table: Mapping[str, Toml], where: str, known: tuple[str, ...]) -> Mapping[str, Toml]:
    for key in table:
        if key not in known:
            raise RedactError(
                f"{where} has an unknown key {key!r}.{did_you_mean(key, known)} It may have:"
                f" {', '.join(known)}."
            )
    return table
