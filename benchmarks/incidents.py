"""How often `deploylens incident` names the right deployment among several that went out at once.

    python -m benchmarks.incidents [--runs 20] [--seed 1] [--kinds own,crash,elsewhere,traffic,none]

Each run makes up 8 to 12 services with retries, messages and background failures in bursts, lets
three to six of them be replaced within an hour, one by a defective version, writes two hours of
spans into a real store and asks the real `incident`. Kinds: failures of its own; a version that
crashes and sends nothing; wrong values, by which another service fails; traffic that dries up; none
defective. Prints, per kind, how often the defective one is ranked first and how often a harmless
one is told to be rolled back.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analysis.asking import Asking
from analysis.catalog import Catalog
from analysis.incident.incident import Incident
from analysis.incident.investigation import investigate
from analysis.reading_room import ReadingRoom
from analysis.verdict.check import Verdict
from analysis.verdict.thresholds import Thresholds
from benchmarks.simulated_incident import (
    HISTORY_MINUTES,
    KINDS,
    START_NS,
    WINDOW_MINUTES,
    Simulated,
    simulate,
)
from receiver.storage.store import open_store

SINCE = datetime.fromtimestamp(START_NS // 10**9, UTC).replace(tzinfo=None) + timedelta(
    minutes=HISTORY_MINUTES
)
UNTIL = SINCE + timedelta(minutes=WINDOW_MINUTES)
TARGETS = {"first": 0.9, "harmless_rolled_back": 0.01}


@dataclass(slots=True)
class Score:
    """What was said in the runs of one kind. `named`: the defective one stands accused; `first`:
    is ranked first; `blamed`: harmless ones that stand accused."""

    runs: int = 0
    first: int = 0
    named: int = 0
    rolled_back: int = 0
    none_of_these: int = 0
    harmless: int = 0
    blamed: int = 0
    harmless_rolled_back: int = 0
    seconds: float = 0.0
    missed: list[str] = field(default_factory=list)

    def count(self, simulated: Simulated, found: Incident) -> None:
        """One run."""
        self.runs += 1
        self.none_of_these += not found.at_fault
        for accused in found.deployments:
            name = f"{accused.deployment.service}@{accused.deployment.version}"
            to_roll_back = accused.verdict is Verdict.ROLL_BACK
            if name == simulated.defective:
                self.first += accused.rank == 1
                self.named += accused.at_fault
                self.rolled_back += to_roll_back
            else:
                self.harmless += 1
                self.blamed += accused.at_fault
                self.harmless_rolled_back += to_roll_back

    @property
    def figures(self) -> dict[str, object]:
        """Shares, for the table and the JSON."""
        harmless = max(1, self.harmless)
        return {
            "runs": self.runs,
            "first": round(self.first / max(1, self.runs), 3),
            "accused": round(self.named / max(1, self.runs), 3),
            "rolled_back": round(self.rolled_back / max(1, self.runs), 3),
            "none_of_these": round(self.none_of_these / max(1, self.runs), 3),
            "harmless": self.harmless,
            "harmless_accused": round(self.blamed / harmless, 4),
            "harmless_rolled_back": round(self.harmless_rolled_back / harmless, 4),
            "mean_s": round(self.seconds / max(1, self.runs), 2),
        }


def main() -> None:
    """Simulates, asks and prints a table, then the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="runs of each kind")
    parser.add_argument("--seed", type=int, default=1, help="the first run's; then one by one")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which kinds, with commas")
    parser.add_argument("--missed", action="store_true", help="name the runs that went wrong")
    given = parser.parse_args()
    scores = scored(given.kinds.split(","), range(given.seed, given.seed + given.runs))
    print(table(scores))
    if given.missed:
        print("\n".join(line for score in scores.values() for line in score.missed))
    print(json.dumps({kind: score.figures for kind, score in scores.items()}, indent=2))


def scored(kinds: Iterable[str], seeds: Sequence[int]) -> dict[str, Score]:
    """The score of each kind over these seeds."""
    scores = {}
    for kind in kinds:
        score = scores[kind] = Score()
        for seed in seeds:
            run(score, kind, seed)
    return scores


def run(score: Score, kind: str, seed: int) -> None:
    """One made-up incident in a store of its own, and what is said of it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Path(folder) / "incident.duckdb") as connection,
    ):
        simulated = simulate(connection, kind, seed)
        asking = Asking(ReadingRoom(connection), Catalog.load())
        began_s = time.perf_counter()
        found = investigate(
            asking, SINCE, UNTIL, None, lambda _name: Thresholds(), datetime.now(UTC)
        )
        score.seconds += time.perf_counter() - began_s
    before = Counter(first=score.first, wrong=score.harmless_rolled_back)
    score.count(simulated, found)
    wrong = score.harmless_rolled_back > before["wrong"]
    if wrong or (simulated.defective is not None and score.first == before["first"]):
        said = ", ".join(
            f"{a.deployment.service}@{a.deployment.version} {a.verdict} {a.log_e_value:.1f}"
            for a in found.deployments
        )
        score.missed.append(f"{kind} {seed}: {simulated.detail}; said: {said}")


def table(scores: dict[str, Score]) -> str:
    """The figures, a line for each kind."""
    names = ("runs", "first", "accused", "rolled_back", "none_of_these", "harmless_rolled_back")
    lines = [f"{'kind':10}" + "".join(f"{name:>22}" for name in names)]
    for kind, score in scores.items():
        figures = score.figures
        lines.append(f"{kind:10}" + "".join(f"{figures[name]!s:>22}" for name in names))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
