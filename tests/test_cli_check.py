"""`deploylens check` and `watch` on a real store: a version that fails every second order."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.database import mark_deployment
from analysis.exit_code import ExitCode
from receiver.storage.marks import DeploymentMark
from tests.command_line import Ended, deploylens
from tests.ingest import stored
from tests.served import ROOT
from tests.shop import fill_shop

UNDECIDED = ("check", "payment@2.0")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop, and a version that was only marked."""
    store = fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")
    mark_deployment(store, DeploymentMark(service_name="checkout", service_version="2.0"))
    return store


def check(store: Path, *arguments: str, here: Path | None = None) -> Ended:
    """A check of the version that fails."""
    return deploylens("check", "checkout@1.4.0", *arguments, store=store, here=here)


def test_a_bad_version_is_rolled_back(shop: Path) -> None:
    """The verdict comes first, then what to do; the exit code says that the gate fails."""
    ended = check(shop)
    assert (ended.code, ended.err) == (ExitCode.GATE_FAIL, "")
    first, second = ended.out.splitlines()[:2]
    assert first == "ROLL BACK  checkout 1.4.0 in prod  gate: fail"
    assert second.startswith("Roll back to 1.3.9 now")
    assert "0 % -> 50 % of requests fail" in ended.out
    assert "KeyError" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_json_is_for_programs(shop: Path) -> None:
    """`--format json` prints the contract, whose numbers are those of the store."""
    ended = check(shop, "--format", "json")
    found = json.loads(ended.out)
    assert ended.code == ExitCode.GATE_FAIL
    assert (found["schema_version"], found["verdict"], found["gate"]) == (1, "roll_back", "fail")
    assert (found["deployment"]["requests"], found["deployment"]["instances"]) == (20, 1)
    assert (found["baseline"]["version"], found["baseline"]["kind"]) == ("1.3.9", "before")
    assert (found["failure_rate"]["candidate"], found["failure_rate"]["baseline"]) == (0.5, 0.0)
    assert found["failure_rate"]["e_value"] > 100
    assert found["origins"][0]["exception_type"] == "KeyError"
    assert found["impact"]["failed_requests"] == 10


def test_markdown_is_for_pull_requests(shop: Path) -> None:
    """`--format markdown` prints the same as a document."""
    ended = check(shop, "--format", "markdown")
    assert ended.code == ExitCode.GATE_FAIL
    assert ended.out.startswith("## ROLL BACK: checkout 1.4.0 in prod\n")


def test_the_format_that_was_set_counts(shop: Path, tmp_path: Path) -> None:
    """The environment sets the format too; one for rows only leaves the one for people."""
    for form, start in (("json", "{"), ("csv", "ROLL BACK")):
        ended = deploylens(
            "check", "checkout@1.4.0", store=shop, environ={"DEPLOYLENS_FORMAT": form}
        )
        assert ended.out.startswith(start)
    assert check(shop, "--format", "csv").code == ExitCode.USAGE


def test_it_can_be_judged_as_of_a_moment(shop: Path) -> None:
    """With `--at` no later row is read."""
    ended = check(shop, "--at", "2026-11-21T10:31:00Z", "--format", "json")
    found = json.loads(ended.out)
    assert (ended.code, found["verdict"]) == (ExitCode.GATE_UNDECIDED, "not_enough_data")
    assert found["deployment"]["requests"] == 2


def test_a_window_is_the_first_minutes(shop: Path) -> None:
    """`--window` judges only so long from the first traffic, or until `--at` if that is earlier."""
    for arguments, requests in (
        (("--window", "2m"), 4),
        (("--window", "2m", "--at", "2026-11-21T10:31:00Z"), 2),
    ):
        found = json.loads(check(shop, *arguments, "--format", "json").out)
        assert found["deployment"]["requests"] == requests


@pytest.mark.parametrize(
    ("mapped", "code"),
    [
        ("pass", ExitCode.DONE),
        ("fail", ExitCode.GATE_FAIL),
        ("wait", ExitCode.GATE_UNDECIDED),
    ],
)
def test_undecided_can_be_mapped(shop: Path, mapped: str, code: ExitCode) -> None:
    """`--on-inconclusive` says how an undecided gate ends, and that is told."""
    ended = deploylens(*UNDECIDED, "--on-inconclusive", mapped, store=shop)
    assert ended.code == code
    assert ended.out.startswith("NOT ENOUGH DATA  payment 2.0 in prod")
    assert ("--on-inconclusive" in ended.err) == (mapped != "wait")


def test_what_is_decided_is_not_mapped(shop: Path) -> None:
    """`--on-inconclusive pass` lets nothing through that is proven bad."""
    assert check(shop, "--on-inconclusive", "pass").code == ExitCode.GATE_FAIL


def test_a_marked_version_is_undecided(shop: Path) -> None:
    """A version that was marked and sent nothing has a verdict: nothing is known."""
    ended = deploylens("check", "checkout@2.0", store=shop)
    assert ended.code == ExitCode.GATE_UNDECIDED
    assert ended.out.startswith("NOT ENOUGH DATA  checkout 2.0")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("checkout", ExitCode.USAGE, "is not SERVICE@VERSION"),
        ("chekout@1.4.0", ExitCode.FAILED, "Did you mean 'checkout'?"),
        ("checkout@1.4.1", ExitCode.FAILED, "has no version '1.4.1'"),
        ("checkout@1.4.1 --on-inconclusive pass", ExitCode.FAILED, "has no version '1.4.1'"),
        ("checkout@1.4.0 --environment prdo", ExitCode.FAILED, "Did you mean 'prod'?"),
        ("checkout@1.4.0 --deployment-id 9", ExitCode.FAILED, "has no deployment id '9'"),
        ("checkout@1.4.0 --baseline 7", ExitCode.FAILED, "has no version '7'"),
        ("checkout@1.4.0 --at soon", ExitCode.USAGE, "'soon' is not a time"),
        ("checkout@1.4.0 --at 2020-01-01", ExitCode.FAILED, "checkout"),
        ("checkout@1.4.0 --window 0s", ExitCode.USAGE, "'0s' is not a duration"),
        ("checkout@1.4.0 --wait soon", ExitCode.USAGE, "'soon' is not a duration"),
        ("checkout@1.4.0 --wait 1m --at 2026-11-02T10:30:00Z", ExitCode.USAGE, "Give one of them"),
        ("checkout@1.4.0 --on-inconclusive hold", ExitCode.USAGE, "'hold' is not one of"),
    ],
)
def test_what_cannot_be_judged_is_no_verdict(
    shop: Path, arguments: str, code: ExitCode, said: str
) -> None:
    """What is not stored, or makes no sense, is an error, whatever undecided gates end as."""
    ended = deploylens("check", *arguments.split(), store=shop)
    assert said in ended.err
    assert (ended.code, ended.out) == (code, "")


def test_without_a_store_there_is_no_verdict(tmp_path: Path) -> None:
    """A missing store ends the command with 3, also when it would wait."""
    for arguments in ((), ("--wait", "1m", "--on-inconclusive", "pass")):
        ended = check(tmp_path / "none.duckdb", *arguments)
        assert (ended.code, ended.out) == (ExitCode.NO_STORE, "")


def test_an_undecided_gate_is_waited_for(shop: Path) -> None:
    """`--wait` ends as undecided when the time is over, not before."""
    begun = time.monotonic()
    ended = deploylens(*UNDECIDED, "--wait", "1s", "--format", "json", store=shop)
    assert time.monotonic() - begun >= 1
    assert ended.code == ExitCode.GATE_UNDECIDED
    assert json.loads(ended.out)["gate"] == "wait"


def test_what_is_waited_for_is_told(shop: Path) -> None:
    """While `--wait` waits, standard error says for what and how long; Ctrl-C ends it with 130."""
    command = [sys.executable, "-m", "analysis", *UNDECIDED, "--wait", "10m", "--store", str(shop)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert first.startswith("NOT ENOUGH DATA")
    assert "Asking again for 9 min" in first
    assert (process.returncode, out) == (ExitCode.INTERRUPTED, "")


def test_a_decided_gate_is_not_waited_for(shop: Path) -> None:
    """`--wait` ends as soon as the gate passes or fails."""
    ended = check(shop, "--wait", "10m")
    assert (ended.code, ended.err) == (ExitCode.GATE_FAIL, "")


def test_what_has_sent_nothing_is_waited_for(shop: Path) -> None:
    """With `--wait` an unknown version may come yet; at the end it is an error, not a verdict."""
    waiting = ("--wait", "1s", "--on-inconclusive", "pass")
    begun = time.monotonic()
    ended = deploylens("check", "checkout@3.0", *waiting, store=shop)
    assert time.monotonic() - begun >= 1
    assert (ended.code, ended.out) == (ExitCode.FAILED, "")
    assert "Error: checkout has no version '3.0'." in ended.err


def test_thresholds_come_from_the_file(shop: Path, tmp_path: Path) -> None:
    """The file sets thresholds, for a service too, and the check says which decided and where they
    were set."""
    table = '[verdict.services."check*"]\nalpha = 0.0001\n'
    (tmp_path / "deploylens.toml").write_text(table)
    found = json.loads(check(shop, "--format", "json", here=tmp_path).out)
    assert found["failure_rate"]["alpha"] == 0.0001
    told = {one["name"]: one for one in found["thresholds"]}
    assert told["alpha"]["value"] == 0.0001
    assert "deploylens.toml" in told["alpha"]["origin"]
    assert "alpha 0.0001 (deploylens.toml" in check(shop, here=tmp_path).out.replace("\n  ", " ")


def test_whoever_reads_the_first_line_only_gets_the_verdict(shop: Path) -> None:
    """`deploylens check … | head -1` ends as the gate does, not as healthy."""
    command = f"'{sys.executable}' -m analysis check checkout@1.4.0 --format json | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env={**os.environ, "DEPLOYLENS_STORE": str(shop)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (ExitCode.GATE_FAIL, "")


def test_watch_tells_each_change(shop: Path) -> None:
    """Without a terminal `watch` writes one line for each change, and `--until-decided` ends it as
    the gate."""
    ended = deploylens("watch", "checkout@1.4.0", "--until-decided", store=shop)
    assert ended.code == ExitCode.GATE_FAIL
    (line,) = ended.out.splitlines()
    assert " UTC  ROLL BACK  " in line


def test_watch_runs_until_it_is_interrupted(shop: Path) -> None:
    """Ctrl-C ends `watch` with 130; what did not change was told once."""
    command = [sys.executable, "-m", "analysis", "watch", "payment@2.0", "--interval", "50ms"]
    with subprocess.Popen(
        [*command, "--store", str(shop)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=60)
    assert " UTC  NOT ENOUGH DATA  " in first
    assert (process.returncode, rest) == (ExitCode.INTERRUPTED, "")
    assert said.strip() == "Interrupted."


def test_watch_in_a_terminal_shows_the_whole_check(shop: Path) -> None:
    """A terminal shows the check in colour, and keeps it when the watch has ended."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "analysis", "watch", "checkout@1.4.0", "--until-decided"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "60"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*command, "--store", str(shop)], cwd=ROOT, stdout=theirs, env=environment
    )
    os.close(theirs)
    shown = read_all(ours)
    os.close(ours)
    assert process.wait(60) == ExitCode.GATE_FAIL
    assert "ROLL BACK" in shown
    assert "\x1b[" in shown
    assert "Where failures start" in shown


def read_all(terminal: int) -> str:
    """What is written to the terminal until its last writer is gone."""
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            some = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        shown += some
    return shown.decode()


def test_an_empty_store_has_nothing_to_check(tmp_path: Path) -> None:
    """In a store without a span nothing is healthy."""
    store = tmp_path / "s.duckdb"
    stored(store)
    ended = check(store, "--on-inconclusive", "pass")
    assert ended.code == ExitCode.FAILED
    assert "no span is stored yet" in ended.err


def test_a_time_that_is_none(tmp_path: Path) -> None:
    """A moment that cannot be read is refused by the name of its option."""
    ended = deploylens("check", "shop@1.4.0", "--at", "nonsense", store=tmp_path / "s.duckdb")
    assert ended.code == 2
    assert "Invalid value for '--at': 'nonsense' is not a time in UTC" in ended.err
