"""A report with its verdict: the check, how it came about, and the moments of the incident."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from analysis.backtest.looks import FIRED
from analysis.report.contents import Report
from analysis.report.course import course_of
from analysis.report.durations import duration_buckets
from analysis.report.milestones import Milestones, stored_milestones, with_lengths
from analysis.report.questions import Questions
from analysis.report.recovery import (
    AFTER_MINUTES,
    InstanceMinute,
    ServiceMinutes,
    version_after,
)
from analysis.verdict.checking import checked
from analysis.verdict.gathering import Gathered, gather
from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.thresholds import Thresholds
from analysis.verdict.windows import time_text

_DEPLOYMENT = ("service_name", "service_version")
# An instance that starts later than this after the other versions' last traffic is a restart.
_LAST_INSTANCE_MINUTES = 2


def judged(report: Report, questions: Questions, thresholds: Thresholds) -> Report:
    """The report with everything that the check of the same deployment tells; only with the moments
    that its rows tell when there is nothing to check."""
    found = _gathered(report, questions, thresholds)
    questions.progress()
    if found is None:
        return replace(report, milestones=stored_milestones(report))
    now = datetime.fromisoformat(time_text(found.subject.until_minute))
    check = checked(found, thresholds, now)
    looks, evidence = course_of(found, check, thresholds)
    report = replace(
        report,
        check=check,
        looks=looks,
        evidence=evidence,
        durations=duration_buckets(found.tables, found.subject),
    )
    after = _after(report, questions)
    return replace(report, milestones=_milestones(report, found, after, thresholds.tolerance))


def _gathered(report: Report, questions: Questions, thresholds: Thresholds) -> Gathered | None:
    given = {k: text for k, text in questions.shared_text().items() if k not in _DEPLOYMENT}
    if report.comparison is None:
        marked_at = report.deployment.marked_at if report.deployment else None
        if marked_at is None or "since" in given:
            return None
        given.setdefault("until", _last_stored(questions, marked_at))
    return gather(questions.store, questions.name, given, thresholds)


def _last_stored(questions: Questions, marked_at: str) -> str:
    """The moment to judge a silent deployment at: not the clock's, so that the same data gives the
    same report."""
    columns = questions.store.rows("deployments").columns
    latest = next(column.values for column in columns if column.name == "last_seen")
    return max([marked_at, *(str(time) for time in latest if time is not None)])


def _after(report: Report, questions: Questions) -> list[InstanceMinute]:
    """The minutes after the candidate's window, which ends with its last traffic when another
    version served later."""
    if report.comparison is None:
        return []
    since = _moment(report.comparison.candidate_until).replace(second=0) + timedelta(minutes=1)
    until, asked = since + timedelta(minutes=AFTER_MINUTES), questions.shared["until"]
    if isinstance(asked, datetime):
        until = min(until, asked.replace(tzinfo=UTC))
    if until <= since:
        return []
    own = {
        "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "service_name": report.name.service,
    }
    return questions.find_alone("instance_minutes", InstanceMinute, **own)


def _milestones(
    report: Report, found: Gathered, after: Sequence[InstanceMinute], tolerance: float
) -> Milestones:
    moments = stored_milestones(report)
    first_minute = found.subject.first_minute
    fired = next((look for look in report.looks if look.verdict in FIRED), None)
    known = replace(
        moments,
        rollout_ended_at=_rollout_end(found),
        detected_at=time_text(first_minute + fired.minutes) if fired else None,
    )
    if known.began_at is None:
        return known
    began = int(_moment(known.began_at).timestamp()) // 60
    well = ServiceMinutes.of(found, after, tolerance).well_since(max(began, first_minute))
    if well is not None:
        version, is_other = version_after(found, after, well)
        back = (version or "") if is_other else None
        known = replace(known, mitigated_at=time_text(well), back_to_version=back)
    return with_lengths(known)


def _rollout_end(found: Gathered) -> str | None:
    """The first minute of the candidate's last instance that took over from another version."""
    subject = found.subject
    rows = MinuteRows.of(found.tables.instances, subject)
    own = rows.of_candidate()
    others = rows.in_service() & ~own & (rows.minute >= subject.first_minute)
    last = int(rows.minute[others].max()) if others.any() else subject.first_minute
    names, minutes = rows.table.filter(pa.array(own)).column("instance_id"), rows.minute[own]
    first: dict[str, int] = {}
    for name, minute in zip(names.to_pylist(), minutes, strict=True):
        if name is not None:
            first[name] = min(int(minute), first.get(name, int(minute)))
    in_time = [one for one in first.values() if one <= last + _LAST_INSTANCE_MINUTES]
    return time_text(max(in_time)) if in_time else None


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(f"{time[:19]}+00:00")
