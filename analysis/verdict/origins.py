"""Where the candidate's failing requests start, and which other deployments were new then."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.verdict.check import Origin
from analysis.verdict.evidence import Rival
from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.windows import time_text

_ORIGINS_MAX = 20
_RIVALS_MAX = 10


def origins_of(origins: MinuteRows) -> tuple[Origin, ...]:
    """The origins of the candidate's failing requests, the largest first; equal ones by name.

    A request with two origins counts for both, so the shares may add up to more than 1.
    """
    rows = origins.table.filter(origins.of_candidate())
    if not rows.num_rows:
        return ()
    keys = ["origin_service", "origin_version", "origin_name", "exception_type"]
    grouped = rows.group_by(keys).aggregate([("failures", "sum")])
    total = max(1, sum(grouped.column("failures_sum").to_pylist()))
    found = [
        Origin(service, version, span_name, exception, failures / total, failures)
        for service, version, span_name, exception, failures in zip(
            *(grouped.column(name).to_pylist() for name in (*keys, "failures_sum")), strict=True
        )
    ]
    return tuple(sorted(found, key=_largest_first)[:_ORIGINS_MAX])


def _largest_first(origin: Origin) -> tuple[int, str, str, str, str]:
    names = origin.service, origin.version or "", origin.span_name, origin.exception_type or ""
    return (-origin.failures, *names)


def main_origin(origins: Sequence[Origin]) -> Origin | None:
    """The largest origin when those that differ only in the name of the span are one; or None."""
    together: dict[tuple[str, str | None, str | None], list[Origin]] = {}
    for one in origins:
        together.setdefault((one.service, one.version, one.exception_type), []).append(one)
    largest = max(together.values(), key=lambda group: sum(o.failures for o in group), default=[])
    if not largest:
        return None
    first, more = largest[0], len(largest) - 1
    return replace(
        first,
        span_name=f"{first.span_name} and {more} more" if more else first.span_name,
        share=sum(one.share for one in largest),
        failures=sum(one.failures for one in largest),
    )


def rivals_of(instances: MinuteRows, origins: MinuteRows) -> tuple[Rival, ...]:
    """Versions of other services that came into traffic in these windows, the latest first, with
    the candidate's failures that start in them."""
    subject = instances.subject
    here = instances.where(environment_name=subject.place.environment_name)
    chosen = here & ~instances.in_service()
    services = instances.table.filter(chosen).select(["service_name", "service_version"])
    found = []
    versions = services.group_by(["service_name", "service_version"]).aggregate([])
    several = _with_several(versions.column("service_name").to_pylist())
    for service, version in zip(
        versions.column("service_name").to_pylist(),
        versions.column("service_version").to_pylist(),
        strict=True,
    ):
        if service not in several:
            continue
        rows = here & instances.where(service_name=service, service_version=version)
        first = int(instances.minute[rows].min())
        if first > subject.history_from:
            failures = _failures_in(origins, service, version)
            found.append(Rival(service, version, time_text(first), failures))
    return tuple(sorted(found, key=lambda rival: (-rival.failures, rival.first_seen))[:_RIVALS_MAX])


def _with_several(services: list[str]) -> set[str]:
    return {service for service in services if services.count(service) > 1}


def _failures_in(origins: MinuteRows, service: str, version: str | None) -> int:
    rows = origins.of_candidate() & origins.where(origin_service=service, origin_version=version)
    return int(np.sum(origins.numbers("failures")[rows]))
