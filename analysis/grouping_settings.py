"""The rules of grouping in `deploylens.toml`: tables `[exceptions]` and `[[exceptions.keys]]`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from analysis.suggestion import did_you_mean
from receiver.fingerprints.rules import PLACEHOLDERS, GroupingRules, KeyRule

TABLE = "exceptions"
_LISTS = ("in_app", "not_in_app")
_KEYS = "keys"
_RULE = tuple(field.name for field in fields(KeyRule))
_RULES_MAX = 1_000

# What tomllib hands over before it is checked.
Toml = Any


class RulesError(ValueError):
    """Rules that cannot be used; the message says which and what is expected."""


def grouping_rules(table: Toml) -> GroupingRules:
    """The rules in the table `exceptions`; raises RulesError."""
    if not isinstance(table, Mapping):
        raise RulesError(f"{TABLE} is {table!r}, which is not a table: write [{TABLE}].")
    _check_names(table, (*_LISTS, _KEYS), TABLE)
    rules = GroupingRules(
        in_app=_texts(table, "in_app"),
        not_in_app=_texts(table, "not_in_app"),
        keys=tuple(_key_rule(rule, at) for at, rule in enumerate(_tables(table), start=1)),
    )
    count = len(rules.in_app) + len(rules.not_in_app) + len(rules.keys)
    if count > _RULES_MAX:
        raise RulesError(f"{TABLE} has {count} rules; at most {_RULES_MAX} are read.")
    return rules


def _texts(table: Mapping[str, Toml], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise RulesError(
            f"{TABLE}.{name} is {value!r}, which is not a list of globs, as"
            ' ["com.shop.*", "/srv/shop/*"].'
        )
    return tuple(value)


def _tables(table: Mapping[str, Toml]) -> list[Mapping[str, Toml]]:
    value = table.get(_KEYS, [])
    if not isinstance(value, list) or not all(isinstance(rule, Mapping) for rule in value):
        raise RulesError(f"{TABLE}.{_KEYS} is not a list of tables: write [[{TABLE}.{_KEYS}]].")
    return value


def _key_rule(rule: Mapping[str, Toml], at: int) -> KeyRule:
    where = f"rule {at} of [[{TABLE}.{_KEYS}]]"
    _check_names(rule, _RULE, where)
    for name, value in rule.items():
        if not isinstance(value, str) or not value:
            raise RulesError(f"{where}: {name} is {value!r}, which is not a text.")
    if "key" not in rule:
        raise RulesError(
            f"{where} has no key: the name of the group, in which {{{'}, {'.join(PLACEHOLDERS)}}}"
            " stand for those of the exception."
        )
    if len(rule) == 1:
        raise RulesError(
            f"{where} would match every exception. Give it a type, a message or a frame to match."
        )
    return KeyRule(**rule)


def _check_names(table: Mapping[str, Toml], known: tuple[str, ...], where: str) -> None:
    for name in table:
        if name not in known:
            raise RulesError(
                f"{where} has an unknown key {name!r}.{did_you_mean(name, known)}"
                f" It may have: {', '.join(known)}."
            )
