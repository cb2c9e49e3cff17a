"""The thresholds in `deploylens.toml`: tables `[verdict]` and `[verdict.services."NAME"]`."""

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.suggestion import did_you_mean
from analysis.verdict.thresholds import LIMITS, Thresholds

TABLE = "verdict"
_SERVICES = "services"
_SERVICES_MAX = 1_000
_WILDCARD = re.compile(r"[*?]|\[[^]]*+\]")

# What tomllib hands over before it is checked.
Toml = Any


class ThresholdsError(ValueError):
    """Thresholds that cannot be used; the message says which and what is allowed."""


@dataclass(frozen=True, slots=True)
class VerdictSettings:
    """The values of every service, and those of the services that a name or a glob names."""

    general: Mapping[str, float] = field(default_factory=dict)
    services: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def thresholds(self, service: str) -> Thresholds:
        """The thresholds of a service: of the tables that fit it, the most exact one that has the
        value wins, then `[verdict]`, then the default. Raises ThresholdsError."""
        # Any: which of them are whole numbers was checked when they were read.
        values: dict[str, Any] = dict(self.general)
        origins = dict.fromkeys(values, _named())
        for glob in sorted(self.services, key=lambda glob: _exactness(glob, service)):
            if glob == service or fnmatch.fnmatchcase(service, glob):
                values |= self.services[glob]
                origins |= dict.fromkeys(self.services[glob], _named(glob))
        thresholds = Thresholds(**values, origins=origins)
        _check_together(thresholds)
        return thresholds


def thresholds_from(table: Toml) -> VerdictSettings:
    """The thresholds in the table `verdict`; raises ThresholdsError."""
    if not isinstance(table, Mapping):
        raise ThresholdsError(f"{TABLE} is {table!r}, which is not a table: write [{TABLE}].")
    services = table.get(_SERVICES, {})
    if not isinstance(services, Mapping):
        raise ThresholdsError(
            f"{TABLE}.{_SERVICES} is {services!r}, which is not a table: write"
            f' [{TABLE}.{_SERVICES}."checkout"].'
        )
    if len(services) > _SERVICES_MAX:
        raise ThresholdsError(
            f"{TABLE}.{_SERVICES} names {len(services)} services; at most {_SERVICES_MAX} are read."
        )
    general = {name: value for name, value in table.items() if name != _SERVICES}
    settings = VerdictSettings(
        _checked(general, _named(), (*LIMITS, _SERVICES)),
        {glob: _service(glob, values) for glob, values in services.items()},
    )
    for glob in ("", *services):
        settings.thresholds(glob)
    return settings


def _service(glob: str, values: Toml) -> Mapping[str, float]:
    if not isinstance(values, Mapping):
        seen = f"{TABLE}.{_SERVICES}.{_quoted(glob)} is {values!r}"
        hint = did_you_mean(glob, LIMITS)
        raise ThresholdsError(
            f"{seen}, which is not a table: write {_named(glob, file=False)}.{hint}"
        )
    return _checked(values, _named(glob), tuple(LIMITS))


def _checked(
    values: Mapping[str, Toml], origin: str, known: tuple[str, ...]
) -> Mapping[str, float]:
    where = origin.partition(" ")[2]
    for name, value in values.items():
        if name not in LIMITS:
            raise ThresholdsError(
                f"{where} has an unknown key {name!r}.{did_you_mean(name, known)}"
                f" It may have: {', '.join(known)}."
            )
        limit = LIMITS[name]
        number = isinstance(value, int if limit.whole else int | float)
        if isinstance(value, bool) or not number or not limit.allows(value):
            raise ThresholdsError(
                f"{where}: {name} is {value!r}. It is {limit.expected} ({limit.unit}):"
                f" {limit.meaning}."
            )
    return dict(values)


def _check_together(thresholds: Thresholds) -> None:
    proven = 1 / thresholds.alpha
    if thresholds.hold_e_value > proven:
        raise ThresholdsError(
            f"hold_e_value is {thresholds.hold_e_value:g}"
            f" ({thresholds.origin_of('hold_e_value')}), more than 1/alpha = {proven:g} (alpha is"
            f" {thresholds.alpha:g}, {thresholds.origin_of('alpha')}): evidence would be proven"
            f" before it counts as growing. It is at most {proven:g}."
        )


def _exactness(glob: str, service: str) -> tuple[bool, int, str]:
    """Sorts the globs that fit a service: its own name last, before it the one that spells most."""
    return glob == service, len(_WILDCARD.sub("", glob)), glob


def _named(glob: str | None = None, *, file: bool = True) -> str:
    table = f"[{TABLE}]" if glob is None else f"[{TABLE}.{_SERVICES}.{_quoted(glob)}]"
    return f"deploylens.toml {table}" if file else table


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
