"""The folder of the store: may this user write there, is there room, what kind of disk is it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from analysis.doctor.check import Check, failed, ok, warning
from receiver.monitoring.health import DISK_FREE_BYTES_MIN

_FREE_BYTES_FEW = 1024**3
_NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}
)
_MEMORY = frozenset({"tmpfs", "ramfs"})
_MOUNTS = Path("/proc/self/mountinfo")


def check_store_folder(store: Path) -> Iterator[Check]:
    """Looks at the nearest folder above the store that exists; writes one empty file and removes
    it."""
    folder = _nearest(store.resolve().parent)
    yield _writable(store, folder)
    yield _room(folder)
    yield _kind(folder)


def _nearest(folder: Path) -> Path:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def _writable(store: Path, folder: Path) -> Check:
    step = "Give this user the right to write there, or name another file with --store."
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".deploylens-doctor-"):
            pass
    except OSError as error:
        return failed("store folder", f"{folder} cannot be written: {error.strerror}", step)
    if store.exists() and not os.access(store, os.R_OK | os.W_OK):
        return failed("store folder", f"{store} cannot be read and written", step)
    return ok("store folder", f"{folder} can be written")


def _room(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1024**2:,.0f} MiB free at {folder}"
    step = "Make room, or let the receiver delete old data with --retention or --max-disk."
    if free < DISK_FREE_BYTES_MIN:
        return failed("disk space", seen, step)
    return warning("disk space", seen, step) if free < _FREE_BYTES_FEW else ok("disk space", seen)


def _kind(folder: Path) -> Check:
    kind = file_system(folder)
    if kind is None:
        return ok("file system", "not known on this system")
    if kind in _NETWORK or kind.startswith("fuse."):
        step = (
            "Put the store on a local disk: locks and durable writes are not sure over a network."
        )
        return warning("file system", f"{kind}, which is on a network or not the kernel's", step)
    if kind in _MEMORY:
        step = "Put the store on a disk, if it is to outlive a restart of this host."
        return warning("file system", f"{kind}, which is memory", step)
    if kind == "overlay":
        step = "Mount a volume for the store: what is here goes with the container."
        return warning("file system", "overlay, the container's own layer", step)
    return ok("file system", kind)


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system that holds this folder, as the kernel calls it; None if not known.

    Source of the format: proc_pid_mountinfo(5). Of the mount points above the folder the longest
    counts, and of several on one point the last.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    best, kind = -1, None
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(_unescaped(before.split(" ")[4]))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split(" ")[0]
    return kind


def _unescaped(text: str) -> str:
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
