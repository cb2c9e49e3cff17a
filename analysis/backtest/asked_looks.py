"""Looks at deployments of the past, asked of the store many in one question.

To plan a question takes longer than to answer it, and a backtest has hundreds.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from analysis.asking import Asking
from analysis.backtest.nanoseconds import in_nanoseconds

# More would save little, and all of them have to be answered within the time of one question.
LOOKS_AT_ONCE = 60


@dataclass(frozen=True, slots=True)
class AskedLook:
    """A deployment as of the start of a minute (since 1970, UTC): nothing later is read."""

    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    until_minute: int


def answers(store: Asking, query: str, looks: Sequence[AskedLook]) -> Iterator[pa.Table]:
    """The rows that a query over looks has for each of them, in their order; times as nanoseconds.

    Raises QueryError or StoreError.
    """
    for start in range(0, len(looks), LOOKS_AT_ONCE):
        several = looks[start : start + LOOKS_AT_ONCE]
        asked = json.dumps([_as_asked(look) for look in several], ensure_ascii=False)
        rows = in_nanoseconds(store.database.run(store.catalog[query], {"looks": asked}))
        bounds = np.searchsorted(rows.column("look").to_numpy(), np.arange(len(several) + 1))
        for first, until in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield rows.slice(first, until - first)


def _as_asked(look: AskedLook) -> dict[str, str | None]:
    """An object of the list that queries/views/68_asked_looks.sql describes."""
    until = datetime.fromtimestamp(60 * look.until_minute, UTC)
    return {
        "service_name": look.service_name,
        "service_version": look.service_version or "",
        "environment_name": look.environment_name,
        "deployment_id": look.deployment_id,
        "until": until.strftime("%Y-%m-%d %H:%M:%S"),
    }
