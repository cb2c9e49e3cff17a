"""Whether an acknowledgement can be trusted: kills the receiver again and again under load, counts.

    python -m benchmarks.crash [--kills 100] [--seed 7]

Six clients send over gRPC and HTTP, as protobuf and JSON, plain and gzip, requests of one span and
of thousands, and send again what was not acknowledged, the same bytes; a seventh writes deployment
marks. `deploylens serve` is killed by SIGKILL at random moments: while it starts and recovers,
under load, right after an acknowledgement, and with a checkpoint threshold so small that it is in a
checkpoint most of the time. In the end the store is compared with what was acknowledged.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.database import mark_deployment
from analysis.query_error import QueryError
from receiver.storage.marks import DeploymentMark
from receiver.storage.store import StoreError
from tests.load import Load, all_ways, running_load
from tests.reckoning import Reckoning, reckon
from tests.served import ROOT, Addresses, free_addresses, listens, rows, serving

SIZES = (1, 1, 50, 400, 3000)
_START_S = 60.0
_MARK_EVERY_S = 0.5
# `serve`, but with checkpoints all the time: an operator has no use for such a setting.
_SMALL_CHECKPOINTS = (
    "import receiver.storage.writer as writer;"
    "writer.open_store = lambda path, wait_s=0.0, _bytes=0, open=writer.open_store:"
    " open(path, wait_s, 256_000);"
    "from analysis.__main__ import main; main()"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What happened, and what the store has to show for it; times are seconds."""

    kills: int
    kills_while_starting: int
    kills_with_small_checkpoints: int
    resent: dict[str, int]
    marks_acked: int
    marks_missing: int
    torn_logs_repaired: int
    restart_p50_s: float
    restart_max_s: float
    reckoning: Reckoning

    @property
    def sound(self) -> bool:
        """Whether everything acknowledged is stored, whole and once."""
        return not self.reckoning.faults and self.marks_missing == 0


def main() -> None:
    """Runs once, prints the figures as JSON, and exits 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how often it is killed")
    parser.add_argument("--seed", type=int, default=7, help="of the random moments")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder) / "crash.duckdb", given.kills, given.seed)
    print(json.dumps({**asdict(result), "sound": result.sound}, indent=2))
    sys.exit(0 if result.sound else 1)


def measure(store: Path, kills: int, seed: int) -> Result:
    """Kills that often, then lets the load end in peace and compares."""
    addresses = free_addresses()
    killer = _Killer(store, addresses, random.Random(seed))
    with running_load(Load(all_ways(addresses), SIZES)) as load, _Marks(store) as marks:
        for _ in range(kills):
            killer.run(load)
        with serving(store, addresses):
            load.wait_for(load.requests + 2 * len(load.acknowledged))
            load.stop()
            marks.stop()
    return _result(store, killer, load, marks)


class _Killer:
    """Starts a receiver and kills it, each time at another moment."""

    def __init__(self, store: Path, addresses: Addresses, chance: random.Random) -> None:
        self._store, self._addresses, self._chance = store, addresses, chance
        self.kills = self.while_starting = self.with_small_checkpoints = 0
        self.restarts_s: list[float] = []

    def run(self, load: Load) -> None:
        """One life of a receiver."""
        small = self._chance.random() < 0.5
        self.with_small_checkpoints += small
        program = ["-c", _SMALL_CHECKPOINTS] if small else ["-m", "analysis"]
        command = [sys.executable, *program, "serve", "--store", str(self._store)]
        command += ["--grpc", self._addresses.grpc, "--http", self._addresses.http]
        command += ["--api", self._addresses.api]
        with (
            self._store.with_suffix(".serve.txt").open("a") as sink,
            subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=sink) as process,
        ):
            try:
                self._live(process, load)
            finally:
                process.kill()
        self.kills += 1

    def _live(self, process: subprocess.Popen[bytes], load: Load) -> None:
        started = time.monotonic()
        usual_s = statistics.median(self.restarts_s) if self.restarts_s else 1.0
        if self.kills and self._chance.random() < 0.2:
            self.while_starting += 1
            time.sleep(usual_s * self._chance.uniform(0.5, 1.1))
            return
        while not (listens(self._addresses.grpc) and listens(self._addresses.http)):
            if process.poll() is not None or time.monotonic() - started > _START_S:
                talk = self._store.with_suffix(".serve.txt").read_text()
                raise SystemExit(f"the receiver did not come back:\n{talk}")
            time.sleep(0.01)
        self.restarts_s.append(time.monotonic() - started)
        time.sleep(self._chance.uniform(0, 1.5))
        if self._chance.random() < 0.4:
            load.wait_for(load.requests + 1)


class _Marks:
    """Writes deployment marks, wherever the store is, and remembers which were written."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.written: list[str] = []

    def __enter__(self) -> "_Marks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._stopping.wait(_MARK_EVERY_S):
            number += 1
            mark = DeploymentMark(service_name="client-0", service_version=f"1.{number}")
            try:
                mark_deployment(self._store, mark, wait_s=1.0)
            except (QueryError, StoreError, OSError):
                continue
            self.written.append(mark.service_version)


def _result(store: Path, killer: _Killer, load: Load, marks: _Marks) -> Result:
    stored = rows(store, "SELECT service_version AS version FROM deployment_marks")
    return Result(
        kills=killer.kills,
        kills_while_starting=killer.while_starting,
        kills_with_small_checkpoints=killer.with_small_checkpoints,
        resent=dict(load.resent),
        marks_acked=len(marks.written),
        marks_missing=len(set(marks.written) - {one["version"] for one in stored}),
        torn_logs_repaired=len(list(store.parent.glob("*.damaged-*"))),
        restart_p50_s=round(statistics.median(killer.restarts_s), 2),
        restart_max_s=round(max(killer.restarts_s), 2),
        reckoning=reckon(store, load),
    )


if __name__ == "__main__":
    main()
