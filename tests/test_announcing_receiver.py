"""A real receiver that announces: started, killed and started again, with its log at debug."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.announced_to import SECRET, Reaction, Server, server, until
from tests.scraped import scrape
from tests.served import ROOT, Addresses, free_addresses, listens, wait_for_lease

# `deploylens serve`, but that it looks five times a second.
_QUICK = """
import sys
from analysis import serving
from analysis.announcing.announcer import Rhythm
from analysis.announcing.delays import Delays
offered = serving.Offered
quick = Rhythm(period_s=0.2, timeout_s=30.0, delays=Delays(0.1, 0.2))
serving.Offered = lambda *given: offered(*given, quick)
from analysis.__main__ import run
sys.exit(run(sys.argv[1:]))
"""


@contextmanager
def receiving(folder: Path, at: Addresses, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A receiver in this folder, which is stopped at the end if it was not killed."""
    flags = ["--store", "s.duckdb", "--grpc", at.grpc, "--http", at.http, "--api", at.api]
    command = [sys.executable, "-c", _QUICK, "serve", *flags, "--log-level", "debug"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOOK_SECRET": SECRET}
    with (
        log.open("ab") as sink,
        subprocess.Popen(command, cwd=folder, env=environ, stderr=sink, stdout=sink) as process,
    ):
        try:
            until(lambda: process.poll() is not None or listens(at.http), 60.0)
            assert process.poll() is None, log.read_text()
            wait_for_lease(folder / "s.duckdb")
            yield process
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                assert process.wait(30.0) == 0, log.read_text()
        finally:
            process.kill()


def configured(folder: Path, target: Server) -> None:
    """A file that names this server, by an address with a secret in it."""
    (folder / "url").write_text(f"{target.url}/T0/B0/hunter2")
    (folder / "deploylens.toml").write_text(
        "[[webhooks]]\nname = 'team'\nurl_file = 'url'\nsecret_env = 'HOOK_SECRET'\n"
    )


def mark(folder: Path, version: str) -> None:
    """Marks a deployment as a pipeline does."""
    command = [sys.executable, "-m", "analysis", "mark", "shop", version, "--store", "s.duckdb"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)


def test_killed_and_started_again(tmp_path: Path) -> None:
    """A receiver that is killed while a target has not answered sends the same event again, under
    the same id; one that is killed after the answer was noted does not. No secret is in its log."""
    at, log = free_addresses(), tmp_path / "log.txt"
    with server() as target:
        configured(tmp_path, target)
        target.reactions = [Reaction(delay_s=60.0)]
        with receiving(tmp_path, at, log) as process:
            mark(tmp_path, "1.0")
            target.wait_for(1, 30.0)
            process.kill()
            process.wait()
        with receiving(tmp_path, at, log) as process:
            target.wait_for(2, 30.0)
            sent = {"target": "team", "result": "sent"}
            until(lambda: scrape(at.http).total("announcement_deliveries_total", **sent) == 1, 30.0)
            process.kill()
            process.wait()
        with receiving(tmp_path, at, log):
            mark(tmp_path, "1.1")
            told = target.wait_for(3, 30.0)
            until(lambda: scrape(at.http).total("announcement_deliveries_total", **sent) == 1, 30.0)
            time.sleep(0.5)
        assert len(target.told) == 3
        assert target.ids()[0] == target.ids()[1]
        assert [one.json["deployment"]["version"] for one in told] == ["1.0", "1.0", "1.1"]
        assert "hunter2" not in log.read_text()
        assert SECRET.removeprefix("whsec_") not in log.read_text()


def test_receives_while_a_target_hangs(tmp_path: Path) -> None:
    """What is sent is stored and acknowledged while a target keeps its connection open for ever,
    and the receiver stops in time all the same."""
    at, log = free_addresses(), tmp_path / "log.txt"
    with server() as target:
        configured(tmp_path, target)
        target.usual = lambda _told: Reaction(delay_s=60.0)
        with receiving(tmp_path, at, log) as process:
            mark(tmp_path, "1.0")
            target.wait_for(1, 30.0)
            for _ in range(5):
                assert httpx.post(f"http://{at.http}/v1/traces", json={}).status_code == 200
            began_s = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30.0) == 0
            assert time.monotonic() - began_s < 20
