"""The checkout in `deploylens.toml`: table `[repository]` and its list `mappings`."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.suggestion import did_you_mean

TABLE = "repository"
CODEOWNERS_FORMS = ("github", "gitlab")
_MAPPINGS = "mappings"
_MAPPINGS_MAX = 1_000
_KEYS = ("path", "codeowners", _MAPPINGS)
_MAPPING_KEYS = ("service", "from", "to")

# What tomllib hands over before it is checked.
Toml = Any


class SourceError(ValueError):
    """A setting that cannot be used; the message says which and what is allowed."""


@dataclass(frozen=True, slots=True)
class PathMapping:
    """Frames of the services that `service` (a glob) fits, whose path begins with `start`, lie in
    the repository under `to` instead. In the file `start` is called `from`."""

    start: str
    to: str
    service: str = "*"

    def fits(self, service: str) -> bool:
        """Whether it is meant for this service."""
        return fnmatch.fnmatchcase(service, self.service)


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """The checkout, None if none is named; its mappings in order; the form of its CODEOWNERS, None
    to tell by where it lies."""

    path: str | None = None
    codeowners: str | None = None
    mappings: tuple[PathMapping, ...] = ()

    def mappings_of(self, service: str) -> tuple[PathMapping, ...]:
        """The mappings of one service."""
        return tuple(one for one in self.mappings if one.fits(service))


def repository_from(table: Toml) -> RepositorySettings:
    """What the table `repository` says; raises SourceError."""
    if not isinstance(table, Mapping):
        raise SourceError(f"{TABLE} is {table!r}, which is not a table: write [{TABLE}].")
    _check_keys(table, _KEYS, f"[{TABLE}]")
    form = _text(table, "codeowners", f"[{TABLE}]")
    if form is not None and form not in CODEOWNERS_FORMS:
        raise SourceError(
            f"[{TABLE}]: codeowners is {form!r}.{did_you_mean(form, CODEOWNERS_FORMS)} It is one of"
            f" {', '.join(CODEOWNERS_FORMS)}."
        )
    rows = table.get(_MAPPINGS, [])
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > _MAPPINGS_MAX:
        raise SourceError(
            f"{TABLE}.{_MAPPINGS} is not a list of at most {_MAPPINGS_MAX} tables: write"
            f" [[{TABLE}.{_MAPPINGS}]] before each."
        )
    path = _text(table, "path", f"[{TABLE}]")
    return RepositorySettings(path, form, tuple(_mapping(row) for row in rows))


def _mapping(row: Toml) -> PathMapping:
    where = f"[[{TABLE}.{_MAPPINGS}]]"
    if not isinstance(row, Mapping):
        raise SourceError(f"{where} holds {row!r}, which is not a table.")
    _check_keys(row, _MAPPING_KEYS, where)
    start, to = _text(row, "from", where), _text(row, "to", where)
    if not start or to is None:
        raise SourceError(
            f"{where} needs `from`, how paths in stack traces begin, and `to`, the folder of the"
            ' repository ("" for its top): from = "/app/", to = "services/checkout/".'
        )
    return PathMapping(start, to, _text(row, "service", where) or "*")


def _check_keys(table: Mapping[str, Toml], known: Sequence[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise SourceError(
                f"{where} has an unknown key {name!r}.{did_you_mean(name, known)} It may have:"
                f" {', '.join(known)}."
            )


def _text(table: Mapping[str, Toml], name: str, where: str) -> str | None:
    value = table.get(name)
    if value is not None and not isinstance(value, str):
        raise SourceError(f"{where}: {name} is {value!r}, which is not a text.")
    return value
