"""The fingerprints of deleted exceptions, made again from the example that is kept of each."""

import hashlib

import duckdb
import pyarrow as pa

from receiver.fingerprints.stack_text import split_message
from receiver.storage.fresh_keys import FreshKeys
from receiver.storage.key_changes import ONE_NEW_KEY, KeyChanges

_ROWS_AT_ONCE = 2_048
_EXAMPLE_KNOWN = "exception_source IS NOT NULL"
_DEPLOYMENT = "service_namespace, service_name, service_version, environment_name, deployment_id"
_COUNTS = ("first_seen_unix_nano", "last_seen_unix_nano", "sightings")
# Without an example a row goes where all others of its key went, else it keeps what it has.
_MOVED = f"""
    CREATE OR REPLACE TEMP TABLE moved_history AS
    SELECT h.* REPLACE (
        coalesce(f.fingerprint, strict.new, h.fingerprint) AS fingerprint,
        coalesce(f.fingerprint_loose, loose.new, h.fingerprint_loose) AS fingerprint_loose,
        coalesce(f.fingerprint_version, if(strict.new IS NULL, NULL, $version),
            h.fingerprint_version) AS fingerprint_version,
        if(f.row IS NULL, h.top_frame, f.top_frame) AS top_frame),
        f.row IS NULL AND strict.new IS NULL AS unknown
    FROM store.exception_history AS h
    LEFT JOIN fresh_history AS f ON f.row = h.rowid
    LEFT JOIN {ONE_NEW_KEY} AS strict ON strict.old = h.fingerprint AND NOT strict.loose
    LEFT JOIN {ONE_NEW_KEY} AS loose ON loose.old = h.fingerprint_loose AND loose.loose"""


def regroup_history(
    cursor: duckdb.DuckDBPyConnection, keys: FreshKeys, changes: KeyChanges, version: int
) -> int:
    """Makes the fingerprints of `exception_history` again; rows that are one now become one.

    Returns how many rows keep what they had, because no example and no stored exception tells what
    they are of.
    """
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE fresh_history (row BIGINT, fingerprint VARCHAR,"
        " fingerprint_loose VARCHAR, fingerprint_version INTEGER, top_frame VARCHAR)"
    )
    [(found,)] = cursor.execute("SELECT max(rowid) FROM store.exception_history").fetchall()
    last = -1 if found is None else int(found)
    for first in range(0, last + 1, _ROWS_AT_ONCE):
        rows: pa.Table = cursor.sql(
            "SELECT *, rowid AS row FROM store.exception_history"
            f" WHERE rowid BETWEEN $first AND $last AND {_EXAMPLE_KNOWN}",
            params={"first": first, "last": first + _ROWS_AT_ONCE - 1},
        ).to_arrow_table()
        if len(rows):
            _note_fresh(cursor, keys, changes, rows)
    unknown = 0
    if last >= 0:
        cursor.execute(_MOVED, {"version": version})
        cursor.execute("DELETE FROM store.exception_history")
        cursor.execute(_merged(cursor))
        counted = "SELECT count(*) FROM moved_history WHERE unknown"
        [(unknown,)] = cursor.execute(counted).fetchall()
        cursor.execute("DROP TABLE moved_history")
    cursor.execute("DROP TABLE fresh_history")
    return unknown


def _note_fresh(
    cursor: duckdb.DuckDBPyConnection, keys: FreshKeys, changes: KeyChanges, rows: pa.Table
) -> None:
    """The fresh fingerprints of rows that have an example, into `fresh_history`."""
    texts: dict[str, str] = {}
    stacks = [
        _known_by(stack, message, texts)
        for stack, message in zip(
            rows.column("exception_stacktrace").to_pylist(),
            rows.column("exception_message").to_pylist(),
            strict=True,
        )
    ]
    parts = rows.append_column("stack", pa.array(stacks, pa.string()))
    fresh = keys.columns(parts, lambda ids: [(one, texts[one]) for one in ids])
    cursor.register("fresh_rows", pa.table({"row": rows.column("row"), **fresh}))
    cursor.execute("INSERT INTO fresh_history BY NAME FROM fresh_rows")
    cursor.unregister("fresh_rows")
    pairs = {
        "old": rows.column("fingerprint"),
        "old_loose": rows.column("fingerprint_loose"),
        "new": fresh["fingerprint"],
        "new_loose": fresh["fingerprint_loose"],
        "source": rows.column("exception_source"),
    }
    changes.note(pa.table(pairs), stored=False)


def _known_by(stacktrace: str | None, message: str | None, texts: dict[str, str]) -> str | None:
    """A short name for the text of a stack without its message, noted in `texts`."""
    if not stacktrace:
        return None
    text = split_message(stacktrace, message)[0]
    name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    texts[name] = text
    return name


def _merged(cursor: duckdb.DuckDBPyConnection) -> str:
    """The statement that puts moved rows back, one for each deployment and strict fingerprint; what
    is not counted is that of the row seen last."""
    names = [row[0] for row in cursor.execute("DESCRIBE store.exception_history").fetchall()]
    place = [*_DEPLOYMENT.split(", "), "fingerprint"]
    rest = ", ".join(name for name in names if name not in (*place, *_COUNTS))
    return f"""
        INSERT INTO store.exception_history BY NAME
        SELECT {_DEPLOYMENT}, fingerprint,
            min(first_seen_unix_nano) AS first_seen_unix_nano,
            max(last_seen_unix_nano) AS last_seen_unix_nano,
            sum(sightings)::BIGINT AS sightings,
            unnest(arg_max({{{", ".join(f"{name}: {name}" for name in rest.split(", "))}}},
                (NOT unknown, coalesce(last_seen_unix_nano, 0))))
        FROM moved_history GROUP BY {_DEPLOYMENT}, fingerprint"""
