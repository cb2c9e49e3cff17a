"""The verdict on deployments that were simulated into a real store."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.asking import Asking, asking
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed
from analysis.settings import Settings
from analysis.verdict.check import Check, Gate, Verdict
from analysis.verdict.checking import check_deployment
from analysis.verdict.thresholds import Thresholds
from tests.simulated_service import Scenario, fill

NOW = datetime(2026, 1, 2, 18, 0, tzinfo=UTC)
NAME = DeploymentName("checkout", "1.1")
MARK = """
INSERT INTO store.deployment_marks BY NAME
SELECT 'checkout' AS service_name, '1.1' AS service_version, 'prod' AS environment_name,
    {irreversible} AS irreversible, '{strategy}' AS strategy,
    1767351600000000000 AS marked_at_unix_nano
"""


def check(store: Asking, thresholds: Thresholds | None = None, **given: str) -> Check:
    """The check of checkout@1.1."""
    limits = thresholds or Thresholds()
    return check_deployment(store, NAME, given, lambda _service: limits, lambda: NOW)


def checked(path: Path, scenario: Scenario, statement: str = "") -> Check:
    """The check of checkout@1.1 in a store of its own."""
    fill(path / "store.duckdb", scenario, statement)
    with asking(Settings({"store": str(path / "store.duckdb")}, {}, path)) as store:
        return check(store)


def test_broken_beside_the_old_one(tmp_path: Path) -> None:
    """A version that fails where the old one, in the same minutes, does not is rolled back, and the
    reasons say by how much, since when and where it starts."""
    found = checked(tmp_path, Scenario(minutes=10, new=0.05, new_type="NewError"))
    assert (found.verdict, found.gate) == (Verdict.ROLL_BACK, Gate.FAIL)
    assert found.baseline is not None
    assert (found.baseline.kind, found.baseline.version) == ("concurrent", "1.0")
    rate = found.failure_rate
    assert rate.candidate is not None
    assert rate.low is not None
    assert rate.e_value is not None
    assert 0.03 < rate.low < rate.candidate < 0.07
    assert rate.e_value > 1 / rate.alpha
    assert (found.onset.relation, found.onset.at) == ("at", "2026-01-02T11:00:00Z")
    origin = found.origins[0]
    assert (origin.service, origin.version, origin.exception_type) == (
        "checkout", "1.1", "NewError"
    )  # fmt: skip
    assert found.exceptions[0].state == "new"
    assert [one.kind for one in found.findings[:2]] == ["failing_service", "failing_endpoint"]
    assert found.findings[0].example_trace_ids
    assert any("Proven: its e-value is" in reason for reason in found.reasons)
    assert [one.name for one in found.thresholds] == [
        "alpha", "difference_min", "ratio_min", "confidence"
    ]  # fmt: skip


def test_healthy_and_not_yet(tmp_path: Path) -> None:
    """Two versions alike are healthy once enough was seen; before, it says how much is missing."""
    fill(tmp_path / "store.duckdb", Scenario(minutes=30))
    with asking(Settings({"store": str(tmp_path / "store.duckdb")}, {}, tmp_path)) as store:
        early = check(store, until="2026-01-02 11:05")
        late = check(store)
    assert (early.verdict, early.gate) == (Verdict.NOT_ENOUGH_DATA, Gate.WAIT)
    assert early.needed.requests is not None
    assert early.needed.minutes is not None
    assert 500 < early.needed.requests < 10_000
    assert early.needed.minutes == pytest.approx(early.needed.requests / 200, rel=0.2)
    assert (late.verdict, late.gate) == (Verdict.HEALTHY, Gate.PASS)
    assert late.needed.requests is None


def test_as_of_a_moment(tmp_path: Path) -> None:
    """A check as of a moment is that of a store which has nothing later."""
    fill(tmp_path / "all.duckdb", Scenario(minutes=12, new=0.03))
    fill(
        tmp_path / "cut.duckdb",
        Scenario(minutes=12, new=0.03),
        """DELETE FROM store.spans WHERE start_time_unix_nano >= 1767352020000000000;
        DELETE FROM store.exceptions WHERE time_unix_nano >= 1767352020000000000""",
    )
    moment = "2026-01-02 11:07"
    checks = []
    for name in ("all", "cut"):
        with asking(Settings({"store": str(tmp_path / f"{name}.duckdb")}, {}, tmp_path)) as store:
            checks.append(check(store, until=moment))
    assert checks[0] == checks[1]


def test_outage_of_both(tmp_path: Path) -> None:
    """What hits the old version as much is not this deployment."""
    found = checked(tmp_path, Scenario(new=0.08, old=0.08))
    assert (found.verdict, found.gate) == (Verdict.NOT_THIS_DEPLOYMENT, Gate.WAIT)
    assert "fails as much in the same minutes" in found.reasons[0]


def test_starts_in_another_service(tmp_path: Path) -> None:
    """Failures that start in a service that was deployed too are that one's, and it is named."""
    found = checked(tmp_path, Scenario(payment_new=0.05))
    assert found.verdict is Verdict.NOT_THIS_DEPLOYMENT
    assert "payment@3.1" in found.reasons[0]
    assert found.reasons[1].startswith("payment@3.1 was deployed at 2026-01-02T11:00:00Z")
    assert (found.origins[0].service, found.origins[0].version) == ("payment", "3.1")


@pytest.mark.parametrize(
    ("irreversible", "verdict"), [("true", Verdict.FIX_FORWARD), ("false", Verdict.ROLL_BACK)]
)
def test_irreversible(tmp_path: Path, irreversible: str, verdict: Verdict) -> None:
    """What is marked as irreversible is fixed forward, not rolled back."""
    mark = MARK.format(irreversible=irreversible, strategy="canary")
    found = checked(tmp_path, Scenario(minutes=10, new=0.05), mark)
    assert found.verdict is verdict


def test_before_and_after(tmp_path: Path) -> None:
    """Against earlier minutes alone nothing is rolled back, and a promised canary is not believed;
    a new exception of its own changes that."""
    mark = MARK.format(irreversible="false", strategy="canary")
    held = checked(tmp_path, Scenario(share=1, new=0.05), mark)
    assert (held.verdict, held.gate) == (Verdict.HOLD, Gate.WAIT)
    assert held.reasons[-1].startswith("No other version served in the same minutes (it is marked")
    assert any("marked canary" in caveat for caveat in held.caveats)
    fresh = tmp_path / "new"
    fresh.mkdir()
    found = checked(fresh, Scenario(share=1, new=0.05, new_type="NewError"))
    assert found.verdict is Verdict.ROLL_BACK
    assert any("New exception NewError at shop.pay.charge" in reason for reason in found.reasons)


def test_minor_endpoint(tmp_path: Path) -> None:
    """One endpoint with little traffic is fixed forward; with a fifth of it, it is not minor."""
    small = checked(tmp_path, Scenario(minutes=30, endpoints=30, new=0.3))
    assert small.verdict is Verdict.FIX_FORWARD
    assert [one.endpoint for one in small.findings if one.kind == "failing_endpoint"] == [
        "POST /pay/0"
    ]
    assert "minor_endpoint_share_max" in [one.name for one in small.thresholds]
    large = tmp_path / "large"
    large.mkdir()
    assert checked(large, Scenario(endpoints=5, new=0.1)).verdict is Verdict.ROLL_BACK


def test_marked_and_silent(tmp_path: Path) -> None:
    """A version that was marked and sends nothing, while calls to it reach nothing, is rolled back;
    without such calls nothing is said against it."""
    mark = MARK.format(irreversible="false", strategy="rolling")
    found = checked(tmp_path, Scenario(minutes=10, unanswered=1), mark)
    assert found.verdict is Verdict.ROLL_BACK
    assert "reach nothing that answers" in found.reasons[0]
    assert "crash_at_start" in [one.name for one in found.signatures]
    assert found.deployment.requests == 0
    quiet = tmp_path / "quiet"
    quiet.mkdir()
    waits = checked(quiet, Scenario(minutes=10, share=0), mark)
    assert waits.verdict is Verdict.NOT_ENOUGH_DATA
    assert "has not answered a request yet" in waits.reasons[0]


def test_a_marked_version_is_compared_with_the_one_that_served(tmp_path: Path) -> None:
    """What was replaced more than half an hour before the mark is no version to go back to."""
    older = """
        UPDATE store.spans SET service_version = '0.9' WHERE service_name = 'checkout'
            AND start_time_unix_nano < 1767351600000000000 - 28 * 60_000_000_000;
    """
    mark = MARK.format(irreversible="false", strategy="rolling")
    found = checked(tmp_path, Scenario(minutes=10, unanswered=1), older + mark)
    assert found.baseline is not None
    assert found.baseline.version == "1.0"


@pytest.mark.parametrize(("code", "verdict"), [(401, Verdict.ROLL_BACK), (404, Verdict.HOLD)])
def test_client_errors(tmp_path: Path, code: int, verdict: Verdict) -> None:
    """Refused logins are harm; an endpoint that is not found may be meant, so it is held."""
    found = checked(tmp_path, Scenario(minutes=10, new=0.2, code=code))
    assert found.verdict is verdict
    assert "client_error_endpoint" in [one.kind for one in found.findings]


def test_slower(tmp_path: Path) -> None:
    """A version that is much slower than the one beside it is rolled back."""
    found = checked(tmp_path, Scenario(minutes=10, slow_ms=900))
    assert found.verdict is Verdict.ROLL_BACK
    assert found.reasons[0].startswith(
        "The 99th percentile of durations of POST /pay/0 rose from 34 ms to 89"
    )
    slow = [one for one in found.findings if one.kind == "latency_regression"]
    assert slow[0].severity == "critical"


def test_calls_that_dried_up(tmp_path: Path) -> None:
    """A version that stops calling another service is held: it may be meant."""
    found = checked(tmp_path, Scenario(minutes=10, calls_payment=False))
    assert found.verdict is Verdict.HOLD
    assert found.reasons[0].startswith("It calls payment 0 times per request, where 1 were usual.")
    assert found.kinds.traffic is not None
    assert found.kinds.traffic > 10


def test_no_earlier_version(tmp_path: Path) -> None:
    """Without an earlier version nothing is judged, and that is said."""
    gone = """DELETE FROM store.spans WHERE service_version = '1.0';
    DELETE FROM store.exceptions WHERE service_version = '1.0'"""
    found = checked(tmp_path, Scenario(share=1), gone)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.baseline is None
    assert found.reasons[0].startswith("No earlier version of the service is stored")
    high = tmp_path / "high"
    high.mkdir()
    assert checked(high, Scenario(share=1, new=0.2), gone).verdict is Verdict.HOLD


def test_thresholds_decide(tmp_path: Path) -> None:
    """A threshold of the service decides, and the check names it and where it was set."""
    fill(tmp_path / "store.duckdb", Scenario(minutes=10, new=0.05))
    (tmp_path / "deploylens.toml").write_text(
        '[verdict.services."check*"]\ndifference_min = 0.2\nabsolute_max = 0.5\n'
    )
    settings = Settings({"store": str(tmp_path / "store.duckdb")}, {}, tmp_path)
    with asking(settings) as store:
        found = check(store, settings.thresholds("checkout"))
    assert found.verdict is Verdict.HOLD
    assert "proven but small" in found.reasons[0]
    used = {one.name: one for one in found.thresholds}
    assert used["difference_min"].value == 0.2
    assert "check*" in used["difference_min"].origin


def test_nothing_in_the_window(tmp_path: Path) -> None:
    """A deployment that was not there yet is an error, not an all-clear."""
    fill(tmp_path / "store.duckdb", Scenario(minutes=5))
    with (
        asking(Settings({"store": str(tmp_path / "store.duckdb")}, {}, tmp_path)) as store,
        pytest.raises(CommandFailed, match=r"nothing of checkout 1\.1 is stored before"),
    ):
        check(store, until="2026-01-02 10:30")


def test_hostile_names(tmp_path: Path) -> None:
    """Names that come from spans are made safe in every sentence."""
    evil = "pay\x1b[2J\u202e"
    rename = f"UPDATE store.spans SET endpoint = '{evil}' WHERE endpoint = 'POST /pay/0'"
    found = checked(tmp_path, Scenario(minutes=10, endpoints=5, new=0.3), rename)
    said = [*found.reasons, *found.ruled_out, *found.caveats, *(f.title for f in found.findings)]
    assert any("pay\\x1b[2J\\u202e" in one for one in said)
    assert all(one.isprintable() for one in said)


def test_clocks_that_differ(tmp_path: Path) -> None:
    """Clocks of the callers that are off are told; so are traces that have lost their beginning."""
    late = """UPDATE store.spans SET start_time_unix_nano = start_time_unix_nano + 180000000000
    WHERE service_name = 'web' AND instance_id = 'web-1'"""
    found = checked(tmp_path, Scenario(minutes=10), late)
    assert any("differ by about 180 s" in caveat for caveat in found.caveats)
    cut = tmp_path / "cut"
    cut.mkdir()
    found = checked(cut, Scenario(minutes=10), "DELETE FROM store.spans WHERE service_name = 'web'")
    assert any("the caller of 100 % of its requests is not stored" in one for one in found.caveats)


def test_quick_roll_out(tmp_path: Path) -> None:
    """What was proven while the old version still served beside it stays proven afterwards."""
    gone = """DELETE FROM store.spans WHERE service_name = 'checkout' AND service_version = '1.0'
    AND start_time_unix_nano >= 1767352020000000000"""
    found = checked(tmp_path, Scenario(minutes=20, new=0.08), gone)
    assert found.verdict is Verdict.ROLL_BACK
    assert found.reasons[1].startswith("That is from the first minutes")


def test_sampled_by_different_rules(tmp_path: Path) -> None:
    """A version that keeps failures more eagerly than the other is not compared with it."""
    sampled = """UPDATE store.spans SET adjusted_count = CASE WHEN outcome = 'ok' THEN 10 ELSE 1 END
    WHERE service_name = 'checkout' AND service_version = '1.1'"""
    found = checked(tmp_path, Scenario(minutes=10, new=0.05), sampled)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0].startswith("The two versions were sampled by different rules")
