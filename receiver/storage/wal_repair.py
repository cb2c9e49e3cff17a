"""Repair of a torn write-ahead log, so that a store opens again after power was lost in the middle
of a write.

DuckDB refuses to open a WAL whose tail is torn and names the byte where the damage begins.
Everything committed before that byte is whole; what follows was never acknowledged. The damaged log
is kept beside the store.
"""

import logging
import re
import shutil
import time
from pathlib import Path

import duckdb

_LOG = logging.getLogger(__name__)
_DAMAGE = re.compile(r"Corrupt WAL file: entry at byte position (\d+)")


def repair_wal(path: Path) -> Path | None:
    """Cuts a torn WAL at the damage and returns the copy of it; None if it was sound.

    Raises OSError when there is no room for the copy; then the log is as it was.
    """
    wal = path.with_name(path.name + ".wal")
    if not wal.is_file():
        return None
    position = _damage_position(path)
    if position is None:
        return None
    kept = wal.with_name(f"{wal.name}.damaged-{time.time_ns()}")
    _copy(wal, kept)
    with wal.open("r+b") as file:
        file.truncate(position)
    _LOG.warning(
        "the write-ahead log %s was torn at byte %d of %d (power lost?); it was cut there and the"
        " damaged log kept as %s",
        wal,
        position,
        kept.stat().st_size,
        kept,
    )
    return kept


def _copy(wal: Path, kept: Path) -> None:
    """A whole copy or none: half of one would fill a disk that is full already."""
    try:
        shutil.copy2(wal, kept)
    except BaseException:
        kept.unlink(missing_ok=True)
        raise


def _damage_position(path: Path) -> int | None:
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        found = _DAMAGE.search(str(error))
        return int(found[1]) if found else None
    return None
