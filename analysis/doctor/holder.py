"""Who holds a store or a port: a receiver, by its lease, or another program."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from receiver.lease import Lease, process_lives, read_lease

_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Holder:
    """A running receiver that left this lease."""

    lease: Lease

    def __str__(self) -> str:
        """The receiver in words."""
        began = datetime.fromtimestamp(self.lease.started_at_unix_nano / 1e9, UTC)
        return f"the receiver, process {self.lease.pid}, since {began:%Y-%m-%d %H:%M:%S} UTC"


def holder_of(store: Path) -> Holder | None:
    """The running receiver that left a lease beside the store; None without one, or if its process
    is gone, or if the lease belongs to somebody else."""
    try:
        lease = read_lease(store)
    except OSError:
        return None
    return Holder(lease) if lease is not None and process_lives(lease.pid) else None


def program_at(port: int) -> str | None:
    """The program that listens on this port, as `process 12 (nginx)`; None where that is not told.

    Linux tells it to root, and to the user of the program. Source of the format: proc_net(5).
    """
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening_sockets(table, port)}
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            links = [str(file.readlink()) for file in (process / "fd").iterdir()]
            name = (process / "comm").read_text().strip()
        except OSError:
            continue
        if any(link == f"socket:[{inode}]" for link in links for inode in inodes):
            return f"process {process.name} ({name})"
    return None


def _listening_sockets(table: str, port: int) -> list[str]:
    try:
        lines = Path("/proc/net", table).read_text().splitlines()[1:]
    except OSError:
        return []
    found = []
    for line in lines:
        columns = line.split()
        if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
            found.append(columns[9])
    return found
