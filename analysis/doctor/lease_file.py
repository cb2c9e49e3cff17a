"""The file that a receiver leaves beside its store for readers."""

import os
import stat
from pathlib import Path

from analysis.doctor.check import Check, failed, ok, warning
from receiver.lease import lease_path, process_lives, read_lease

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_lease(store: Path) -> Check:
    """Whether the lease is whole, its owner's alone, and of a process that lives."""
    path = lease_path(store)
    try:
        found = path.stat()
        lease = read_lease(store)
    except FileNotFoundError:
        return ok("lease", "none: no receiver holds this store")
    except OSError as error:
        step = "Run this as the user of the receiver."
        return failed("lease", f"{path} cannot be read: {error.strerror}", step)
    if found.st_mode & _OTHERS:
        step = f"Run `chmod 600 {path}` and restart the receiver, which makes a new token."
        mode = stat.S_IMODE(found.st_mode)
        return failed("lease", f"{path} has mode {mode:04o}: others can read its token", step)
    if lease is None:
        step = "Restart the receiver; if none runs, remove the file."
        return warning("lease", f"{path} is not whole", step)
    if not process_lives(lease.pid):
        step = "Nothing: readers pass it over and the next receiver replaces it."
        return warning("lease", f"left by process {lease.pid}, which is gone (killed?)", step)
    return ok("lease", f"of process {lease.pid}, readable by {_user(found.st_uid)} only")


def _user(number: int) -> str:
    return "this user" if number == os.geteuid() else f"user {number}"
