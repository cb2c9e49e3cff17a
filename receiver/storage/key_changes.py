"""Which key became which while stored exceptions are grouped again: a temporary table."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

# Each change once. `status`: of failed spans without an exception. `stored`: of exceptions that are
# still stored.
_TABLE = """
    CREATE OR REPLACE TEMP TABLE changed_keys (
        loose BOOLEAN, old VARCHAR, new VARCHAR, status BOOLEAN, stored BOOLEAN)"""
# What every exception of a key agrees on.
ONE_NEW_KEY = """
    (SELECT old, loose, any_value(new) AS new FROM changed_keys
    GROUP BY old, loose HAVING count(DISTINCT new) = 1)"""
_FATES = """
    WITH pairs AS (SELECT DISTINCT old, new FROM changed_keys WHERE NOT loose AND stored),
    by_old AS (SELECT old, count(*) AS parts FROM pairs GROUP BY old),
    by_new AS (SELECT new, count(*) AS parts FROM pairs GROUP BY new),
    fates AS (
        SELECT old, any_value(by_old.parts) AS parts, max(by_new.parts) AS sharing
        FROM pairs JOIN by_old USING (old) JOIN by_new USING (new)
        GROUP BY old
    )
    SELECT count(*), (SELECT count(*) FROM by_new),
        count(*) FILTER (parts = 1 AND sharing = 1),
        count(*) FILTER (parts = 1 AND sharing > 1),
        count(*) FILTER (parts > 1)
    FROM fates"""


@dataclass(frozen=True, slots=True)
class GroupFates:
    """What became of the stored strict groups: `kept` hold the same exceptions as before, `merged`
    became one with others, `split` are several now."""

    groups_before: int
    groups_after: int
    kept: int
    merged: int
    split: int


class KeyChanges:
    """The changes of one regrouping, on the cursor of its transaction."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """None yet."""
        self._cursor = cursor
        cursor.execute(_TABLE)

    def note(self, pairs: pa.Table, stored: bool) -> None:
        """Adds those of these rows: columns `old`, `old_loose`, `new`, `new_loose`, `source`."""
        of_status = "source IS NOT DISTINCT FROM 'status'"
        self._cursor.register("pairs", pairs)
        self._cursor.execute(
            f"INSERT INTO changed_keys SELECT DISTINCT *, $stored FROM ("
            f"SELECT false, old, new, {of_status} FROM pairs"
            f" UNION ALL SELECT true, old_loose, new_loose, {of_status} FROM pairs)",
            {"stored": stored},
        )
        self._cursor.unregister("pairs")

    def fates(self) -> GroupFates:
        """What became of the groups of which exceptions are stored."""
        [counts] = self._cursor.execute(_FATES).fetchall()
        return GroupFates(*map(int, counts))

    def forget(self) -> None:
        """Drops the table."""
        self._cursor.execute("DROP TABLE changed_keys")
