"""A process that holds a store and serves the local API over it, as a receiver does, without OTLP.

`python -m tests.api_process STORE [SECONDS]` holds the store, after so many seconds answers and
prints its lease as JSON, and stops when its standard input is closed.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import duckdb
import uvicorn
from starlette.types import ASGIApp

from analysis.api.checks import check_routes
from analysis.api.local import build_app
from analysis.api.room_checks import default_thresholds, room_checks
from analysis.api.shared_checks import ANSWER_S, REUSE_S
from analysis.api.turns import ApiLimits, Turns
from analysis.catalog import Catalog, SavedQuery
from analysis.reading_room import ReadingRoom, lock_down
from analysis.verdict.thresholds import Thresholds
from receiver.lease import Lease, remove_lease, write_lease
from receiver.storage.statements import Statement, insert_statement
from receiver.storage.store import open_store

TOKEN = "a token of the test"
ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def serving_api(
    store: Path,
    queries: Mapping[str, SavedQuery] | None = None,
    limits: ApiLimits | None = None,
    tell: Callable[[Statement], None] | None = None,
    start_s: float = 0.0,
    gate: Callable[[], object] = lambda: None,
    thresholds: Callable[[str], Thresholds] = default_thresholds,
    answer_s: float = ANSWER_S,
    reuse_s: float = REUSE_S,
) -> Iterator[Lease]:
    """The store held by this process and its local API on a free port, with the lease written.

    Each question calls `gate` before it is run. Checks are answered within `answer_s` seconds,
    and with the same for `reuse_s`.
    """
    connection = open_store(store, lock_wait_s=5.0)  # whoever waits for it looks into the file
    try:
        room = ReadingRoom(connection)
        lock_down(connection)
        time.sleep(start_s)
        catalog = Catalog(queries) if queries is not None else Catalog.load()

        def opened() -> ReadingRoom:
            gate()
            return room

        turns = Turns(limits)
        checks = room_checks(opened, catalog, thresholds, turns, answer_s, reuse_s)
        app = build_app(
            opened,
            TOKEN,
            catalog,
            tell or (lambda statement: _insert(connection, statement)),
            lambda: {"pid": os.getpid()},
            turns,
            more_routes=check_routes(checks),
        )
        with _listening(app) as port:
            lease = Lease(os.getpid(), f"http://127.0.0.1:{port}", TOKEN, "", "", 0, 1)
            write_lease(store, lease)
            yield lease
            remove_lease(store)
    finally:
        connection.close()


@contextmanager
def api_process(store: Path) -> Iterator[tuple[Lease, Callable[[], None]]]:
    """The same in another process: its lease, and a function that stops it cleanly."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.api_process", str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        lease = Lease(**json.loads(process.stdout.readline()))

        def stop() -> None:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

        try:
            yield lease, stop
        finally:
            stop()


def _insert(connection: duckdb.DuckDBPyConnection, statement: Statement) -> None:
    with connection.cursor() as cursor:
        insert_statement(cursor, statement)


@contextmanager
def _listening(app: ASGIApp) -> Iterator[int]:
    """The app on a free loopback port, from a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    with serving_api(Path(sys.argv[1]), start_s=float((*sys.argv, "0")[2])) as held:
        print(json.dumps(asdict(held)), flush=True)
        sys.stdin.read()
