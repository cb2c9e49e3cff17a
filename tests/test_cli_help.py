"""Help: quick to start, with examples that are true."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from analysis.commands.program import program
from analysis.exit_code import ExitCode
from tests.command_line import deploylens

HEAVY = (
    "duckdb",
    "pyarrow",
    "numpy",
    "rich",
    "grpc",
    "httpx",
    "google",
    "opentelemetry",
    "uvicorn",
)
COMMANDS = sorted(program.commands)


def loaded_modules(*arguments: str) -> set[str]:
    """The top-level modules of a Python process that ran this command."""
    script = (
        "import json, sys\n"
        "from analysis.__main__ import run\n"
        "run(sys.argv[1:])\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["serve", "--help"], ["query", "-h"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """Help and version come without the modules that take long to load."""
    assert not loaded_modules(*arguments) & set(HEAVY)


def test_a_command_loads_what_it_needs() -> None:
    """The test above can fail: a command that answers does load the database."""
    assert "duckdb" in loaded_modules("sql", "SELECT 1", "--store", "/no/such/store")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples(name: str) -> None:
    """`--help` of each command says in one line what it does, and shows how it is used."""
    ended = deploylens(name, "--help")
    assert ended.code == ExitCode.DONE
    assert "Examples:" in ended.out
    assert f"  deploylens {name}" in ended.out
    assert program.commands[name].short_help


def example_lines() -> Iterator[str]:
    """Every example line of every help text."""
    for epilog in [program.epilog, *(command.epilog for command in program.commands.values())]:
        yield from re.findall(r"^  (deploylens .*)$", epilog or "", re.MULTILINE)


@pytest.mark.parametrize("line", list(example_lines()))
def test_examples_are_understood(line: str) -> None:
    """Each example in a help text is a command line that the parser takes."""
    typed = re.split(r" (?:[|<]|>>?) ", line.replace("traces.jsonl", "*"))[0]
    _, name, *rest = shlex.split(typed, comments=True)
    rest = [__file__ if "*" in word else word for word in rest]
    with program.commands[name].make_context(name, rest) as context:
        assert not context.args


def test_the_help_lists_the_exit_codes() -> None:
    """What a script reads from the end of a command stands in the help."""
    words = " ".join(deploylens("--help").out.split())
    for code in ExitCode:
        assert re.search(rf"\b{code.value} \w", words)


def test_without_a_command_the_help_is_shown() -> None:
    """A bare `deploylens` says what can be done; as no command was given, it is a usage error."""
    ended = deploylens()
    assert ended.code == ExitCode.USAGE
    assert "Receive:" in ended.err


def test_version() -> None:
    """`--version` names the program."""
    ended = deploylens("--version")
    assert ended.code == ExitCode.DONE
    assert ended.out.startswith("deploylens")
