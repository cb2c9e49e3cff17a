"""How often an exception is wrongly called new, and how soon a really new one is.

    python -m benchmarks.newness [--deployments 30] [--seed 1]

Simulates deployments into a real store and asks the real query `new_exceptions` about each. A
service has 300 groups of exceptions, whose rates fall as Zipf's law says, a place whose messages
are all different, and retries within a trace; and in a second run bursts, of which each is seen in
most requests of a minute. Its versions are identical, so that whatever is called new is so wrongly;
then its candidate has one exception more. Prints, for `probability_not_new <= 0.01` and for two
simpler rules, the false alarms per 1,000 deployments and the share of really new exceptions that
were found; and the false regressions and escalations.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa

from analysis.catalog import Catalog
from analysis.reading_room import ReadingRoom
from receiver.storage.store import open_store

START_NS = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp()) * 10**9
MINUTE_NS = 60 * 10**9
HISTORY_MINUTES, WINDOW_MINUTES = 360, 60
REQUESTS_PER_MINUTE = 12
GROUPS, GROUPS_RATE = 300, 0.08
IMPURE_RATE = 0.01
RETRIES_RATE = 0.1
BURSTS_PER_HOUR, BURST_GROUPS = 0.5, 40
NEW_RATES = (0.01, 0.03, 0.1)
SHARES = (0.05, 0.5, 1.0)
CHANCE_MAX = 0.01
RULES = ("probability_not_new", "rho^k", "not seen before")
_STATES = """
WITH the_comparison AS MATERIALIZED (
    FROM comparison($service, '2', NULL, NULL, NULL, NULL, NULL)
)
SELECT state, count(*)::BIGINT
FROM exception_states($service, '2', NULL, (SELECT the_comparison FROM the_comparison))
GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class Deployments:
    """What is simulated. `new_rate` is how often a request of the candidate shows the new one."""

    count: int
    seed: int
    new_rate: float = 0.0
    bursts_per_hour: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What one rule said: wrongly new groups, deployments with one, and new ones found."""

    false_groups: int = 0
    deployments_flagged: int = 0
    found: int = 0


@dataclass(slots=True)
class Simulated:
    """What was said of all deployments."""

    deployments: int = 0
    by_rule: dict[str, Outcome] = field(default_factory=lambda: {rule: Outcome() for rule in RULES})
    false_regressed: int = 0
    false_escalating: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """One exception: strict and loose key, and sightings within its trace."""

    fingerprint: str
    loose: str
    times: int = 1


def main() -> None:
    """Simulates, asks and prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--deployments", type=int, default=30, help="identical ones; a third as many broken"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures: dict[str, object] = {
            "steady": _figures(Path(folder) / "steady", given.deployments, given.seed, 0.0),
            "bursty": _figures(
                Path(folder) / "bursty", given.deployments, given.seed, BURSTS_PER_HOUR
            ),
        }
    figures["seconds"] = round(time.perf_counter() - began_s, 1)
    print(json.dumps(figures, indent=2))


def _figures(folder: Path, count: int, seed: int, bursts_per_hour: float) -> dict[str, object]:
    """False alarms of identical versions, and how many of the really new were found."""
    folder.mkdir()
    asked = Deployments(count, seed, bursts_per_hour=bursts_per_hour)
    same = simulated(folder / "same.duckdb", asked)
    scale = 1000 / same.deployments
    figures: dict[str, object] = {
        "false_new_groups_per_1000_deployments": {
            rule: round(outcome.false_groups * scale, 1) for rule, outcome in same.by_rule.items()
        },
        "deployments_with_a_false_new_per_1000": {
            rule: round(outcome.deployments_flagged * scale, 1)
            for rule, outcome in same.by_rule.items()
        },
        "false_regressed_per_1000_deployments": round(same.false_regressed * scale, 1),
        "false_escalating_per_1000_deployments": round(same.false_escalating * scale, 1),
    }
    for rate in NEW_RATES:
        asked = Deployments(max(3, count // 3), seed + 1, rate, bursts_per_hour)
        broken = simulated(folder / f"{rate}.duckdb", asked)
        figures[f"found_when_{rate:.0%}_of_requests_show_it"] = {
            rule: round(outcome.found / broken.deployments, 3)
            for rule, outcome in broken.by_rule.items()
        }
    return figures


def simulated(path: Path, asked: Deployments) -> Simulated:
    """The deployments, each a service of its own in one new store, and what was said of them."""
    result = Simulated()
    query = Catalog.load()["new_exceptions"]
    with open_store(path) as connection:
        random = Random(asked.seed)
        for number in range(asked.count):
            tables = _deployment(random, f"service-{number}", SHARES[number % 3], asked)
            for name, rows in tables.items():
                connection.register("simulated_rows", rows)
                connection.execute(f"INSERT INTO store.{name} BY NAME FROM simulated_rows")
                connection.unregister("simulated_rows")
        room = ReadingRoom(connection)
        for number in range(asked.count):
            service = f"service-{number}"
            answer = room.run(query, {"service_name": service, "service_version": "2"})
            _judge(result, answer)
            if not asked.new_rate:
                states = dict(connection.execute(_STATES, {"service": service}).fetchall())
                result.false_regressed += states.get("regressed", 0)
                result.false_escalating += states.get("escalating", 0)
    return result


def _judge(result: Simulated, answer: pa.Table) -> None:
    """Count what each rule calls new in one answer."""
    result.deployments += 1
    asked = ["fingerprint", "probability_not_new", "probability_by_exposure"]
    rows = answer.select(asked).to_pylist()
    for rule, outcome in result.by_rule.items():
        new = [row["fingerprint"] for row in rows if _is_new(rule, row)]
        false = len(new) - new.count("new")
        outcome.false_groups += false
        outcome.deployments_flagged += false > 0
        outcome.found += "new" in new


def _is_new(rule: str, row: dict[str, float]) -> bool:
    if rule == "not seen before":
        return True
    column = "probability_not_new" if rule == "probability_not_new" else "probability_by_exposure"
    return row[column] <= CHANCE_MAX


def _deployment(
    random: Random, service: str, share: float, asked: Deployments
) -> dict[str, pa.Table]:
    """Spans and exceptions of one service: version 1, then beside or after it version 2."""
    spans: list[tuple[str, str, str, int]] = []
    exceptions: list[tuple[str, str, str, int, str, str]] = []
    bursts = _bursts(random, asked.bursts_per_hour)
    for minute in range(HISTORY_MINUTES + WINDOW_MINUTES):
        burst = bursts.get(minute)
        for _ in range(REQUESTS_PER_MINUTE):
            new = minute >= HISTORY_MINUTES and random.random() < share
            version = "2" if new else "1"
            time_ns = START_NS + minute * MINUTE_NS + random.randrange(MINUTE_NS)
            trace = f"{random.getrandbits(128):032x}"
            spans.append((service, version, trace, time_ns))
            for seen in _sightings(random, burst, asked.new_rate if new else 0.0):
                row = (service, version, trace, time_ns, seen.fingerprint, seen.loose)
                exceptions += [row] * seen.times
    return {"spans": _span_rows(spans), "exceptions": _exception_rows(exceptions)}


def _bursts(random: Random, per_hour: float) -> dict[int, str]:
    """The group that most requests of a minute show, for the few minutes that have one."""
    return {
        minute: f"burst {random.randrange(BURST_GROUPS)}"
        for minute in range(HISTORY_MINUTES + WINDOW_MINUTES)
        if random.random() < per_hour / 60
    }


def _sightings(random: Random, burst: str | None, new_rate: float) -> Iterator[Sighting]:
    """What one request shows."""
    if random.random() < GROUPS_RATE:
        # The inverse of a Zipf law of exponent 1, cut at GROUPS.
        group = int((GROUPS + 1) ** random.random())
        times = 4 if random.random() < RETRIES_RATE else 1
        yield Sighting(f"strict {group}", f"loose {group // 2}", times)
    if random.random() < IMPURE_RATE:
        yield Sighting(f"impure {random.getrandbits(64)}", "impure")
    if burst is not None and random.random() < 0.8:
        yield Sighting(burst, burst)
    if random.random() < new_rate:
        yield Sighting("new", "new")


def _span_rows(rows: list[tuple[str, str, str, int]]) -> pa.Table:
    services, versions, traces, times = zip(*rows, strict=True)
    count = len(rows)
    zeros = ["resource_id", "flags", "scope_dropped_attributes_count", "dropped_attributes_count"]
    zeros += ["dropped_events_count", "dropped_links_count"]
    return pa.table(
        {
            "service_name": services,
            "service_version": versions,
            "trace_id": [str(trace) for trace in traces],
            "span_id": list(range(count)),
            "start_time_unix_nano": times,
            "received_at_unix_nano": times,
            "duration_ns": [10_000_000] * count,
            "span_kind": ["SERVER"] * count,
            "span_name": ["GET /"] * count,
            "endpoint": ["GET /"] * count,
            "outcome": ["ok"] * count,
            "status_code": ["UNSET"] * count,
            "request_id": [1] * count,
            **{name: [0] * count for name in zeros},
        }
    )


def _exception_rows(rows: list[tuple[str, str, str, int, str, str]]) -> pa.Table:
    services, versions, traces, times, strict, loose = zip(*rows, strict=True)
    count = len(rows)
    return pa.table(
        {
            "service_name": services,
            "service_version": versions,
            "trace_id": traces,
            "span_id": list(range(count)),
            "time_unix_nano": times,
            "signal": ["traces"] * count,
            "exception_source": ["event"] * count,
            "exception_type": loose,
            "fingerprint": strict,
            "fingerprint_loose": loose,
            "fingerprint_version": [1] * count,
            "resource_id": [0] * count,
            "request_id": [1] * count,
        }
    )


if __name__ == "__main__":
    main()
