"""Hostile requests into a running receiver: what became of each, and what the heavy ones cost.

`python -m benchmarks.hostile --payloads 100000 --seed 7` sends that many mutated requests, each
among good neighbours, over both transports and both encodings, and compares every stored row with
one worked out in plain Python from the strict parser. Then it sends every request of
`tests.hostile_cases` by itself and measures what it costs. Prints JSON; exits 1 if anything is
wrong. The same seed sends the same requests.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from tests.hostile_cases import CASES
from tests.hostile_payloads import Payload, payloads
from tests.hostile_run import Findings, Senders, attack, compare, neighbour, receiving

_PAYLOADS_PER_STORE = 20_000
_SHOWN = 20
_HEAD_START_S = 0.5
_DETAIL_LENGTH = 90
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CaseCost:
    """What one request cost the receiver, and how long a good one beside it waited."""

    case: str
    body_mib: float
    fate: str
    neighbour: str
    answer_s: float
    neighbour_s: float
    cpu_s: float
    peak_rss_mib: int


def main() -> None:
    """Runs both parts and prints their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payloads", type=int, default=100_000, help="how many mutated requests")
    parser.add_argument("--seed", type=int, default=7, help="which ones")
    parser.add_argument("--cases", default="", help="only cases whose name holds this")
    options = parser.parse_args()
    figures = mutated(options.payloads, options.seed) if options.payloads else {}
    costs = list(hand_made(options.cases))
    print(json.dumps({**figures, "cases": [asdict(cost) for cost in costs]}, indent=1))
    surprising = [one for one in costs if not one.fate.startswith(CASES[one.case].fate)]
    lost = [one for one in costs if one.neighbour != "stored"]
    sys.exit(1 if figures.get("wrong") or surprising or lost else 0)


def mutated(count: int, seed: int) -> dict[str, object]:
    """Sends mutated requests into one store after another; figures by kind and fate."""
    findings, compared, began_s = Findings(), 0, time.monotonic()
    stream = payloads(count, seed)
    while batch := list(islice(stream, _PAYLOADS_PER_STORE)):
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "hostile.duckdb"
            with receiving(store) as (addresses, _):
                senders = Senders(addresses)
                must = attack(senders, batch, findings)
                senders.close()
            compared += compare(store, must, findings)
        print(f"{compared} rows compared, {len(findings.wrong)} wrong", file=sys.stderr)
    kinds: dict[str, dict[str, int]] = {}
    for (kind, fate), number in sorted(findings.fates.items()):
        kinds.setdefault(kind, {})[fate] = number
    return {
        "payloads": count,
        "seed": seed,
        "seconds": round(time.monotonic() - began_s),
        "neighbours": findings.neighbours,
        "rows_compared": compared,
        "crashes": 0,  # one would have ended this run
        "wrong": dict(Counter(what for what, _, _ in findings.wrong)),
        "kinds": kinds,
        "json_read_more_leniently_than_protobuf": dict(findings.lenient),
        "json_read_more_strictly_than_protobuf": dict(findings.stricter),
        "examples": [
            [what, payload.kind, payload.signal, payload.transport, payload.body[:4000].hex(), told]
            for what, payload, told in findings.wrong[:_SHOWN]
        ],
    }


def hand_made(named: str) -> Iterator[CaseCost]:
    """Each case into a receiver of its own, with a good request half a second after it."""
    for name, case in CASES.items():
        if named in name:
            with tempfile.TemporaryDirectory() as folder:
                cost = _measured(name, case.make(), Path(folder) / "case.duckdb")
            print(cost, file=sys.stderr)
            yield cost


def _measured(name: str, payload: Payload, store: Path) -> CaseCost:
    with receiving(store) as (addresses, process):
        senders = Senders(addresses)
        senders.send(neighbour(0))
        cpu_s, began_s = _cpu_s(process.pid), time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(lambda: (senders.send(payload), time.monotonic()))
            time.sleep(_HEAD_START_S)
            good = senders.send(neighbour(1))
            neighbour_s = time.monotonic() - began_s - _HEAD_START_S
            fate, ended_s = answer.result()
        senders.close()
        return CaseCost(
            case=name,
            body_mib=round(len(payload.body) / 2**20, 1),
            fate=f"{fate.fate} {fate.detail}"[:_DETAIL_LENGTH],
            neighbour=good.fate,
            answer_s=round(ended_s - began_s, 2),
            neighbour_s=round(neighbour_s, 2),
            cpu_s=round(_cpu_s(process.pid) - cpu_s, 2),
            peak_rss_mib=_peak_rss_mib(process.pid),
        )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _peak_rss_mib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


if __name__ == "__main__":
    main()
