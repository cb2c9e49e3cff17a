"""How this process allocates memory, set once by the program that runs a receiver."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# glibc's numbers for mallopt(3), from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT_BYTES = 1 << 30
_NEW_OBJECTS = 20_000


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


@contextmanager
def sparing_started_objects() -> Iterator[None]:
    """Leaves what the process holds now out of the garbage collections of the block.

    Modules and classes live as long as the process, and there are hundreds of thousands of them.
    Groups of requests make enough short-lived objects to have all of that searched again and again,
    measured as a tenth of the CPU time of receiving. Collections come rarer, too.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
