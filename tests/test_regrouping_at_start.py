"""Who groups a store again, and when: `serve` and `import` at their start, `regroup` without a
receiver."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from analysis.doctor.check import State
from analysis.doctor.grouping import check_grouping
from receiver.fingerprints.fingerprint import FINGERPRINT_VERSION, fingerprint
from receiver.fingerprints.rules import GroupingRules
from receiver.server import Receiver
from receiver.settings import Address, ReceiverSettings
from tests.command_line import deploylens
from tests.ingest import rows, stored, trace_request
from tests.recorded_exceptions import SECOND, START, Recorded, requests_of
from tests.served import ROOT, free_addresses, running, serving, wait_for_lease

PLACE = Recorded()
KEYS = fingerprint(PLACE.type, PLACE.message, PLACE.stacktrace, "python")
RULES = '[[exceptions.keys]]\ntype = "OrderError"\nkey = "orders"\n'
VERSION_2 = ROOT / "tests" / "data" / "stores" / "schema_version_2.sql"
ANY_PORT = Address("127.0.0.1", 0)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that an older version grouped."""
    path = tmp_path / "s.duckdb"
    stored(path, *requests_of(PLACE, replace(PLACE, message="banned", second=1)))
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE exceptions SET fingerprint = 'old', fingerprint_version = 1")
        connection.execute("UPDATE grouping SET fingerprint_version = 1")
    return path


def keys(store: Path) -> set[str]:
    """The strict fingerprints that are stored."""
    return {row["fingerprint"] for row in rows(store, "SELECT fingerprint FROM exceptions")}


def test_serve_groups_again_at_its_start(store: Path, tmp_path: Path) -> None:
    """A receiver that starts with another version or other rules groups again before it is ready,
    and tells the log what became of the groups."""
    with serving(store, free_addresses(), "--log-format", "json"):
        pass
    assert KEYS.strict in keys(store)
    assert len(keys(store)) == 2
    lines = [
        json.loads(line)
        for line in store.with_suffix(".serve.txt").read_text().splitlines()
        if "grouped again" in line
    ]
    assert [line["message"] for line in lines][-1] == "stored exceptions were grouped again"
    assert (lines[-1]["groups_before"], lines[-1]["groups_after"], lines[-1]["split"]) == (1, 2, 1)
    (tmp_path / "deploylens.toml").write_text(RULES)
    addresses = free_addresses()
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store)]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
    with running(command, tmp_path / "o.txt", [addresses.http], folder=tmp_path):
        wait_for_lease(store)
    assert len(keys(store)) == 1


def test_a_receiver_is_not_ready_while_it_groups(store: Path) -> None:
    """Meanwhile `/healthz` is well and `/readyz` is not, and what is sent waits and is stored."""
    seen: list[tuple[int, int, str]] = []
    receiver = Receiver(ReceiverSettings(store, grpc=ANY_PORT, http=ANY_PORT))
    base = f"http://{receiver.http_address}"

    def look(_done: int, _total: int) -> None:
        live, ready = (
            httpx.get(f"{base}/{path}", trust_env=False) for path in ("healthz", "readyz")
        )
        intake = ready.json()["checks"]["intake"]["seen"]
        seen.append((live.status_code, ready.status_code, intake))

    try:
        receiver.start(look)
        assert httpx.get(f"{base}/readyz", trust_env=False).status_code == 200
    finally:
        receiver.drain()
        receiver.close()
    assert seen == [(200, 503, "groups stored exceptions again: 2 of 2")]
    assert KEYS.strict in keys(store)


def test_import_groups_again(store: Path, tmp_path: Path) -> None:
    """`import` into a store that nobody holds groups it again first, so that old and new fit."""
    file = tmp_path / "traces.otlp"
    file.write_bytes(trace_request({}).SerializeToString())
    assert deploylens("import", file, store=store, here=tmp_path).code == 0
    assert KEYS.strict in keys(store)


def test_regroup_tells_what_it_did(store: Path, tmp_path: Path) -> None:
    """`regroup` groups again without a receiver, says what became of the groups, and does nothing
    when there is nothing to do."""
    done = deploylens("regroup", store=store, here=tmp_path)
    assert done.code == 0
    assert done.err.startswith("Grouped 2 exceptions again in ")
    assert "Of 1 groups 0 hold what they held, 0 became one with others, 1 are several" in done.err
    assert KEYS.strict in keys(store)
    again = deploylens("regroup", store=store, here=tmp_path)
    assert again.err == (
        f"{store} is grouped by this version and these rules already; --force does it again.\n"
    )
    forced = deploylens("regroup", "--force", store=store, here=tmp_path)
    assert "Of 2 groups 2 hold what they held" in forced.err
    (tmp_path / "deploylens.toml").write_text(RULES)
    assert "2 became one with others" in deploylens("regroup", store=store, here=tmp_path).err


def test_regroup_needs_the_store_for_itself(store: Path, tmp_path: Path) -> None:
    """While a receiver holds the store, or without one, `regroup` says what to do and exits 3."""
    with serving(store, free_addresses()):
        held = deploylens("regroup", store=store)
    assert held.code == 3
    assert "is held by a receiver (process " in held.err
    assert "Restart it: it groups again when it starts" in held.err
    missing = deploylens("regroup", store=tmp_path / "no.duckdb")
    assert (missing.code, "there is no store at" in missing.err) == (3, True)


def test_doctor_compares_the_grouping(store: Path) -> None:
    """`doctor` warns when the stored fingerprints were made otherwise than the settings say."""
    wrong = check_grouping(store, GroupingRules())
    assert wrong.state is State.WARNING
    assert f"stored: version 1, no own rules; set: version {FINGERPRINT_VERSION}" in wrong.seen
    deploylens("regroup", store=store, here=store.parent)
    assert check_grouping(store, GroupingRules()).state is State.OK
    assert check_grouping(store, GroupingRules(in_app=("shop.*",))).state is State.WARNING
    assert check_grouping(store.with_name("none"), GroupingRules()).state is State.OK


def test_an_old_store_shows_nothing_new(tmp_path: Path) -> None:
    """A store of schema version 2 is grouped again when `serve` opens it: the same exception in
    the next version is known, and not new."""
    path = tmp_path / "old.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS store (STORAGE_VERSION 'v1.5.0')")
        connection.execute("USE store")
        for statement in duckdb.extract_statements(VERSION_2.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO store_schema VALUES (2, 'deploylens 0.2.0', 1)")
        connection.execute("INSERT INTO retention_edge VALUES (0, NULL, NULL, 0, 0, 0)")
        for number in range(60):
            _insert_old(connection, number, failed=number % 4 == 0)
    with serving(path, free_addresses()):
        pass
    later = [
        replace(PLACE, message=f"order {n} is empty", second=60 + n, version="1.1")
        for n in range(20)
    ]
    stored(path, *requests_of(*later, replace(later[0], message="another", second=90)))
    asked = ["-p", "service_name=shop", "-p", "service_version=1.1", "--format", "json"]
    new: list[dict[str, Any]] = json.loads(
        deploylens("query", "new_exceptions", *asked, store=path).out
    )
    assert [row["exception_message"] for row in new] == ["another"]
    assert keys(path) > {KEYS.strict}


def _insert_old(connection: duckdb.DuckDBPyConnection, number: int, failed: bool) -> None:
    """A request of version 1.0, as version 2 of the schema holds it."""
    values = {
        "trace": f"{number + 1:032x}",
        "span": number + 1,
        "time": START + number * SECOND,
        "status": "ERROR" if failed else "UNSET",
        "outcome": "server_error" if failed else "ok",
    }
    connection.execute(
        "INSERT INTO spans BY NAME SELECT $trace::UUID AS trace_id, $span AS span_id, 0 AS flags,"
        " 'SERVER' AS span_kind, 'POST /orders' AS span_name, $time AS start_time_unix_nano,"
        " 1000000 AS duration_ns, $status AS status_code, 'shop' AS service_name,"
        " '1.0' AS service_version, 'prod' AS environment_name, 1 AS resource_id,"
        " 0 AS scope_dropped_attributes_count, 'POST /orders' AS endpoint, $outcome AS outcome,"
        " 0 AS dropped_attributes_count, 0 AS dropped_events_count, 0 AS dropped_links_count,"
        " 1 AS request_id, $time AS received_at_unix_nano",
        values,
    )
    if failed:
        text = replace(PLACE, message=f"order {number} is empty").stacktrace
        del values["status"], values["outcome"]
        connection.execute(
            "INSERT INTO exceptions BY NAME SELECT $trace::UUID AS trace_id, $span AS span_id,"
            " $time AS time_unix_nano, 'traces' AS signal, 'exception' AS event_name,"
            " 'shop' AS service_name, '1.0' AS service_version, 'prod' AS environment_name,"
            " 1 AS resource_id, 'POST /orders' AS endpoint, 'OrderError' AS exception_type,"
            " $message AS exception_message, $text AS exception_stacktrace,"
            " 'python' AS sdk_language, 'aaaaaaaaaaaaaaaa' AS fingerprint,"
            " 'bbbbbbbbbbbbbbbb' AS fingerprint_loose, 1 AS fingerprint_version,"
            " 'orders.place' AS top_frame, 1 AS request_id",
            {**values, "text": text, "message": f"order {number} is empty"},
        )
