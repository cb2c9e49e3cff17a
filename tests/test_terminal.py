"""What is printed where: colours and progress only for terminals, and never when unwanted."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import ROOT
from tests.shop import fill_shop, requests


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


def on_terminal(*arguments: str, **environ: str) -> str:
    """What a command prints when standard output and error are a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, True)
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", *arguments],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm", **environ},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 65536)
        except OSError:  # Linux says so when the last writer has closed its end
            break
    os.close(ours)
    process.wait()
    return seen.decode()


def test_a_terminal_gets_colours(shop: Path) -> None:
    """Names of columns are bold on a terminal."""
    assert "\x1b[1m" in on_terminal("deployments", "--store", str(shop))


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_declined(shop: Path, environ: dict[str, str]) -> None:
    """With NO_COLOR, or on a terminal that cannot, there is not one escape sequence."""
    text = on_terminal("deployments", "--store", str(shop), **environ)
    assert "checkout" in text
    assert "\x1b" not in text


def test_other_formats_are_plain_on_a_terminal(shop: Path) -> None:
    """JSON on a terminal is the same JSON as in a pipe."""
    text = on_terminal("deployments", "--format", "json", "--store", str(shop))
    assert "\x1b" not in text


def test_long_work_shows_progress_on_a_terminal_only(tmp_path: Path) -> None:
    """An import draws a bar on a terminal and is silent about it in a pipe."""
    file = tmp_path / "orders.otlp"
    content = [request.SerializeToString() for request in requests()]
    file.write_bytes(b"".join(len(c).to_bytes(4, "big") + c for c in content))
    drawn = on_terminal("import", str(file), "--store", str(tmp_path / "a.duckdb"))
    assert "importing" in drawn
    assert "100 %" in drawn
    piped = subprocess.run(
        [sys.executable, "-m", "analysis", "import", str(file), "--store", tmp_path / "b.duckdb"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "importing" not in piped.stderr
    assert "\x1b" not in piped.stderr
    assert piped.stdout == ""
