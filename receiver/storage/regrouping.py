"""Groups all stored exceptions again: after a change of the algorithm, or of the rules.

One transaction changes everything or nothing. Exceptions are written anew in their order, a few
thousand at a time: to update them where they are would take memory for each.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from receiver.fingerprints.fingerprint import FINGERPRINT_VERSION
from receiver.fingerprints.rules import GroupingRules
from receiver.storage.decision_keys import move_decisions
from receiver.storage.fresh_keys import FreshKeys
from receiver.storage.history_keys import regroup_history
from receiver.storage.key_changes import GroupFates, KeyChanges

ROWS_AT_ONCE = 16_384
Progress = Callable[[int, int], None]

_SCHEMA = Path(__file__).with_name("schema.sql")
_TEXT_ROWS = 2_048
_FRESH = "exceptions_regrouped"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What fingerprints are made with: the version of the algorithm, and the user's rules by their
    digest."""

    fingerprint_version: int
    rules_digest: str


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What grouping again did.

    `history_unknown` rows of deleted exceptions and `decisions_unknown` decisions have the
    fingerprint they had: nothing tells what they were about.
    """

    exceptions: int
    groups: GroupFates
    history_unknown: int
    decisions_unknown: int
    duration_s: float

    def figures(self) -> dict[str, object]:
        """All figures by name, in one dictionary."""
        own = asdict(self)
        return {**own.pop("groups"), **own}


def wanted_grouping(rules: GroupingRules) -> Grouping:
    """What this program would group with, under these rules."""
    return Grouping(FINGERPRINT_VERSION, rules.digest)


def stored_grouping(connection: duckdb.DuckDBPyConnection) -> Grouping | None:
    """What the fingerprints of the attached store were made with, None if it does not say."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT fingerprint_version, rules_digest FROM store.grouping"
            " ORDER BY grouped_at_unix_nano DESC LIMIT 1"
        ).fetchall()
    return Grouping(*rows[0]) if rows else None


def regroup_if_needed(
    connection: duckdb.DuckDBPyConnection, rules: GroupingRules, on_progress: Progress | None = None
) -> Regrouped | None:
    """Groups again unless the store was grouped with the same; tells the log. Raises duckdb.Error,
    and then nothing is changed."""
    stored, wanted = stored_grouping(connection), wanted_grouping(rules)
    if stored == wanted:
        return None
    _LOG.info(
        "stored exceptions are grouped again: the algorithm or the rules changed",
        extra={
            "version_before": stored.fingerprint_version if stored else None,
            "version": wanted.fingerprint_version,
            "rules_before": stored.rules_digest if stored else None,
            "rules": wanted.rules_digest,
        },
    )
    done = regroup(connection, rules, on_progress)
    _LOG.info(
        "stored exceptions were grouped again",
        extra=done.figures(),
    )
    return done


def regroup(
    connection: duckdb.DuckDBPyConnection, rules: GroupingRules, on_progress: Progress | None = None
) -> Regrouped:
    """Makes every stored fingerprint again, and those of deleted exceptions and of decisions.

    Nobody else may write meanwhile. `on_progress` is told the exceptions done and their number.
    Raises duckdb.Error, and whatever `on_progress` raises; nothing is changed then.
    """
    began_s = time.monotonic()
    keys = FreshKeys(rules)
    with _transaction(connection) as cursor:
        changes = KeyChanges(cursor)
        exceptions = _regroup_exceptions(connection, cursor, keys, changes, on_progress)
        history_unknown = regroup_history(cursor, keys, changes, FINGERPRINT_VERSION)
        decisions_unknown = move_decisions(cursor, rules)
        fates = changes.fates()
        changes.forget()
        wanted = wanted_grouping(rules)
        cursor.execute("DELETE FROM store.grouping")
        cursor.execute(
            "INSERT INTO store.grouping VALUES ($version, $digest, $now)",
            {
                "version": wanted.fingerprint_version,
                "digest": wanted.rules_digest,
                "now": time.time_ns(),
            },
        )
    with connection.cursor() as cursor, suppress(duckdb.TransactionException):
        cursor.execute("CHECKPOINT store")  # gives the room of the old rows back
    duration_s = round(time.monotonic() - began_s, 3)
    return Regrouped(exceptions, fates, history_unknown, decisions_unknown, duration_s)


def _regroup_exceptions(
    connection: duckdb.DuckDBPyConnection,
    cursor: duckdb.DuckDBPyConnection,
    keys: FreshKeys,
    changes: KeyChanges,
    on_progress: Progress | None,
) -> int:
    """Writes every exception with its fresh fingerprint into a table that takes the old one's
    place; how many there are."""
    [(total,)] = cursor.execute("SELECT count(*) FROM store.exceptions").fetchall()
    if not total:
        return 0
    cursor.execute(_table_of_exceptions())
    done = 0
    with connection.cursor() as reader:  # a second transaction, so that it can stay at its row
        rows = reader.sql(
            "SELECT *, stacktrace_id::VARCHAR AS stack FROM store.exceptions"
        ).to_arrow_reader(ROWS_AT_ONCE)
        for batch in rows:
            old = pa.Table.from_batches([batch])
            fresh = keys.columns(old, lambda ids: _texts(connection, ids))
            _insert_fresh(cursor, changes, old, fresh)
            done += len(old)
            if on_progress is not None:
                on_progress(done, total)
        rows.close()
    cursor.execute("DROP TABLE store.exceptions")
    cursor.execute(f"ALTER TABLE store.{_FRESH} RENAME TO exceptions")
    return int(total)


def _insert_fresh(
    cursor: duckdb.DuckDBPyConnection,
    changes: KeyChanges,
    old: pa.Table,
    fresh: dict[str, pa.Array],
) -> None:
    rows = old.drop_columns(["stack", *fresh])
    for name, column in fresh.items():
        rows = rows.append_column(name, column)
    pairs = pa.table(
        {
            "old": old.column("fingerprint"),
            "old_loose": old.column("fingerprint_loose"),
            "new": fresh["fingerprint"],
            "new_loose": fresh["fingerprint_loose"],
            "source": old.column("exception_source"),
        }
    )
    cursor.register("fresh_rows", rows)
    cursor.execute(f"INSERT INTO store.{_FRESH} BY NAME FROM fresh_rows")
    cursor.unregister("fresh_rows")
    changes.note(pairs, stored=True)


def _texts(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    """The texts of these stacks, few at a time."""
    with connection.cursor() as cursor:
        reader = cursor.sql(
            "SELECT stacktrace_id::VARCHAR AS id, stacktrace FROM store.stacktraces"
            " WHERE stacktrace_id IN (SELECT unnest($ids))",
            params={"ids": [int(one) for one in ids]},
        ).to_arrow_reader(_TEXT_ROWS)
        for batch in reader:
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _table_of_exceptions() -> str:
    """The statement of the schema, with the name that the table has until it is whole."""
    for statement in duckdb.extract_statements(_SCHEMA.read_text(encoding="utf-8")):
        before, found, after = statement.query.partition("CREATE TABLE exceptions (")
        if found:
            return f"{before}CREATE TABLE store.{_FRESH} ({after}"
    raise LookupError(f"{_SCHEMA} makes no table `exceptions`.")


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield cursor
        except BaseException:
            with suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
