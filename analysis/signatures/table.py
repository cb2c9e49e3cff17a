"""The signatures as they stand in `signatures.toml`, read and compiled once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FILE_NAME = "signatures.toml"

# What tomllib hands over; the file is ours and a test checks every word of it.
Toml = Any


@dataclass(frozen=True, slots=True)
class Pattern:
    """What gives a cause away: any of the texts and codes, and then all of `needs`.

    `codes` are those of HTTP and gRPC with their protocol, of databases as `db`. `explains` says
    which failures a pattern about the deployment explains: flag, timeouts, or None for all.
    """

    specific: bool
    needs: tuple[str, ...]
    types: frozenset[str]
    messages: tuple[re.Pattern[str], ...]
    errors: frozenset[str]
    codes: frozenset[tuple[str, str]]
    explains: str | None

    @property
    def about_deployment(self) -> bool:
        """Whether it looks at the deployment as a whole rather than at a failure."""
        return not (self.types or self.messages or self.errors or self.codes)


@dataclass(frozen=True, slots=True)
class EffectRule:
    """What a signature does to the verdict when all these conditions hold: hold, fix_forward,
    roll_back or ignore."""

    when: tuple[str, ...]
    effect: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A known cause; `signatures.toml` says what each field means."""

    name: str
    title: str
    languages: tuple[str, ...]
    first_check: str
    unnamed: str | None
    advice: str
    raised_by: tuple[str, ...]
    lowered_by: tuple[str, ...]
    frames: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    patterns: tuple[Pattern, ...]
    effects: tuple[EffectRule, ...]


@dataclass(frozen=True, slots=True)
class SignatureTable:
    """Every signature in the order of the file, and how each condition is put into words."""

    signatures: tuple[Signature, ...]
    phrases: Mapping[str, str]


@cache
def signature_table() -> SignatureTable:
    """The table that is shipped with the program."""
    content = tomllib.loads((files("analysis.signatures") / FILE_NAME).read_text(encoding="utf-8"))
    return SignatureTable(
        tuple(_signature(entry) for entry in content["signatures"]), content["conditions"]
    )


def _signature(entry: Mapping[str, Toml]) -> Signature:
    return Signature(
        name=entry["name"],
        title=entry["title"],
        languages=tuple(entry["languages"]),
        first_check=entry["first_check"],
        unnamed=entry.get("unnamed"),
        advice=entry["advice"],
        raised_by=tuple(entry["raised_by"]),
        lowered_by=tuple(entry["lowered_by"]),
        frames=_compiled(entry.get("frames")),
        unless=_compiled(entry.get("unless")),
        patterns=tuple(_pattern(pattern) for pattern in entry["patterns"]),
        effects=tuple(
            EffectRule(tuple(rule["when"]), rule["effect"]) for rule in entry.get("effects", ())
        ),
    )


def _pattern(entry: Mapping[str, Toml]) -> Pattern:
    codes = {("http", str(code)) for code in entry.get("http", ())}
    codes |= {("grpc", str(code)) for code in entry.get("grpc", ())}
    codes |= {("db", code) for key in ("sqlstate", "vendor") for code in entry.get(key, ())}
    return Pattern(
        specific=entry["strength"] == "specific",
        needs=tuple(entry.get("needs", ())),
        types=frozenset(entry.get("types", ())),
        messages=tuple(re.compile(text) for text in entry.get("messages", ())),
        errors=frozenset(entry.get("errors", ())),
        codes=frozenset(codes),
        explains=entry.get("explains"),
    )


def _compiled(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text)
