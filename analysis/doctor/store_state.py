"""The store itself: does it open, whose is it, is its log whole."""

from pathlib import Path

import duckdb

from analysis.doctor.check import Check, failed, ok, warning
from analysis.doctor.holder import holder_of
from receiver.storage.store import (
    SCHEMA_VERSION,
    StoreError,
    StoreLocked,
    StoreMissing,
    attach_read_only,
)


def check_store(store: Path) -> Check:
    """Opens the store for reading, which changes nothing in it."""
    try:
        with duckdb.connect() as connection:
            attach_read_only(connection, store)
    except StoreMissing:
        return ok("store", f"{store} is not there yet; `deploylens serve` creates it")
    except StoreLocked as error:
        return _held(store, error)
    except StoreError as error:
        return _unusable(error)
    except (OSError, duckdb.Error) as error:
        return failed("store", f"{store} cannot be opened: {error}", "Name another --store.")
    size = store.stat().st_size / 1024**2
    return ok("store", f"{store} opens, schema version {SCHEMA_VERSION}, {size:,.1f} MiB")


def _held(store: Path, error: StoreLocked) -> Check:
    holder = holder_of(store)
    if holder is not None and error.pid in (None, holder.lease.pid):
        return ok("store", f"{store} is held by {holder}")
    process = f"process {error.pid}" if error.pid else "another process"
    return failed(
        "store",
        f"{store} is held by {process}, which is no receiver that left a lease",
        "Stop that process: only one at a time can write a store.",
    )


def _unusable(error: StoreError) -> Check:
    seen, _, step = str(error).partition(". ")
    if "torn" in seen:
        return warning("store", seen, step or "Start `deploylens serve` once.")
    return failed("store", seen, step or "Name another file with --store.")
