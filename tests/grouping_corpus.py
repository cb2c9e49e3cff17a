"""Recorded exceptions in pairs that people call the same or not, from `tests/data/grouping`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a line of the corpus holds before it is a dataclass.
Json = Any

CORPUS = Path(__file__).parent / "data" / "grouping"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One recorded exception; the fields are its attributes, `source` says how it was recorded."""

    name: str
    type: str | None
    message: str | None
    stacktrace: str | None
    language: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two exceptions, whether they are one group for a person, and why."""

    corpus: str
    first: Occurrence
    second: Occurrence
    same: bool
    why: str

    @property
    def name(self) -> str:
        """The names of both."""
        return f"{self.first.name} and {self.second.name}"


def occurrences(folder: Path = CORPUS) -> dict[str, Occurrence]:
    """Every occurrence by its name; a name that comes twice is an error."""
    found: dict[str, Occurrence] = {}
    for _, entry in _entries(folder):
        if "id" not in entry:
            continue
        one = Occurrence(
            name=entry["id"],
            type=entry.get("type"),
            message=entry.get("message"),
            stacktrace=entry.get("stacktrace"),
            language=entry.get("language"),
            source=entry["from"],
        )
        if one.name in found:
            raise ValueError(f"{one.name} is in the corpus twice")
        found[one.name] = one
    return found


def pairs(folder: Path = CORPUS) -> list[Pair]:
    """Every pair, in the order of the files."""
    named = occurrences(folder)
    return [
        Pair(corpus, named[entry["pair"][0]], named[entry["pair"][1]], entry["same"], entry["why"])
        for corpus, entry in _entries(folder)
        if "pair" in entry
    ]


def _entries(folder: Path) -> Iterator[tuple[str, dict[str, Json]]]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                yield path.stem, json.loads(line)
