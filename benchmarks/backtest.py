"""How long `deploylens backtest` takes, and what it says of deployments whose outcome is known.

    python -m benchmarks.backtest [--services 20] [--versions 10] [--requests 30] [--seed 1]

Writes a store of services that each roll out ten versions, one in five of which fails ten times as
often, and replays the verdict over every one of them for an hour. Prints the figures as JSON.
"""

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from analysis.asking import asking
from analysis.backtest.history import replay_stored
from analysis.backtest.past_deployment import Wanted
from analysis.settings import Settings
from benchmarks.past_deployments import Past, fill_past

BAD_EVERY = 5


def main() -> None:
    """Fills a store, replays, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--versions", type=int, default=10)
    parser.add_argument("--requests", type=int, default=30, help="per minute and service")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    past = Past(given.services, given.versions, given.requests, BAD_EVERY, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "past.duckdb"
        spans = fill_past(path, past)
        settings = Settings({"store": str(path)})
        began_s = time.perf_counter()
        with asking(settings) as store:
            done = replay_stored(store, Wanted(minutes=given.minutes), settings.thresholds)
        seconds = time.perf_counter() - began_s
    figures = {"spans": spans, "seconds": round(seconds, 1), **asdict(done.summary)}
    print(json.dumps(figures, indent=2, allow_nan=False))


if __name__ == "__main__":
    main()
