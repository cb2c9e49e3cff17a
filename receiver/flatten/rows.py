"""What a group of export requests becomes: rows by table, and what was refused of each request."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receiver.flatten.columns import CodedColumn, Mask
from receiver.flatten.resources import Resource

_INT32_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RequestRows:
    """The columns that say which request brought a row, by request."""

    request_ids: npt.NDArray[np.int64]
    received_at_unix_nano: npt.NDArray[np.int64]

    def columns(self, request_rows: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
        """Those columns by record."""
        return {
            "request_id": pa.array(self.request_ids[request_rows]),
            "received_at_unix_nano": pa.array(self.received_at_unix_nano[request_rows]),
        }


@dataclass(frozen=True, slots=True)
class Rejections:
    """Records that were refused: which are kept, and by request how many were not and why."""

    kept: Mask
    counts: npt.NDArray[np.int64]
    reasons: tuple[str | None, ...]

    @property
    def none(self) -> bool:
        """Whether every record is kept."""
        return bool(self.kept.all())

    @classmethod
    def of(
        cls, checks: Mapping[str, Mask], request_rows: npt.NDArray[np.int64], request_count: int
    ) -> "Rejections":
        """Keeps the records that pass every check; a check is named by what is wrong otherwise."""
        kept = np.logical_and.reduce(list(checks.values()))
        counts = np.bincount(request_rows[~kept], minlength=request_count)
        reasons: list[str | None] = [None] * request_count
        for request in np.flatnonzero(counts):
            mine = request_rows == request
            failed = [
                f"{int((~passed[mine]).sum())} × {reason}"
                for reason, passed in checks.items()
                if not passed[mine].all()
            ]
            reasons[request] = "; ".join(failed)
        return cls(kept=kept, counts=counts, reasons=tuple(reasons))

    @classmethod
    def nothing(cls, records: int, request_count: int) -> "Rejections":
        """Every record is kept."""
        return cls(
            kept=np.ones(records, dtype=np.bool_),
            counts=np.zeros(request_count, dtype=np.int64),
            reasons=(None,) * request_count,
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows with the name of their table, the resources they refer to, and what became of each
    request."""

    tables: tuple[tuple[str, pa.Table | None], ...]
    resources: tuple[Resource, ...]
    accepted: npt.NDArray[np.int64]
    rejections: Rejections


def integers(column: CodedColumn) -> pa.Array:
    """Text as 32-bit integers; NULL where it is not one."""
    numbers = column.lookup(_integer, -1)
    known = numbers >= 0
    return pa.array(numbers, mask=~known)


def _integer(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _INT32_MAX:
        return int(text)
    return -1
