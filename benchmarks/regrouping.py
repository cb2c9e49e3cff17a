"""How long it takes to group all stored exceptions again.

    python -m benchmarks.regrouping [--exceptions 1000000] [--stacks 200 100000]

For each number of distinct stacks a store with so many exceptions is made, each with a stack of
about 3 KB, of 200 groups; every second message holds a unique id, the others are always the same.
Then all are grouped again. Python traces and Java traces take turns.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from receiver.fingerprints.rules import GroupingRules
from receiver.storage.regrouping import regroup
from receiver.storage.store import open_store

GROUPS = 200
_TEXTS_AT_ONCE = 5_000
_WORDS_MAX = 10
_FILLED = """
    INSERT INTO store.exceptions BY NAME SELECT
        uuid() AS trace_id, hash(i) AS span_id, 1_700_000_000_000_000_000 + i AS time_unix_nano,
        'traces' AS signal, 'event' AS exception_source, 'exception' AS event_name,
        'shop' AS service_name, '1.0' AS service_version, 7 AS resource_id,
        'POST /orders' AS endpoint,
        if(i % $groups % 2 = 0, 'OrderError', 'com.shop.orders.OrderError') AS exception_type,
        if(i // $groups % 2 = 0, 'the order cannot be stored',
            'order ' || format('{:016x}', hash(i)) || ' of customer ' || i || ' cannot be stored')
            AS exception_message,
        (i % $stacks + 1)::UBIGINT AS stacktrace_id, if(i % $groups % 2 = 0, 30, 28) AS message_at,
        if(i % $groups % 2 = 0, 'python', 'java') AS sdk_language,
        format('{:016x}', i % $groups) AS fingerprint,
        format('{:016x}', i % $groups) AS fingerprint_loose,
        1 AS fingerprint_version, 'orders.place' AS top_frame, i // 1000 AS request_id
    FROM range($exceptions) AS t(i)"""


def main() -> None:
    """Measures once and prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exceptions", type=int, default=1_000_000)
    parser.add_argument("--stacks", type=int, nargs="+", default=[200, 100_000])
    given = parser.parse_args()
    figures = {f"{stacks} stacks": measured(given.exceptions, stacks) for stacks in given.stacks}
    print(json.dumps(figures, indent=2))


def measured(exceptions: int, stacks: int) -> dict[str, object]:
    """What grouping again took; run in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.duckdb"
        fill(path, exceptions, stacks)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            figures = process.submit(_regrouped, path).result()
        return {"exceptions": exceptions, **figures}


def fill(path: Path, exceptions: int, stacks: int) -> None:
    """A store of exceptions, `stacks` texts among them."""
    with open_store(path) as connection:
        for texts in _texts(stacks):
            connection.register("texts", texts)
            connection.execute("INSERT INTO store.stacktraces BY NAME FROM texts")
            connection.unregister("texts")
        values = {"groups": GROUPS, "stacks": stacks, "exceptions": exceptions}
        connection.execute(_FILLED, values)
        connection.execute("CHECKPOINT store")


def _regrouped(path: Path) -> dict[str, object]:
    before = path.stat().st_size
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    with open_store(path) as connection:
        done = regroup(connection, GroupingRules())
        took_s, took_cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        _check(connection)
    return {
        "seconds": round(took_s, 1),
        "cpu_seconds": round(took_cpu_s, 1),
        "groups": asdict(done.groups),
        "resident_mb_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "file_mb_before": round(before / 1e6),
        "file_mb_after": round(path.stat().st_size / 1e6),
    }


def _check(connection: duckdb.DuckDBPyConnection) -> None:
    """Two kinds of message at each of the places, but for an id that looks like a word now and
    then."""
    [found] = connection.execute(
        "SELECT count(DISTINCT fingerprint), count(DISTINCT fingerprint_loose)"
        " FROM store.exceptions"
    ).fetchall()
    if found[1] != GROUPS or not 0 <= found[0] - 2 * GROUPS < _WORDS_MAX:
        raise RuntimeError(f"{found} groups came out, not {(2 * GROUPS, GROUPS)}.")


def _texts(stacks: int) -> Iterator[pa.Table]:
    """The texts of the stacks, which differ from one of the same group in line numbers only."""
    for first in range(0, stacks, _TEXTS_AT_ONCE):
        numbers = range(first, min(stacks, first + _TEXTS_AT_ONCE))
        texts = [_python(n) if n % GROUPS % 2 == 0 else _java(n) for n in numbers]
        ids = pa.array([n + 1 for n in numbers], pa.uint64())
        yield pa.table({"stacktrace_id": ids, "stacktrace": texts})


def _python(number: int) -> str:
    group, line = number % GROUPS, 10 + number // GROUPS
    library = "".join(
        f'  File "/usr/lib/python3.12/site-packages/flask/app.py", line {line + n}, in call_{n}\n'
        f"    return self.handlers[{n}].dispatch(request, response, context)\n"
        for n in range(17)
    )
    ours = "".join(
        f'  File "/app/shop/orders/step_{n}.py", line {line + n}, in place_{_word(group)}\n'
        f"    self.repository.store(order, customer, basket)\n"
        for n in range(6)
    )
    return f"Traceback (most recent call last):\n{library}{ours}OrderError: \n"


def _java(number: int) -> str:
    group, line = number % GROUPS, 10 + number // GROUPS
    ours = "".join(
        f"\tat com.shop.orders.Step{_word(n)}.place{_word(group)}(Step{_word(n)}.java:{line + n})\n"
        for n in range(12)
    )
    library = "".join(
        f"\tat org.springframework.web.servlet.Handler{_word(n)}.invoke(Handler.java:{line + n})\n"
        for n in range(34)
    )
    return f"com.shop.orders.OrderError: \n{ours}{library}"


def _word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


if __name__ == "__main__":
    main()
