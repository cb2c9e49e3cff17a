"""Failed spans that recorded no exception, as rows of the table `exceptions`.

Of these all that is known is `error.type`, the status description, and where: the endpoint, what a
call talks to, or the span's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receiver.flatten.columns import CodedColumn, Mask, coalesce, constant, from_arrow
from receiver.flatten.endpoint import templated
from receiver.flatten.exception_groups import ExceptionGroups
from receiver.flatten.exceptions import shared_columns
from receiver.signals import Signal


@dataclass(frozen=True, slots=True)
class FailedSpans:
    """Spans as columns of text, a row each; `failed` says which failed without an exception."""

    failed: Mask
    error_type: CodedColumn
    endpoint: CodedColumn
    span_name: CodedColumn
    sdk_language: CodedColumn

    def rows(self, columns: Mapping[str, pa.Array], groups: ExceptionGroups) -> pa.Table | None:
        """Rows of `exceptions`; `columns` are those of the spans. None where no span failed so."""
        rows = np.flatnonzero(self.failed)
        if len(rows) == 0:
            return None
        taken = pa.array(rows)
        error_type = self.error_type.take(rows)
        message = from_arrow(columns["status_message"].take(taken))
        where = coalesce(
            self.endpoint.take(rows),
            from_arrow(columns["peer"].take(taken)),
            templated(self.span_name.take(rows)),
        )
        return pa.table(
            {
                **shared_columns(columns, rows),
                "time_unix_nano": pa.array(_ends(columns)[rows]),
                "signal": constant(Signal.TRACES.value, len(rows)).to_arrow(),
                "exception_source": constant("status", len(rows)).to_arrow(),
                "exception_type": error_type.to_arrow(),
                "exception_message": message.to_arrow(),
                "sdk_language": self.sdk_language.take(rows).to_arrow(),
                **groups.of_status(error_type, message, where),
            }
        )


def _ends(columns: Mapping[str, pa.Array]) -> npt.NDArray[np.int64]:
    """The end of every span, when it was known to have failed; its start where no end was sent."""
    starts: npt.NDArray[np.int64] = columns["start_time_unix_nano"].to_numpy()
    ends: npt.NDArray[np.int64] = starts + columns["duration_ns"].fill_null(0).to_numpy()
    return ends
