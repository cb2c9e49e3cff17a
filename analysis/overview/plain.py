"""The overview as rows: every column of the query `deployments`, then state and verdict."""

from collections.abc import Mapping

from analysis.overview.gathering import Overview
from analysis.rows import Column, Kind, Rows
from analysis.verdict.check import Verdict


def with_states(found: Overview, verdicts: Mapping[tuple[str | None, ...], Verdict]) -> Rows:
    """The rows with two columns more; a verdict that was not asked for is None."""
    judged = [verdicts.get(one.deployment.key) for one in found.lines]
    return Rows(
        (
            *found.rows.columns,
            Column("state", Kind.TEXT, [str(one.state) for one in found.lines]),
            Column("verdict", Kind.TEXT, [None if one is None else str(one) for one in judged]),
        )
    )
