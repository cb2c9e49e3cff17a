"""How this process allocates memory, set once by the program that runs a receiver."""

import ctypes
import sys

# glibc's numbers for mallopt(3), from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT_BYTES = 1 << 30


def keep_freed_memory() -> None:
    """Keeps freed memory for the next group instead of giving it back to the system after each.

    Every group of requests needs the same tens of megabytes again. Without this the kernel clears
    those pages anew each time, measured as a quarter of the CPU time of receiving. Has an effect
    with glibc only.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_ARENA_MAX, 1)
