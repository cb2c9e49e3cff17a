"""The rules of the verdict, on counts that are written down here."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signatures.matching import SignatureMatch
from analysis.verdict.check import ExceptionState, Origin, Verdict
from analysis.verdict.counts import Counts, added
from analysis.verdict.evidence import Evidence, Instances
from analysis.verdict.health import health_of
from analysis.verdict.judge import RULES, judge
from analysis.verdict.minute_rows import paired
from analysis.verdict.participation import participation_of
from analysis.verdict.strength import combined, combined_log_e, kinds_of, strata_log_e
from analysis.verdict.subject import Place, Subject
from analysis.verdict.thresholds import Thresholds

LIMITS = Thresholds()


def counts(minutes: int, failed: float, old_failed: float, requests: int = 200) -> Counts:
    """The same numbers of failures every minute, of both versions; before, those of the old one."""
    each = [np.full(minutes, n, np.int64) for n in (failed, requests, old_failed, requests)]
    before = [np.full(60, n, np.int64) for n in (old_failed, requests)]
    return Counts(*each, *before)


def evidence(own: Counts, **more: object) -> Evidence:
    """Evidence of one endpoint, with a baseline beside it."""
    minutes = len(own.candidate_trials)
    fields: dict[str, object] = {
        "first_minute": 29_000_000,
        "minutes": minutes,
        "side_by_side": True,
        "has_baseline": True,
        "own": {"GET /": own},
        "elsewhere": counts(minutes, 0, 0),
        "service": "checkout",
        "version": "2",
        **more,
    }
    return Evidence(**fields)  # type: ignore[arg-type]  # each test says which fields


def verdict(own: Counts, **more: object) -> Verdict:
    """The verdict on them."""
    return judge(evidence(own, **more), LIMITS).verdict


def new_exception(count: int, probability: float) -> ExceptionState:
    """An exception in state `new`."""
    return ExceptionState("KeyError", "x", "f" * 16, "new", count, None, "a.b", probability)


def raised(
    count: int, probability: float, failures: int, service: str = "checkout"
) -> dict[str, object]:
    """A new exception, and failing requests of 160 that start with it in a service."""
    origins = Origin(service, "2", "GET /", "KeyError", failures / 160, failures)
    return {"exceptions": (new_exception(count, probability),), "origins": (origins,)}


def effect(name: str) -> SignatureMatch:
    """A known cause that changes the verdict."""
    return SignatureMatch("a", "A cause", "high", "seen", "look", "act", name, 1.0)


def test_rules_in_order() -> None:
    """Ten failures a minute where one was usual: proven after some minutes, not in the first."""
    assert verdict(counts(1, 10, 1)) is not Verdict.ROLL_BACK
    assert verdict(counts(6, 10, 1)) is Verdict.ROLL_BACK
    assert verdict(counts(6, 1, 1)) is Verdict.NOT_ENOUGH_DATA
    assert verdict(counts(60, 1, 1)) is Verdict.HEALTHY


def test_size_decides_too() -> None:
    """A rise that is proven but below the floor is held, never rolled back."""
    found = judge(evidence(counts(120, 30, 22, requests=4000)), LIMITS)
    assert found.assessment.proven("failures")
    assert found.verdict in (Verdict.HOLD, Verdict.HEALTHY)
    strict = judge(evidence(counts(120, 30, 22, requests=4000)), Thresholds(
        difference_min=0.001, ratio_min=1.2
    ))  # fmt: skip
    assert strict.verdict is Verdict.ROLL_BACK
    assert {"alpha", "difference_min", "ratio_min"} <= set(strict.decided_by)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Verdict.ROLL_BACK),
        ({"irreversible": True}, Verdict.FIX_FORWARD),
        ({"signatures": (effect("fix_forward"),)}, Verdict.FIX_FORWARD),
        ({"signatures": (effect("hold"),)}, Verdict.HOLD),
        ({"signatures": (effect("ignore"),)}, Verdict.HOLD),
        ({"signatures": (effect("roll_back"),)}, Verdict.ROLL_BACK),
        ({"signatures": (effect("fix_forward"), effect("hold"))}, Verdict.FIX_FORWARD),
        ({"side_by_side": False}, Verdict.HOLD),
        ({"side_by_side": False, **raised(80, 1e-9, 160)}, Verdict.ROLL_BACK),
        ({"side_by_side": False, **raised(80, 0.2, 160)}, Verdict.HOLD),
        ({"side_by_side": False, **raised(80, 1e-9, 3)}, Verdict.HOLD),
        ({"side_by_side": False, **raised(80, 1e-9, 160, "payment")}, Verdict.HOLD),
        ({"has_baseline": False}, Verdict.HOLD),
        ({"sampling_differs": True}, Verdict.NOT_ENOUGH_DATA),
    ],
)
def test_what_changes_a_red(more: dict[str, object], expected: Verdict) -> None:
    """A proven regression is rolled back unless something speaks for another way."""
    assert verdict(counts(10, 16, 1), **more) is expected


def test_began_before() -> None:
    """Failures that rose before the deployment's first traffic are not this deployment's."""
    before = np.concatenate([np.full(50, 1), np.full(10, 16)]).astype(np.int64)
    now = np.full((1, 10), 16, np.int64)
    instances = Instances(before, np.full(60, 200), now, np.full((1, 10), 200))
    alone = evidence(counts(10, 16, 1), instances=instances, side_by_side=False)
    found = judge(alone, LIMITS)
    assert found.verdict is Verdict.NOT_THIS_DEPLOYMENT
    assert found.assessment.onset.relation == "before"
    unsure = judge(replace(alone, clock_skew_s=180.0), LIMITS)
    assert unsure.verdict is Verdict.HOLD
    # What differs between versions in the same minutes is the version's, whatever was before.
    assert judge(replace(alone, side_by_side=True), LIMITS).verdict is Verdict.ROLL_BACK


def test_staggered_instances() -> None:
    """Instances that start one after the other and fail from their own first minute began at the
    roll-out, not after it."""
    trials, events = np.zeros((4, 40), np.int64), np.zeros((4, 40), np.int64)
    for row in range(4):
        trials[row, 10 * row :], events[row, 10 * row :] = 50, 3
    instances = Instances(np.full(60, 1), np.full(60, 200), events, trials)
    found = judge(evidence(counts(40, 8, 1), instances=instances), LIMITS)
    assert found.assessment.onset.relation == "at"


def test_a_new_exception_is_no_health() -> None:
    """What would be healthy is held when an exception is significantly new."""
    assert verdict(counts(60, 1, 1), exceptions=(new_exception(5, 0.001),)) is Verdict.HOLD
    assert verdict(counts(60, 1, 1), exceptions=(new_exception(1, 0.001),)) is Verdict.HEALTHY
    assert verdict(counts(60, 1, 1), exceptions=(new_exception(5, 0.4),)) is Verdict.HEALTHY


def test_bursts_are_believed_less() -> None:
    """Ten failures at once are one event: what alternates between 0 and 20 proves nothing yet."""
    bursts = np.tile([0, 0, 0, 20], 3).astype(np.int64)
    before = np.tile([0, 0, 0, 0, 0, 20], 10).astype(np.int64)
    trials, earlier = np.full(12, 200), np.full(60, 200)
    zero = np.zeros(12, np.int64)
    assert verdict(Counts(bursts, trials, zero, trials, before, earlier)) is not Verdict.ROLL_BACK


def test_health_without_failures_is_the_rule_of_three() -> None:
    """Without a failure on either side a tolerance of 0.5 points is shown by about 600 requests and
    a little for looking at every moment."""
    assert not health_of(counts(2, 0, 0), 0.005, 0.95).shown
    shown = next(n for n in range(1, 20) if health_of(counts(n, 0, 0), 0.005, 0.95).shown)
    assert 3 <= shown <= 6
    missing = health_of(counts(1, 0, 0), 0.005, 0.95).requests
    assert missing is not None
    assert 200 * shown * 0.5 < missing < 200 * shown * 1.5


def test_paired_minutes() -> None:
    """Each earlier minute is used once, the latest first, and five for each of the first five."""
    before = np.arange(1, 31)
    assert paired(before, 7).tolist() == [140, 115, 90, 65, 40, 5, 4]
    assert paired(before, 40).sum() == before.sum()
    assert paired(np.arange(0), 3).tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_counts_have_a_verdict(data: st.DataObject) -> None:
    """Whatever was counted, a rule decides, every number is one, and there are reasons."""
    minutes = data.draw(st.integers(1, 12))
    numbers = st.lists(st.integers(0, 300), min_size=minutes, max_size=minutes)
    trials = [np.asarray(data.draw(numbers), np.int64) for _ in range(2)]
    events = [np.minimum(np.asarray(data.draw(numbers), np.int64), one) for one in trials]
    empty = np.zeros(0, np.int64)
    own = Counts(events[0], trials[0], events[1], trials[1], empty, empty)
    more = {"unanswered": own, "traffic": own, "calls": {"a": own}, "participation": (own,)}
    seen = evidence(
        own, elsewhere=Counts.nothing(minutes), participation_all=own, earlier=own, slow=own, **more
    )
    found = judge(seen, LIMITS)
    assert found.reasons
    assert all(math.isfinite(value) for value in found.assessment.claims.values())
    assert [rule for rule in RULES if rule(found.assessment)]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 10), st.integers(0, 30), st.integers(0, 30))
def test_last_look_is_the_last_of_all_looks(minutes: int, failed: int, old_failed: int) -> None:
    """The evidence of one look is that of the same look among all."""
    own = counts(minutes, failed, old_failed)
    seen = evidence(own, unanswered=own, participation=(own, own), traffic=own, calls={"b": own})
    looks = combined_log_e(seen)
    assert looks.shape == (minutes,)
    assert combined(kinds_of(seen)) == pytest.approx(looks[-1], rel=1e-9, abs=1e-9)
    if minutes > 1:
        earlier = seen.until(minutes - 1)
        assert combined(kinds_of(earlier)) == pytest.approx(looks[-2], rel=1e-9, abs=1e-9)


def test_sum_of_counts() -> None:
    """Counts of the same minutes add up; of none there is nothing."""
    two = added([counts(3, 1, 2), counts(3, 4, 5)], 3)
    assert (two.totals.candidate_events, two.totals.baseline_events) == (15, 21)
    assert added([], 3).totals.candidate_trials == 0
    assert replace(two.totals, candidate_trials=0).candidate_rate is None


def test_unanswered_calls_alone_hold() -> None:
    """Calls that nothing answers do not tell which version did not; a version that answers nothing
    at all does."""
    refused = counts(10, 60, 0)
    assert verdict(counts(10, 1, 1), unanswered=refused) is Verdict.HOLD
    silent = evidence(counts(10, 0, 1, requests=200), unanswered=refused, side_by_side=False)
    nothing = Counts.nothing(10)
    gone = replace(silent, own={"GET /": nothing}, elsewhere=nothing)
    assert judge(gone, LIMITS).verdict is Verdict.ROLL_BACK


def test_traffic_proves_no_failures() -> None:
    """A call that is left out on purpose does not prove what failures only suggest."""
    now = [np.full(9, n, np.int64) for n in (0, 200, 200, 200)]
    fewer = Counts(now[0], now[1], now[2], now[3], np.full(60, 200), np.full(60, 200))
    found = judge(evidence(counts(9, 3, 1), calls={"payment": fewer}), LIMITS)
    kinds = found.assessment.kinds
    assert kinds.traffic is not None
    assert kinds.own is not None
    assert kinds.traffic > found.assessment.log_proven > kinds.own > found.assessment.log_growing
    assert found.verdict is Verdict.HOLD


def test_outage_of_both() -> None:
    """While the version beside it fails much more than before, the candidate has to stand out."""
    before = np.full(60, 1, np.int64), np.full(60, 200, np.int64)

    def against_before(failed: int) -> Counts:
        now = np.full(10, failed, np.int64), np.full(10, 200, np.int64)
        return Counts(*now, before[0][:10], before[1][:10], *before)

    for failed, expected in ((50, Verdict.HOLD), (150, Verdict.ROLL_BACK)):
        own = counts(10, failed, 25)
        found = verdict(own, earlier=against_before(failed), earlier_baseline=against_before(25))
        assert found is expected


def test_participation_by_endpoint() -> None:
    """Traces are compared with those of the same endpoint: another mix is no difference."""
    place = Place(None, "shop", "2", None, None)
    subject = Subject(place, 100, 103, "1", "concurrent", True, 40, 100, 100)
    rows = [
        (minute, endpoint, [f"shop@{version}"], total, failed)
        for minute in (100, 101, 102)
        for endpoint, version, total, failed in (
            ("/bad", "2", 90, 9), ("/bad", "1", 10, 1), ("/good", "2", 10, 0), ("/good", "1", 90, 0)
        )
    ]  # fmt: skip
    names = ("minute", "endpoint", "versions", "traces", "failed_traces")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    table = pa.table({"environment_name": pa.nulls(len(rows), pa.string()), **columns})
    strata, whole = participation_of(table, subject)
    assert whole is not None
    assert whole.totals.candidate_rate == pytest.approx(0.09)
    assert whole.totals.baseline_rate == pytest.approx(0.01)
    assert strata_log_e(strata) < 0.1 < strata_log_e([whole])
