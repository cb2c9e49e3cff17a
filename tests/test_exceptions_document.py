"""docs/exceptions.md: its commands run, its rules are read, its tables are whole."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.settings import Settings
from receiver.fingerprints.fingerprint import fingerprint
from tests.command_line import deploylens
from tests.ingest import stored
from tests.recorded_exceptions import Recorded, requests_of
from tests.served import ROOT

TEXT = (ROOT / "docs/exceptions.md").read_text(encoding="utf-8")
PLACE = Recorded()
KEYS = fingerprint(PLACE.type, PLACE.message, PLACE.stacktrace, "python")
WRITTEN = "3f2a9c"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with the exception of the document in two versions."""
    path = tmp_path / "s.duckdb"
    stored(path, *requests_of(PLACE, replace(PLACE, second=90, version="1.1")))
    return path


def blocks(language: str) -> Iterator[str]:
    """The code blocks of the document in one language; '' for commands."""
    for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        if name == language:
            yield text


def test_every_command_runs(store: Path) -> None:
    """Each command of the document, in its order, exits 0 on a store with that exception."""
    commands = [line for block in blocks("") for line in block.splitlines()]
    assert len(commands) > 15
    for line in commands:
        program, *arguments = shlex.split(line.replace(WRITTEN, KEYS.strict[:6]))
        assert program == "deploylens"
        done = deploylens(*arguments, store=store, here=store.parent)
        assert done.code == 0, f"{line}: {done.err}"


def test_the_rules_are_read(store: Path) -> None:
    """The rules of the document are rules, and exceptions can be grouped by them."""
    [rules] = blocks("toml")
    (store.parent / "deploylens.toml").write_text(rules)
    grouping = Settings({}, {}, store.parent).grouping
    assert (len(grouping.in_app), len(grouping.not_in_app), len(grouping.keys)) == (2, 1, 2)
    assert deploylens("regroup", store=store, here=store.parent).code == 0


def test_every_field_of_the_json_is_explained(store: Path) -> None:
    """The table of `--format json` has exactly the fields that come out."""
    done = deploylens("explain-exception", KEYS.strict, "--format", "json", store=store)
    found: dict[str, Any] = json.loads(done.out)
    table = TEXT.partition("| field | holds |")[2].partition("\n\n")[0]
    fields = [
        name
        for row in table.splitlines()
        for name in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")
    ]
    assert fields == list(found)
    [row] = [row for row in table.splitlines() if row.startswith("| `parts`")]
    assert set(found["parts"][0]) <= set(re.findall(r"`(\w+)`", row))
