"""The small file that a running receiver leaves beside its store, so that readers find it.

Two processes cannot open a DuckDB file when one of them writes. A reader that meets a held store
looks here for the receiver's local API and asks it instead. The file holds the API token, so only
its owner may read it.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Lease:
    """Where a running receiver listens, and the token of its local API, which `repr` hides."""

    pid: int
    api: str | None
    token: str = field(repr=False)
    grpc: str
    http: str
    started_at_unix_nano: int
    schema_version: int


def lease_path(store: Path) -> Path:
    """The file beside the store; links to the store are followed, so that all its names lead to one
    lease."""
    real = store.resolve()
    return real.with_name(real.name + ".receiver.json")


def write_lease(store: Path, lease: Lease) -> None:
    """Writes the file whole or not at all, readable by its owner only."""
    path = lease_path(store)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(lease), file)
    draft.replace(path)


def read_lease(store: Path) -> Lease | None:
    """The lease beside this store, None if there is none or it is not whole.

    Raises PermissionError if it belongs to somebody else.
    """
    try:
        return Lease(**json.loads(lease_path(store).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def process_lives(pid: int) -> bool:
    """Whether there is a process of this id; one of another user counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_lease(store: Path) -> None:
    """Removes the lease of this process; that of another is left alone."""
    lease = read_lease(store)
    if lease is not None and lease.pid == os.getpid():
        lease_path(store).unlink(missing_ok=True)
