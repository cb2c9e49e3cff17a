"""Keeps decisions with their exceptions while these are grouped again."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from receiver.fingerprints.fingerprint import fingerprint
from receiver.fingerprints.rules import GroupingRules
from receiver.storage.decisions import DECISION_TABLES, EXAMPLE_COLUMNS
from receiver.storage.key_changes import ONE_NEW_KEY

_DECIDED = f"""
    SELECT d.rowid, {", ".join(f"d.{name}" for name in EXAMPLE_COLUMNS)},
        c.loose, c.status, coalesce(strict.new, loose.new) AS only
    FROM store.{{table}} AS d
    LEFT JOIN (
        SELECT old, bool_and(loose) AS loose, bool_and(status) AS status
        FROM changed_keys GROUP BY old
    ) AS c ON c.old = d.fingerprint
    LEFT JOIN {ONE_NEW_KEY} AS strict ON strict.old = d.fingerprint AND NOT strict.loose
    LEFT JOIN {ONE_NEW_KEY} AS loose ON loose.old = d.fingerprint AND loose.loose"""


@dataclass(frozen=True, slots=True)
class _Decided:
    """A stored decision: its example, and what became of the exceptions of its key.

    `loose` says which kind of key it has, None if nothing has that key any more; `only` is the one
    key that all of them have now, None if there are several.
    """

    row: int
    exception_type: str | None
    exception_message: str | None
    exception_stacktrace: str | None
    sdk_language: str | None
    loose: bool | None
    status: bool | None
    only: str | None


def move_decisions(cursor: duckdb.DuckDBPyConnection, rules: GroupingRules) -> int:
    """Gives resolutions and silences the new keys of what they were decided about.

    A decision follows its example: of a group that is split, the part that was looked at when it
    was made. Without an example it follows the exceptions of its key, if they are one group still.
    Returns how many keep the key they had because neither tells.
    """
    unknown = 0
    for table in DECISION_TABLES.values():
        decided = [
            _Decided(*row) for row in cursor.execute(_DECIDED.format(table=table)).fetchall()
        ]
        moved = [(one.row, key) for one in decided if (key := _new_key(one, rules)) is not None]
        unknown += len(decided) - len(moved)
        _update(cursor, table, moved)
    return unknown


def _new_key(decided: _Decided, rules: GroupingRules) -> str | None:
    example = (decided.exception_type, decided.exception_message, decided.exception_stacktrace)
    # A failed span is also known by where it was, which an example does not hold.
    if decided.status or not any(example):
        return decided.only
    found = fingerprint(*example, decided.sdk_language, rules)
    return found.loose if decided.loose else found.strict


def _update(cursor: duckdb.DuckDBPyConnection, table: str, moved: list[tuple[int, str]]) -> None:
    if not moved:
        return
    rows, keys = zip(*moved, strict=True)
    cursor.register("moved_keys", pa.table({"row": rows, "key": keys}))
    cursor.execute(
        f"UPDATE store.{table} AS d SET fingerprint = m.key FROM moved_keys AS m"
        " WHERE d.rowid = m.row"
    )
    cursor.unregister("moved_keys")
