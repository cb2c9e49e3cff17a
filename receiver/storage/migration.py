"""Brings the tables of an older store to the present schema, keeping every row.

Version 1 lacked the tables of retention. Versions 1 and 2 kept the text of every stack in its
exception; since version 3 every distinct text is kept once, without the message. Version 3 lacked
the tables of announcements. Rows are moved a few thousand at a time, so that memory
stays bounded, in the one transaction of whoever opens the store.
"""

import duckdb
import pyarrow as pa

from receiver.flatten.stacks import StackReader, Stacks

MIGRATED_VERSIONS = (1, 2, 3)
GROUPING_SINCE = 3  # the first version that says what its fingerprints were made with
# Tables that have other columns than before this version.
_CHANGED = {"exceptions": 3, "exception_history": 3}
_ROWS_AT_ONCE = 8_192
_STACKS = """
    SELECT rowid AS place, exception_message AS message, exception_stacktrace AS text
    FROM old_exceptions WHERE rowid BETWEEN $first AND $last"""
_STORE_TEXTS = (
    "INSERT INTO stacktraces"
    " SELECT unnest($ids::UBIGINT[]) AS stacktrace_id, unnest($texts::VARCHAR[]) AS stacktrace"
)
_MOVE = """
    INSERT INTO exceptions BY NAME
    SELECT o.* EXCLUDE (exception_stacktrace), m.stacktrace_id, m.message_at,
        CASE o.signal WHEN 'logs' THEN 'log' ELSE 'event' END AS exception_source
    FROM old_exceptions AS o JOIN moved AS m ON o.rowid = m.place
    WHERE o.rowid BETWEEN $first AND $last
    ORDER BY m.place"""
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'store'"


class Migration:
    """The old tables of a store that is brought up to date, none if it is new.

    `kept` are the tables that stay as they are. Those that change get another name until
    `move_rows` has emptied them into the new ones.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, found: int | None) -> None:
        """Sets the tables that change aside; the store is the default catalog. `found` is its
        version, None for a new one."""
        self._connection = connection
        self._stored: set[int] = set()  # ids of texts
        there = {name for (name,) in connection.execute(_TABLES).fetchall()}
        self._changed = [
            table
            for table, since in _CHANGED.items()
            if table in there and found is not None and found < since
        ]
        self.kept = frozenset(there.difference(self._changed))
        for table in self._changed:
            connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")

    def move_rows(self) -> None:
        """Moves the rows of the old tables into the new ones."""
        for table in self._changed:
            if table == "exceptions":
                self._move_exceptions()
            else:
                self._connection.execute(f"INSERT INTO {table} BY NAME FROM old_{table}")
            self._connection.execute(f"DROP TABLE old_{table}")

    def _move_exceptions(self) -> None:
        """Cuts the message out of every stack and stores each text that remains once."""
        reader = StackReader()
        [(last,)] = self._connection.execute("SELECT max(rowid) FROM old_exceptions").fetchall()
        for first in range(0, 0 if last is None else last + 1, _ROWS_AT_ONCE):
            span = {"first": first, "last": first + _ROWS_AT_ONCE - 1}
            old = self._connection.sql(_STACKS, params=span).to_arrow_table()
            texts, messages = (old.column(name).to_pylist() for name in ("text", "message"))
            stacks = reader.read(texts, messages)
            self._store_texts(stacks)
            # DuckDB holds on to what is registered until the transaction ends: only numbers here,
            # copied, for a column keeps all of its table.
            places = pa.array(old.column("place").to_numpy().copy())
            self._connection.register("moved", pa.table({"place": places, **stacks.columns()}))
            self._connection.execute(_MOVE, span)
            self._connection.unregister("moved")

    def _store_texts(self, stacks: Stacks) -> None:
        columns = stacks.table().to_pydict()
        ids, texts = columns["stacktrace_id"], columns["stacktrace"]
        fresh = [place for place, one in enumerate(ids) if one not in self._stored]
        if fresh:
            self._stored.update(ids[place] for place in fresh)
            values = {"ids": [ids[n] for n in fresh], "texts": [texts[n] for n in fresh]}
            self._connection.execute(_STORE_TEXTS, values)
