"""Small file systems of their own, for tests of full and read-only disks."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(options: str) -> Iterator[Path]:
    """A file system in memory, mounted with these options; skips the test where that may not be."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
            pytest.skip("mounting a small file system needs root; run this test as root once")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)
