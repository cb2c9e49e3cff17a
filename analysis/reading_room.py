"""The reading room: a DuckDB instance where a store is attached and our views are to be had.

The store is the catalog `store`; views and macros live in the instance's own memory, so nothing is
ever written into the file. Every question runs on a cursor of its own, in a read-only transaction,
with a time limit.
"""

import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from analysis.catalog import VIEWS_FOLDER, SavedQuery, bind, packaged_queries
from analysis.query_error import QueryFailed, QueryInterrupted, QueryTimeout, QueryTooLarge
from analysis.question import Question
from analysis.sandbox import Published, check_statement, published
from receiver.storage.reader_gate import ReaderGate

MEMORY_LIMIT_MAX = 2 * 1024**3
QUERY_TIMEOUT_S = 300.0
ANSWER_BYTES_MAX = 128 * 1024**2
SAVED_ROWS_MAX = 1_000_000
_INTERRUPT_AGAIN_S = 0.2
_BATCH_ROWS = 65_536
_NICE = 10
# DuckDB warns that it copies the rows of an executed statement; ours are few.
_COPIED = "Arrow output on a DB-API result"
_CLOSED = "the receiver opened its store again while the question waited; ask again."

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """What one statement in the sandbox may cost: rows handed over, seconds until it is stopped."""

    rows_max: int = 10_000
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """The rows of a statement in the sandbox; `truncated` when there were more than the limit."""

    table: pa.Table
    truncated: bool


class ReadingRoom:
    """Answers questions on an instance that was prepared; safe to use from several threads."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        views: Path | None = None,
        readers: ReaderGate | None = None,
        answer_bytes_max: int | None = None,
    ) -> None:
        """Create the views on the instance, where the store is attached as `store`.

        Each question passes the gate of `readers`. An answer to a statement of somebody else may
        have `answer_bytes_max` bytes.
        """
        self._connection = connection
        self._beside_a_writer = readers is not None
        self._readers = readers or ReaderGate()
        self._answer_bytes_max = answer_bytes_max
        self._lock = threading.Lock()
        with self._cursor() as cursor:
            create_views(cursor, views or packaged_queries() / VIEWS_FOLDER)
        self._published: Published | None = None  # found out when it is first needed

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
        asked: Question | None = None,
    ) -> pa.Table:
        """All rows of a saved query. A query that is not ours runs in the sandbox.

        Who holds `asked` can stop it.
        """
        bound = bind(query, parameters or {})
        if not query.trusted:
            limits = SqlLimits(SAVED_ROWS_MAX, timeout_s)
            return whole(self.sql(query.sql, bound, limits, asked))

        def table(cursor: duckdb.DuckDBPyConnection) -> pa.Table:
            # As a relation, the statement would be bound once more; planning is most of the time.
            warnings.filterwarnings("ignore", _COPIED, UserWarning, re.escape(__name__))
            return cursor.execute(query.sql, bound).to_arrow_table()

        return self._read(table, timeout_s, asked)

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
        asked: Question | None = None,
    ) -> SqlAnswer:
        """The first rows of a statement that somebody else wrote, if the sandbox lets it run."""
        limits = limits or SqlLimits()

        def answer(cursor: duckdb.DuckDBPyConnection) -> SqlAnswer:
            self._published = self._published or published(cursor)
            statement = check_statement(cursor, text, self._published)
            relation = cursor.sql(statement, params=dict(parameters or {}))
            reader = relation.limit(limits.rows_max + 1).to_arrow_reader(_BATCH_ROWS)
            table = pa.Table.from_batches(self._bounded(reader), reader.schema)
            return SqlAnswer(table.slice(0, limits.rows_max), table.num_rows > limits.rows_max)

        return self._read(answer, limits.timeout_s, asked)

    def _bounded(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches; raises QueryTooLarge instead of handing over more bytes than it may."""
        size = 0
        for batch in batches:
            size += batch.nbytes
            if self._answer_bytes_max is not None and size > self._answer_bytes_max:
                raise QueryTooLarge(
                    f"the answer is larger than {self._answer_bytes_max // 1024**2} MiB."
                    " Aggregate, ask for fewer columns, or add a LIMIT."
                )
            yield batch

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            try:
                cursor = self._connection.cursor()
            except duckdb.ConnectionException as error:
                raise QueryInterrupted(_CLOSED) from error
        try:
            yield cursor
        finally:
            cursor.close()

    def _read(
        self,
        question: Callable[[duckdb.DuckDBPyConnection], Answer],
        timeout_s: float,
        asked: Question | None,
    ) -> Answer:
        """The answer to a question that is asked in a read-only transaction."""
        asked = asked or Question()
        with (
            self._readers.reading(asked.stop),
            self._cursor() as cursor,
        ):
            asked.cursor = cursor

            def read() -> Answer:
                if self._beside_a_writer:
                    _step_back()
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                return question(cursor)

            try:
                return _within(timeout_s, cursor, read)
            except duckdb.Error as error:
                failed = QueryInterrupted if asked.stopped else QueryFailed
                raise failed(_reason(asked, error)) from error


def whole(answer: SqlAnswer) -> pa.Table:
    """The table of an answer that must be complete; raises QueryTooLarge when it is not."""
    if answer.truncated:
        raise QueryTooLarge(
            f"there are more than {SAVED_ROWS_MAX:,} rows. Aggregate, or add a LIMIT."
        )
    return answer.table


def _reason(asked: Question, error: duckdb.Error) -> str:
    if asked.stopped:
        return (
            "the question was stopped because the receiver needed its memory or disk to store more."
            " Narrow it, for example with a shorter time window, and ask again."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        what = str(error).partition("\n")[0]
        return (
            f"the question needs more memory than there is for it. Narrow it. DuckDB says: {what}"
        )
    return str(error)


def connect(temporary_folder: Path) -> duckdb.DuckDBPyConnection:
    """An instance in memory that loads nothing by itself and spills into the given folder."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{min(MEMORY_LIMIT_MAX, memory_bytes // 2)}B",
            "temp_directory": str(temporary_folder),
        },
    )


def lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the instance for files, network, extensions and settings, for good.

    What is attached stays attached and may be attached again; spilling to disk goes on.
    """
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET GLOBAL python_enable_replacements = false")
    connection.execute("SET GLOBAL autoinstall_known_extensions = false")
    connection.execute("SET GLOBAL autoload_known_extensions = false")
    connection.execute("SET GLOBAL enable_external_access = false")
    connection.execute("SET GLOBAL lock_configuration = true")


def create_views(cursor: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Run the files of the folder in the order of their names; only CREATE belongs in them."""
    for path in sorted(folder.glob("*.sql")):
        for statement in cursor.extract_statements(path.read_text(encoding="utf-8")):
            if statement.type != duckdb.StatementType.CREATE:
                raise QueryFailed(f"{path}: only CREATE belongs here, not {statement.type.name}.")
            try:
                cursor.execute(statement)
            except duckdb.Error as error:
                raise QueryFailed(f"{path}: {error}") from error


def _step_back() -> None:
    """Lets the threads that store go first; a nice value is a thread's own on Linux only."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _within(
    timeout_s: float, cursor: duckdb.DuckDBPyConnection, work: Callable[[], Answer]
) -> Answer:
    """The result of work on the cursor; raises QueryTimeout when it is not there in time.

    The work has a thread of its own, because DuckDB lets no signal through while it computes: so
    Ctrl-C, too, stops the query at once. An interrupt between two statements is lost, so it is
    repeated until the work has ended.
    """
    result: Future[Answer] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="query", daemon=True).start()
    try:
        wait([result], timeout_s)
        if not result.done():
            raise QueryTimeout(
                f"no answer within {timeout_s:g} s, so the query was stopped."
                " Narrow it, for example with a shorter time window."
            )
    finally:
        while not result.done():
            cursor.interrupt()
            wait([result], _INTERRUPT_AGAIN_S)
    return result.result()
