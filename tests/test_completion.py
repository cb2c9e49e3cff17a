"""Completion in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.exit_code import ExitCode
from tests.command_line import deploylens
from tests.shop import fill_shop

SHELLS = ("bash", "zsh", "fish")
# What each shell does with the script, and what it would offer for the words typed so far.
ASK = {
    "bash": """
source "$SCRIPT"
COMP_LINE=$LINE COMP_POINT=${#LINE}
read -r -a COMP_WORDS <<< "$(sed -E 's/([@=:]+)/ \\1 /g' <<< "$LINE")"
[[ $LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
compopt() { echo "option $*"; }
FUNCTION=$(complete -p deploylens | sed -E 's/.*-F ([^ ]+) .*/\\1/')
$FUNCTION deploylens
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
""",
    "zsh": """
compdef() { : }
compadd() { shift 4; print -l -- ${(P)1} }
_describe() { print -l -- ${(P)3}; }
source "$SCRIPT"
words=(${(z)LINE}); [[ $LINE == *' ' ]] && words+=('')
CURRENT=${#words}
_deploylens_completion
""",
    "fish": 'source "$SCRIPT"; complete --do-complete "$LINE"',
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of the shop, where the command `deploylens` is to be had."""
    folder = tmp_path_factory.mktemp("shop")
    fill_shop(folder / "deploylens.duckdb")
    program = folder / "bin" / "deploylens"
    program.parent.mkdir()
    root = Path(__file__).parents[1]
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m analysis "$@"\n')
    program.chmod(0o755)
    return folder


def offered(shell: str, line: str, folder: Path) -> list[str]:
    """What this shell offers for a line; anything on standard error fails."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = folder / f"deploylens.{shell}"
    script.write_text(deploylens("completion", shell).out)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DEPLOYLENS", "COMP_"))}
    path = f"{folder / 'bin'}{os.pathsep}{clean['PATH']}"
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "none"), "PATH": path}
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *flags, "-c", ASK[shell]],
        env={**clean, **home, "SCRIPT": str(script), "LINE": line},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return [one.partition("\t")[0].partition(":")[0] for one in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_completed(shell: str, shop: Path) -> None:
    """The beginning of a command offers the commands that begin so."""
    assert offered(shell, "deploylens dep", shop) == ["deployments"]


@pytest.mark.parametrize("shell", SHELLS)
def test_options_are_completed(shell: str, shop: Path) -> None:
    """A dash and a letter offer options of the command."""
    assert "--environment" in offered(shell, "deploylens check --e", shop)


@pytest.mark.parametrize("shell", SHELLS)
def test_saved_queries_are_completed(shell: str, shop: Path) -> None:
    """`query` and `queries` offer the saved queries."""
    assert offered(shell, "deploylens query failing_e", shop) == ["failing_endpoints"]
    assert "new_exceptions" in offered(shell, "deploylens queries new_", shop)


@pytest.mark.parametrize("shell", SHELLS)
def test_deployments_are_completed(shell: str, shop: Path) -> None:
    """A service offers its versions, which the store of the current folder knows."""
    found = offered(shell, "deploylens check check", shop)
    assert sorted(found) == ["checkout@1.3.9", "checkout@1.4.0"]


def test_bash_takes_up_after_the_at_sign(shop: Path) -> None:
    """bash cuts words at '@', so what is offered is what follows it."""
    assert sorted(offered("bash", "deploylens check checkout@", shop)) == ["1.3.9", "1.4.0"]
    assert offered("bash", "deploylens check checkout@1.4", shop) == ["1.4.0"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_store_that_is_not_there_offers_nothing(shell: str, shop: Path) -> None:
    """Without a store TAB offers no deployment, and says nothing."""
    line = "deploylens --store /no/such/store check check"
    assert offered(shell, line, shop) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_says_where_it_belongs(shell: str) -> None:
    """One line of the script says how to install it; zsh finds its mark on the first line."""
    ended = deploylens("completion", shell)
    assert ended.code == ExitCode.DONE
    lines = ended.out.splitlines()
    assert sum(line.startswith("# To install: deploylens completion") for line in lines) == 1
    assert shell != "zsh" or lines[0].startswith("#compdef deploylens")
