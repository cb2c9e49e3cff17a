"""`deploylens demo`: what it shows is what the recordings hold."""

import re
from pathlib import Path

from analysis.exit_code import ExitCode
from analysis.recording import OTEL_DEMO, TRAIN_TICKET
from receiver.signals import Signal
from tests.command_line import deploylens
from tests.ingest import rows

DATA = Path(__file__).parents[1] / "analysis" / "demo_data"
BYTES_MAX = 10_000_000


def test_the_demo(tmp_path: Path) -> None:
    """Both recordings are received, each command is printed before its answer, a report written."""
    ended = deploylens("demo", "--directory", tmp_path)
    assert (ended.code, "Traceback" in ended.err) == (ExitCode.DONE, False)
    commands = re.findall(r"^\$ (.*)$", ended.out, re.MULTILINE)
    assert [command.split()[1] for command in commands] == [
        *(
            f"DEPLOYLENS_STORE={tmp_path}/otel-demo.duckdb",
            "deployments",
            "query",
            "query",
            "trace",
        ),
        *(f"DEPLOYLENS_STORE={tmp_path}/train-ticket.duckdb", "deployments", "check", "query"),
        "report",
    ]
    assert "the failure starts in checkoutservice (oteldemo.CartService/GetCart)" in ended.out
    assert "c.s.ContactsServiceImpl" in ended.out
    assert "HOLD  ts-contacts-service 1.1.0  gate: wait" in ended.out
    report = (tmp_path / "incident.md").read_text(encoding="utf-8")
    assert report.startswith("# ts-contacts-service 1.1.0\n")
    assert "1 new exception: c.s.ContactsServiceImpl, 20 times in 19 traces." in report


def test_its_commands_work_afterwards(tmp_path: Path) -> None:
    """The stores stay: what was printed can be typed again, and a second demo adds nothing."""
    first = deploylens("demo", "--directory", tmp_path)
    again = deploylens("demo", "--directory", tmp_path)
    assert first.code == again.code == ExitCode.DONE
    store = tmp_path / "train-ticket.duckdb"
    assert rows(store, "SELECT count(*) AS n FROM spans") == [{"n": 55_491}]
    shown = deploylens("deployments", "--service", "ts-contacts-service", store=store)
    assert shown.out in first.out


def test_the_recordings_are_whole_small_and_licensed() -> None:
    """Every request is readable, all files together are small, each has its licence beside it."""
    counts = {
        recording.name: [request.signal for request in recording.requests()]
        for recording in (OTEL_DEMO, TRAIN_TICKET)
    }
    assert counts["otel-demo"].count(Signal.TRACES) == 41
    assert counts["otel-demo"].count(Signal.LOGS) == 16
    assert counts["train-ticket"].count(Signal.TRACES) == 2382
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < BYTES_MAX
    assert "Apache License" in (DATA / "otel-demo/LICENSE").read_text()
    assert "MIT License" in (DATA / "train-ticket/LICENSE").read_text()
    assert "Nezha" in (DATA / "SOURCE.md").read_text()
