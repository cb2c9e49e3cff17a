"""The steps of time of a report, as a table that people read."""

from dataclasses import replace

from analysis.report.findings import Step
from analysis.report.readable_steps import readable_steps


def test_many_steps_are_joined_for_readers() -> None:
    """A table of many steps has at most forty rows, in which nothing is lost; few stay as they
    are, and among many those without failures are left out."""
    minute = Step("", "1.1", "candidate", 10, 2, 0.2, 1, 3)
    every = [
        replace(minute, step_start=f"2026-01-02T{10 + at // 60}:{at % 60:02}:00Z", side=side)
        for at in range(240)
        for side in ("baseline", "candidate")
    ]
    shown = readable_steps(every)
    assert (shown.joined_min, len(shown.steps), shown.quiet, shown.left_out) == (15, 32, 0, 0)
    for name in ("requests", "failures", "client_errors", "exceptions"):
        assert sum(getattr(one, name) for one in shown.steps) == 480 * getattr(minute, name)
    assert {(f"{one.failure_rate:.6f}", one.requests) for one in shown.steps} == {("0.200000", 150)}
    assert shown.steps[2].step_start == "2026-01-02T10:15:00Z"
    assert readable_steps(every[:15]).steps == tuple(every[:15])
    well = [replace(one, failures=0, client_errors=0, exceptions=0) for one in every]
    assert readable_steps([*every[:9], *well[9:]]).steps == tuple(every[:9])
    versions = [
        replace(minute, step_start=every[0].step_start, service_version=f"{n}") for n in range(50)
    ]
    crowded = readable_steps(versions)
    assert (len(crowded.steps), crowded.left_out) == (40, 10)
