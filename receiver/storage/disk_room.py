"""How much of the disk a store may take, and how much of that is left.

The file of a store does not shrink when rows are deleted: their blocks are used again. So the file
stays below a limit when its used blocks do. What is kept free beside them is for the write-ahead
log, and for what arrives before a deletion has made room.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from receiver.storage.store import CHECKPOINT_BYTES


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes on disk: the file, of it the blocks in use, and the write-ahead log."""

    file: int
    used: int
    log: int

    @property
    def total(self) -> int:
        """What the store takes on the disk."""
        return self.file + self.log


@dataclass(frozen=True, slots=True)
class DiskLimit:
    """The limit of file and log together, in bytes, and how it is shared out."""

    total_max: int

    @property
    def checkpoint(self) -> int:
        """At this size the log is written into the file."""
        return min(CHECKPOINT_BYTES, self.total_max // 16)

    @property
    def file_max(self) -> int:
        """The most that the file may have; the rest is for the log, which may pass the size of a
        checkpoint by that of one group."""
        return self.total_max - 2 * self.checkpoint

    @property
    def reserve(self) -> int:
        """Rows are deleted when less than this is left in the file."""
        return self.total_max // 8

    @property
    def step(self) -> int:
        """How much more than the reserve a deletion frees, so that it is worth its checkpoint."""
        return self.total_max // 32

    @property
    def ledger_max(self) -> int:
        """The most that the ledger may take for requests whose rows are gone."""
        return self.total_max // 8

    def left(self, use: DiskUse) -> int:
        """The bytes that may still be written into the file."""
        return self.file_max - use.used


def disk_use(connection: duckdb.DuckDBPyConnection, path: Path) -> DiskUse:
    """What the attached store takes now; raises duckdb.Error or OSError."""
    cursor = connection.cursor()
    try:
        row = cursor.execute(
            "SELECT block_size * used_blocks FROM pragma_database_size()"
            " WHERE database_name = 'store'"
        ).fetchone()
    finally:
        cursor.close()
    return DiskUse(file=path.stat().st_size, used=int(row[0]) if row else 0, log=log_bytes(path))


def log_bytes(path: Path) -> int:
    """The size of the write-ahead log of a store; 0 without one."""
    try:
        return path.with_name(path.name + ".wal").stat().st_size
    except FileNotFoundError:
        return 0


def checkpoint_bytes(disk_bytes_max: int | None) -> int:
    """At which size the write-ahead log of a store with this limit is written into the file."""
    return CHECKPOINT_BYTES if disk_bytes_max is None else DiskLimit(disk_bytes_max).checkpoint
