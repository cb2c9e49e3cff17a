"""How long `deploylens check` takes on a large store, query by query.

    python -m benchmarks.check [--spans 10000000] [--hours 1] [--rounds 3]

Writes a day of three services, of which one has a candidate beside its old version for the last
hours, into a temporary folder, and checks that candidate; the first round finds the file unread.
Prints as JSON, per round, the seconds of each query (two run at a time), of the whole check, of the
processor, and the peak memory of the process. The target is one second on ten million spans.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa

from analysis.asking import Answering, Asking, asking
from analysis.catalog import SavedQuery
from analysis.deployment_name import DeploymentName
from analysis.reading_room import QUERY_TIMEOUT_S, SqlAnswer, SqlLimits
from analysis.settings import Settings
from analysis.verdict.checking import check_deployment
from benchmarks.stored_day import CANDIDATE, SERVICE, StoredDay, fill_day


@dataclass(frozen=True, slots=True)
class Timed:
    """A store that notes how many seconds each query took, by its name."""

    store: Answering
    seconds: dict[str, float] = field(default_factory=dict)

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query; one asked several times counts with all its seconds."""
        began_s = time.perf_counter()
        rows = self.store.run(query, parameters, timeout_s)
        taken_s = time.perf_counter() - began_s
        self.seconds[query.name] = self.seconds.get(query.name, 0.0) + taken_s
        return rows

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
    ) -> SqlAnswer:
        """The first rows of a statement; not timed."""
        return self.store.sql(text, parameters, limits)


def main() -> None:
    """Fills a store, checks, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--hours", type=float, default=1, help="how long the candidate has served")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.duckdb"
        # In a process of its own: its memory is not that of a check.
        filling = get_context("spawn").Process(
            target=fill_day, args=(path, StoredDay(given.spans, given.hours))
        )
        filling.start()
        filling.join()
        if filling.exitcode:
            raise SystemExit(f"the store could not be written: exit code {filling.exitcode}")
        rounds = [checked_once(path) for _ in range(given.rounds)]
        figures = {
            "spans": given.spans,
            "hours": given.hours,
            "stored_bytes": path.stat().st_size,
            "rounds": rounds,
            "memory_bytes_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    print(json.dumps(figures, indent=2, allow_nan=False))


def checked_once(path: Path) -> dict[str, object]:
    """What one check of the candidate took; opening the store and its views is not counted."""
    settings = Settings({"store": str(path)})
    with asking(settings) as store:
        timed = Timed(store.database)
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        check = check_deployment(
            Asking(timed, store.catalog),
            DeploymentName(SERVICE, CANDIDATE),
            {},
            settings.thresholds,
            lambda: datetime.now(UTC),
        )
        taken_s = time.perf_counter() - began_s
        taken_cpu_s = time.process_time() - began_cpu_s
    return {
        "verdict": check.verdict,
        "query_s": {name: round(seconds, 3) for name, seconds in timed.seconds.items()},
        "check_s": round(taken_s, 3),
        "cpu_s": round(taken_cpu_s, 3),
    }


if __name__ == "__main__":
    main()
