"""What a report tells of the verdict: how it came about, and the moments of the incident."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from analysis.asking import Answering, Asking, asking
from analysis.catalog import SavedQuery
from analysis.check.asked_check import AskedCheck, ask
from analysis.deployment_name import DeploymentName
from analysis.page.other_tables import milestones
from analysis.reading_room import QUERY_TIMEOUT_S
from analysis.report.builder import STEPS_MAX, build_report
from analysis.report.contents import Report
from analysis.report.course_of_events import detection, resolution
from analysis.report.durations import BUCKETS_MAX
from analysis.report.findings import Step
from analysis.report.impact import in_all
from analysis.report.judgement import not_judged
from analysis.report.milestones import minutes_between, with_lengths, worst_step
from analysis.report.report_json import report_json
from analysis.settings import Settings
from analysis.verdict.check import Onset, Verdict
from receiver.storage.store import open_store
from tests.command_line import deploylens
from tests.rolled_back import BACK, DEPLOYED, SCENARIO, fill_rolled_back
from tests.simulated_service import Scenario, fill
from tests.test_check_verdicts import MARK


def report_of(store: Path, name: str, **given: str) -> Report:
    """The report of `SERVICE@VERSION`."""
    settings = Settings({"store": str(store)})
    service, _, version = name.partition("@")
    with asking(settings) as asked:
        return build_report(asked, DeploymentName(service, version), given, settings.thresholds)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a version that was rolled back."""
    return fill_rolled_back(tmp_path_factory.mktemp("back") / "s.duckdb")


class Recorded:
    """A store that notes what it was asked."""

    def __init__(self, store: Answering) -> None:
        self.store = store
        self.asked: list[str] = []

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query."""
        self.asked.append(f"{query.name} {sorted((parameters or {}).items())}")
        return self.store.run(query, parameters, timeout_s)


@pytest.fixture(scope="module")
def recorded(store: Path) -> tuple[Report, list[str]]:
    """Its report, and what the store was asked for that."""
    settings = Settings({"store": str(store)})
    with asking(settings) as asked:
        recorded = Recorded(asked.database)
        name = DeploymentName("checkout", "1.1")
        through = Asking(recorded, asked.catalog)  # type: ignore[arg-type]  # it is asked nothing else
        return build_report(through, name, {}, settings.thresholds), recorded.asked


@pytest.fixture(scope="module")
def back(recorded: tuple[Report, list[str]]) -> Report:
    """Its report."""
    return recorded[0]


@pytest.fixture
def well(healthy_report: Report) -> Report:
    """The report of a version that is as good as the one beside it."""
    return healthy_report


def test_the_verdict_is_that_of_the_check(store: Path, back: Report) -> None:
    """A report holds the very check that `check` answers with, but for the moment of asking."""
    settings = Settings({"store": str(store)})
    with asking(settings) as asked:
        check = ask(asked, AskedCheck("checkout@1.1"), settings.thresholds, datetime.now(UTC))
    assert back.check is not None
    assert replace(back.check, generated_at="") == replace(check, generated_at="")
    assert back.check.verdict is Verdict.ROLL_BACK


def test_how_the_verdict_became_what_it_is(back: Report) -> None:
    """The looks are those at which it changed, of which the last is the verdict's own."""
    assert back.check is not None
    verdicts = [look.verdict for look in back.looks]
    assert verdicts[-1] is back.check.verdict
    assert all(one is not other for one, other in pairwise(verdicts))
    assert [look.minutes for look in back.looks] == sorted({look.minutes for look in back.looks})


def test_the_evidence_ends_where_the_check_does(back: Report) -> None:
    """The e-process has a value for each minute, and its last is the e-value of the check."""
    assert back.check is not None
    assert back.check.failure_rate.e_value is not None
    assert len(back.evidence) == 15
    assert back.evidence[0].minute == DEPLOYED
    expected = math.log(back.check.failure_rate.e_value)
    assert back.evidence[-1].log_e_value == pytest.approx(expected, abs=1e-9)
    proven = [one for one in back.evidence if one.log_e_value >= math.log(100)]
    assert proven[0].minute < back.milestones.detected_at  # type: ignore[operator]  # it was


def test_the_moments_of_a_roll_back(back: Report) -> None:
    """When it was deployed, failed, was detected, and when the version before took over again."""
    found = back.milestones
    assert found.deployed_at is not None
    assert found.deployed_at.startswith("2026-01-02T11:00:00")
    assert (found.mitigated_at, found.back_to_version) == (BACK, "1.0")
    assert found.began_at == DEPLOYED
    assert found.mitigation_min == 15
    assert found.detection_min == minutes_between(DEPLOYED, found.detected_at)
    assert 0 < (found.detection_min or 0) <= 5
    assert 0.15 < (found.peak_failure_rate or 0) < 0.35
    assert found.first_failure_trace_id in {event.trace_id for event in back.events}


def test_the_timeline_of_a_roll_back(back: Report) -> None:
    """The timeline tells every change of the verdict, the first and last sighting, and the end."""
    told = [(event.what, event.subject) for event in back.events]
    assert ("most requests served again by", "1.0") in told
    assert ("first sighting of exception", "KeyError") in told
    assert ("last sighting of exception", "KeyError") in told
    changes = [what for what, _ in told if what.startswith("verdict: ")]
    assert len(changes) == len(back.looks)
    assert changes[-1].startswith("verdict: roll back (evidence ")
    times = [event.time[:19] for event in back.events]
    assert times == sorted(times)


def test_a_deployment_stands_before_what_it_may_have_caused(back: Report) -> None:
    """Of the same second, what is known to the minute stands behind what is known exactly."""
    told = [event.what for event in back.events]
    first = told.index("first traffic of")
    onset = next(at for at, what in enumerate(told) if what.startswith("failures rise"))
    assert back.events[first].time[:19] == back.events[onset].time[:19]
    assert first < onset


def test_times_count_from_the_rise_of_failures(back: Report) -> None:
    """Of failures that rose long after the deployment, detection is told from their rise on."""
    onset = Onset("2026-01-02T11:10:00Z", None, None, "after")
    found = with_lengths(replace(back.milestones, onset=onset, detected_at="2026-01-02T11:12:00Z"))
    late = replace(back, milestones=found)
    assert "11:12:00 UTC, 2 min 0 s after failures rose." in detection(late)
    assert "5 min 0 s after failures rose." in resolution(late)
    table = milestones(late)
    assert ("The verdict accused it", "2026-01-02 11:12, 2 min after failures rose") in table.rows
    unrisen = replace(found, onset=replace(onset, at=None))
    assert "after the first failing request" in detection(replace(back, milestones=unrisen))


def test_two_rates_are_explained(back: Report) -> None:
    """Where the verdict's rates are not those of all requests, both and the reason are told."""
    measure = back.measure("failure rate", "share")
    assert measure is not None
    assert back.check is not None
    same = replace(measure, candidate=back.check.failure_rate.candidate)
    same = replace(same, baseline=back.check.failure_rate.baseline)
    others = tuple(one for one in back.measures if one != measure)
    assert in_all(replace(back, measures=(*others, same))) == ""
    other = replace(same, candidate=0.5)
    said = in_all(replace(back, measures=(*others, other)))
    assert said.startswith(
        "The rates above count whole minutes, without the first and last seconds"
    )
    assert "of 1,800 (50 %), of the baseline" in said


def test_a_version_that_is_well_has_nothing_to_mitigate(well: Report) -> None:
    """Without failures that rose there is no onset, no detection and no end."""
    assert well.check is not None
    assert well.check.verdict is Verdict.HEALTHY
    found = well.milestones
    assert (found.began_at, found.detected_at, found.mitigated_at) == (None, None, None)
    assert (found.detection_min, found.mitigation_min) == (None, None)
    assert found.rollout_ended_at == DEPLOYED
    assert all(one.log_e_value < math.log(100) for one in well.evidence)


def test_as_of_the_moment_before_the_roll_back(store: Path) -> None:
    """What comes later than --until is not known: the failures are not over yet."""
    found = report_of(store, "checkout@1.1", until="2026-01-02T11:14:00Z").milestones
    assert found.detected_at is not None
    assert found.mitigated_at is found.back_to_version is None


def test_durations_of_both_sides(well: Report) -> None:
    """All requests that did not fail lie in few buckets, which both sides share."""
    assert well.check is not None
    bounds = {(one.low_ms, one.high_ms) for one in well.durations}
    assert 1 <= len(bounds) <= BUCKETS_MAX
    assert all(low < high for low, high in bounds)
    for side, measured in (("candidate", "candidate"), ("baseline", "baseline")):
        requests, failures = (well.measure(name, "spans") for name in ("requests", "failures"))
        assert requests is not None
        assert failures is not None
        served = getattr(requests, measured) - getattr(failures, measured)
        assert sum(one.requests for one in well.durations if one.side == side) == served


def test_the_roll_out_in_few_steps(back: Report) -> None:
    """The roll-out is told in few steps, with the share of each version."""
    steps = {step.step_start for step in back.rollout}
    assert 1 < len(steps) <= STEPS_MAX
    for start in steps:
        shares = [step.request_share or 0 for step in back.rollout if step.step_start == start]
        assert sum(shares) == pytest.approx(1)
    own = [step for step in back.rollout if step.candidate]
    assert sum(step.requests for step in own) == 15 * SCENARIO.per_minute


def test_nothing_is_asked_twice(recorded: tuple[Report, list[str]]) -> None:
    """A report asks the store each question once."""
    asked = recorded[1]
    assert len(asked) == len(set(asked)) > 20


def test_a_silent_deployment_is_judged_by_what_is_stored(tmp_path: Path) -> None:
    """A version that was marked and sent nothing has a verdict that no clock changes."""
    scenario = Scenario(minutes=10, per_minute=100, share=0.0)
    path = fill(tmp_path / "s.duckdb", scenario, MARK.format(irreversible=False, strategy=""))
    report = report_of(path, "checkout@1.1")
    assert report.comparison is None
    assert report.check is not None
    assert report.check.window is not None
    assert report.check.window.until <= "2026-01-02T11:11:00Z"
    assert report_json(report) == report_json(report_of(path, "checkout@1.1"))


def test_a_deployment_of_which_nothing_is_known_has_no_verdict(tmp_path: Path) -> None:
    """Where nothing was sent nor marked since the time asked for, no verdict is made up."""
    path = tmp_path / "s.duckdb"
    with open_store(path):
        pass
    assert deploylens("mark", "shop", "2.0", store=path).code == 0
    report = report_of(path, "shop@2.0", since="2026-01-01T00:00:00Z")
    assert report.check is None
    assert report.deployment is not None
    assert "it was marked at" in not_judged(report)
    assert not_judged(replace(report, deployment=None)).endswith(
        "nothing of it was sent or marked."
    )
    assert not any((report.looks, report.evidence, report.rollout, report.durations))


def test_the_highest_rate_is_one_of_enough_requests() -> None:
    """A step with one request that failed is not the peak of a busy service."""
    busy = Step("2026-01-02T11:00:00Z", "1.1", "candidate", 100, 5, 0.05, 0, 0)
    quiet = replace(busy, requests=1, failures=1, failure_rate=1.0)
    assert worst_step([busy, busy, busy, quiet]) == busy
    assert worst_step([replace(busy, failures=0, failure_rate=0.0)]) is None
    assert worst_step([]) is None


def test_times_between_are_never_negative() -> None:
    """An estimate may lie later than what it is held against; that is no time at all."""
    assert minutes_between("2026-01-02T11:05:00Z", "2026-01-02T11:03:00.5Z") == 0
    assert minutes_between("2026-01-02T11:00:00Z", "2026-01-02T11:07:30Z") == 7.5
    assert minutes_between(None, "2026-01-02T11:07:30Z") is None
