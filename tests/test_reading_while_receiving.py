"""Questions get the same answers whether a receiver holds the store or not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.load import loading
from tests.served import ROOT, free_addresses, serving

SPANS = 50


def ask(store: Path, *arguments: str) -> list[dict[str, Any]]:  # Any: whatever the columns hold
    """The rows that a second process gets from `deploylens …`."""
    command = [sys.executable, "-m", "analysis", "--store", str(store), *arguments]
    done = subprocess.run(
        [*command, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_question_under_load(tmp_path: Path) -> None:
    """While a receiver takes load, another process sees whole requests, and ever more of them."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    count = "SELECT count(*) AS n, count(DISTINCT service_name) AS services FROM spans"
    seen = []
    with loading(addresses.grpc, spans=SPANS) as load, serving(store, addresses):
        load.wait_for(10)
        for _ in range(4):
            acknowledged = load.requests
            (row,) = ask(store, "sql", count)
            assert row["n"] % SPANS == 0
            assert row["n"] >= acknowledged * SPANS
            seen.append(row["n"])
            load.wait_for(load.requests + 10)
        load.stop()
    assert seen == sorted(set(seen))


def test_same_answers_in_both_homes(tmp_path: Path) -> None:
    """Saved queries and free SQL answer the same from the receiver and from the file."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    questions = [
        ("query", "deployments"),
        ("query", "failing_services", "-p", "service_name=client-0", "-p", "service_version="),
        ("query", "status_codes", "-p", "service_name=client-0", "-p", "service_version="),
        ("sql", "SELECT service_name, count(*) AS n FROM spans GROUP BY ALL ORDER BY ALL"),
    ]
    with serving(store, addresses):
        with loading(addresses.grpc, spans=SPANS) as load:
            load.wait_for(10)
        while_receiving = [ask(store, *question) for question in questions]
    assert while_receiving == [ask(store, *question) for question in questions]
    assert while_receiving[-1]
