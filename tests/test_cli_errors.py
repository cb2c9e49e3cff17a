"""How a command ends when it cannot do what was asked."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from analysis import exit_code
from analysis.commands.program import program
from analysis.exit_code import ExitCode, exit_code_of
from tests.command_line import deploylens
from tests.ingest import stored
from tests.served import ROOT
from tests.shop import fill_shop

SLOW = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range = 7"
FAILING = "query failing_endpoints --format json -p service_name=checkout -p service_version=1.4.0"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("deploymnts", ExitCode.USAGE, "Did you mean 'deployments'?"),
        ("deployments --stor x", ExitCode.USAGE, "Did you mean '--store'?"),
        ("deployments --format jsn", ExitCode.USAGE, "'jsn' is not one of"),
        ("query failing_endpoint", ExitCode.USAGE, "Did you mean 'failing_endpoints'?"),
        ("query traces_by_id", ExitCode.USAGE, "needs parameter 'id_start'"),
        ("query traces_by_id -p id_strt=1", ExitCode.USAGE, "Did you mean 'id_start'?"),
        ("query traces_by_id -p id_start", ExitCode.USAGE, "is not KEY=VALUE"),
        ("query traces_by_id -p id_start=1 -p id_start=2", ExitCode.USAGE, "given twice"),
        ("query deployments -p since=soon", ExitCode.USAGE, "'soon' is not a time"),
        ("queries nothing_like_it", ExitCode.USAGE, "unknown query 'nothing_like_it'"),
        ("queries --queries /no/such/folder", ExitCode.USAGE, "no such folder"),
        ("sql SELEC", ExitCode.FAILED, "syntax error"),
        ("sql FROM_spans", ExitCode.FAILED, "syntax error"),
        ("sql DROP", ExitCode.FAILED, "syntax error"),
        ("trace xyz", ExitCode.USAGE, "is not a trace id"),
        ("trace ffff", ExitCode.FAILED, "no stored trace"),
        ("trace 000", ExitCode.USAGE, "several traces start with 000"),
        ("report shop", ExitCode.USAGE, "is not SERVICE@VERSION"),
        ("report chekout@1", ExitCode.FAILED, "Did you mean 'checkout'?"),
        ("report checkout@1.4.0 --since soon", ExitCode.USAGE, "'soon' is not a time"),
        ("report checkout@1.4.0 -o r.pdf", ExitCode.USAGE, "the suffix says what is written"),
        ("report checkout@1.4.0 -o /no/such/r.md", ExitCode.USAGE, "/no/such is no folder"),
        (f"{FAILING} -p environment_name=xx", ExitCode.FAILED, "has no environment 'xx'"),
        (f"{FAILING} -p deployment_id=9", ExitCode.FAILED, "has no deployment id '9'"),
        (f"{FAILING} -p baseline_version=7", ExitCode.FAILED, "has no version '7'. Its versions:"),
        (f"{FAILING} -p until=2020-01-01", ExitCode.FAILED, "nothing of checkout 1.4.0 is stored"),
        (f"{FAILING} --timeout nan", ExitCode.USAGE, "finite number of seconds"),
        ("report checkout@1.4.0 --environment xx", ExitCode.FAILED, "has no environment 'xx'"),
        ("report checkout@1.4.0 --deployment-id 9", ExitCode.FAILED, "has no deployment id '9'"),
        ("report checkout@1.4.0 --baseline 7", ExitCode.FAILED, "Its versions: 1.4.0, 1.3.9."),
        (
            "report checkout@1.4.0 --since 2020-01-01 --until 2020-01-02",
            ExitCode.FAILED,
            "nothing of checkout 1.4.0 is stored between 2020-01-01T00:00:00 and 2020-01-02",
        ),
        ("import /dev/null", ExitCode.USAGE, "must be seekable; save the stream to a file first"),
        ("serve --grpc 4317", ExitCode.USAGE, "--grpc: '4317' is not HOST:PORT"),
        ("serve --api on", ExitCode.USAGE, "--api: 'on' is not HOST:PORT"),
        ("import", ExitCode.USAGE, "Missing argument"),
        ("import /no/such/file", ExitCode.USAGE, "does not exist"),
        ("export", ExitCode.USAGE, "Missing option '--parquet'"),
        ("mark shop", ExitCode.USAGE, "Missing argument 'VERSION'"),
    ],
)
def test_what_cannot_be_done_is_said(shop: Path, arguments: str, code: int, said: str) -> None:
    """Each error says what was seen and what to do next, on standard error, with its exit code."""
    ended = deploylens("--store", shop, *arguments.split())
    assert said in ended.err
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", ["deployments", "sql SELECT", "trace 1", "report a@1"])
def test_a_store_that_cannot_be_opened(tmp_path: Path, command: str) -> None:
    """A store that is missing or is none ends the command with 3, and is left as it is."""
    other = tmp_path / "other.duckdb"
    other.write_text("not a database, but long enough to look at" * 100)
    ended = deploylens(*command.split(), store=tmp_path / "missing.duckdb")
    assert ended.code == ExitCode.NO_STORE
    assert "there is no store at" in ended.err
    assert "deploylens serve" in ended.err
    assert not (tmp_path / "missing.duckdb").exists()
    ended = deploylens(*command.split(), store=other)
    assert ended.code == ExitCode.NO_STORE
    assert "is not a DuckDB database" in ended.err
    assert other.read_text().startswith("not a database")


def test_a_query_that_takes_too_long(shop: Path) -> None:
    """`--timeout` stops the query and ends with 4."""
    ended = deploylens("sql", SLOW, "--timeout", "0.1", store=shop)
    assert ended.code == ExitCode.TIMEOUT
    assert "no answer within 0.1 s" in ended.err


def test_an_unexpected_error_is_no_verdict(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug ends with 1 and one short message; only --debug shows where it is."""

    def broken(**_: object) -> None:
        raise ZeroDivisionError("\x1b[2Jof our own")

    monkeypatch.setattr(program.commands["deployments"], "callback", broken)
    ended = deploylens("deployments", store=shop)
    assert ended.code == ExitCode.FAILED
    assert "deploylens itself failed: ZeroDivisionError: \\x1b[2Jof our own" in ended.err
    assert "Traceback" not in ended.err
    ended = deploylens("deployments", "--debug", store=shop)
    assert ended.code == ExitCode.FAILED
    assert "Traceback" in ended.err
    assert "DEPLOYLENS_DEBUG" not in os.environ
    ended = deploylens("deployments", store=shop, environ={"DEPLOYLENS_DEBUG": "1"})
    assert "Traceback" in ended.err


def test_no_error_ends_like_a_gate() -> None:
    """10 and 11 are verdicts; no error in the table has them, and every error has a code."""
    table = exit_code._table()
    assert not {code for _, code in table} & {0, 10, 11}
    for error_class, code in table:
        assert exit_code_of(error_class.__new__(error_class)) == code
    assert exit_code_of(ZeroDivisionError()) is None


def test_an_interrupted_command_ends_with_130(shop: Path) -> None:
    """Ctrl-C during a query stops it, without a traceback."""
    command = [sys.executable, "-m", "analysis", "sql", SLOW, "--store", str(shop)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not _has_open(process.pid, shop):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) == (ExitCode.INTERRUPTED, "Interrupted.")


def test_a_reader_that_has_seen_enough(shop: Path) -> None:
    """`deploylens … | head -1` ends quietly and well."""
    command = (
        f"'{sys.executable}' -m analysis sql 'FROM spans, range(100)' --format jsonl | head -1"
    )
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env={**os.environ, "DEPLOYLENS_STORE": str(shop)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["deployments", "--help", "deploymnts"])
def test_a_closed_stream_is_no_crash(shop: Path, command: str, redirected: str) -> None:
    """Without a standard stream a command ends as ever, without a traceback."""
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m analysis {command} {redirected}"],
        env={**os.environ, "DEPLOYLENS_STORE": str(shop)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (ExitCode.USAGE if command == "deploymnts" else ExitCode.DONE)
    assert "Traceback" not in done.stderr
    assert "itself failed" not in done.stderr


def test_a_file_with_a_packaged_name_disables_nothing(shop: Path, tmp_path: Path) -> None:
    """A user's file with the name of a packaged query is told of and not used."""
    folder = tmp_path / "deploylens-queries"
    folder.mkdir()
    (folder / "failing_endpoints.sql").write_text("-- Mine.\nSELECT 1")
    for asked in (FAILING.split(), ["report", "checkout@1.4.0"]):
        ended = deploylens(*asked, store=shop, here=tmp_path)
        assert ended.code == ExitCode.DONE
        assert "POST /pay" in ended.out
        assert f"Warning: {folder}/failing_endpoints.sql is not used" in ended.err


def test_a_full_disk_below_the_output(shop: Path) -> None:
    """Rows that cannot be written are a failure, told in words."""
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m analysis deployments --store '{shop}' > /dev/full"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.FAILED
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_store_is_no_error(tmp_path: Path) -> None:
    """A store without a span answers; only a deployment that is asked for by name is missing."""
    store = tmp_path / "s.duckdb"
    stored(store)
    assert deploylens("deployments", store=store).code == ExitCode.DONE
    ended = deploylens("report", "shop@1", store=store)
    assert ended.code == ExitCode.FAILED
    assert "no span is stored yet" in ended.err


def _has_open(pid: int, store: Path) -> bool:
    """Whether the process has the store open, so that it is past its start."""
    with suppress(FileNotFoundError):  # a file that it closed in this moment
        return any(entry.resolve() == store for entry in Path(f"/proc/{pid}/fd").iterdir())
    return False
