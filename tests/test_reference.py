"""The reference documents are what the code says."""

from pathlib import Path

import pytest

from analysis import announcing_settings, grouping_settings, report_settings, repository_settings
from analysis.commands.command_groups import GROUPS
from analysis.commands.program import program
from analysis.reference.documents import documents
from analysis.reference.toml_tables import TABLES
from tests.served import ROOT

DOCUMENTS = documents()
READ = {
    "[exceptions]": (*grouping_settings._LISTS, grouping_settings._KEYS),
    "[[exceptions.keys]]": grouping_settings._RULE,
    "[report.redact]": (report_settings._KEEP, report_settings._NAMES),
    "[repository]": repository_settings._KEYS,
    "[[repository.mappings]]": repository_settings._MAPPING_KEYS,
    "[[webhooks]]": announcing_settings._WEBHOOK,
    "[grafana]": announcing_settings._GRAFANA,
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_reference_is_up_to_date(name: str, rewrite_golden: bool) -> None:
    """docs/reference is what the code says; `make docs` or `--rewrite-golden` writes it anew."""
    path = ROOT / "docs" / "reference" / name
    if rewrite_golden:
        path.write_text(DOCUMENTS[name], encoding="utf-8")
    assert path.read_text(encoding="utf-8") == DOCUMENTS[name], "run `make docs`, read the diff"


def test_nothing_else_lies_in_the_reference() -> None:
    """Every file of docs/reference is made, so none is out of date unseen."""
    folder: Path = ROOT / "docs" / "reference"
    assert {path.name for path in folder.iterdir()} == set(DOCUMENTS)


@pytest.mark.parametrize("name", sorted(program.commands))
def test_every_command_is_described(name: str) -> None:
    """Each command stands in exactly one group, so in `--help` and in the reference."""
    assert [name for names in GROUPS.values() for one in names if one == name] == [name]
    assert f"### deploylens {name}\n" in DOCUMENTS["command-line.md"]


def test_every_option_says_what_it_does() -> None:
    """No option is without a help text."""
    silent = [
        f"{name} {option.opts}"
        for name, command in program.commands.items()
        for option in command.params
        if option.param_type_name == "option" and not getattr(option, "help", None)
    ]
    assert silent == []


@pytest.mark.parametrize("table", sorted(READ))
def test_every_key_of_a_table_is_described(table: str) -> None:
    """The keys that are read from a table of deploylens.toml are those that are described."""
    assert sorted(TABLES[table][1]) == sorted(READ[table])


def test_every_table_is_held_to_what_is_read() -> None:
    """No table is described that nothing reads."""
    assert set(TABLES) == set(READ)
