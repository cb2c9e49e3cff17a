"""The simulation that compares our verdict with others: their rules, and the shortcuts of ours."""

import numpy as np
import pytest

from analysis.verdict.check import Verdict
from analysis.verdict.judge import judge
from benchmarks.our_judge import (
    ACCUSING,
    FOLLOWED,
    THRESHOLDS,
    evidence_of_run,
    first_looks,
)
from benchmarks.rival_judges import (
    Looks,
    classified_high,
    fisher,
    fixed_threshold,
    hypergeometric_tail,
    mann_whitney,
)
from benchmarks.simulated_minutes import (
    HISTORY_MINUTES,
    MINUTES,
    OUTAGE_RATE,
    Scenario,
    Simulated,
    simulate,
    with_bursts,
)
from benchmarks.verdicts import judge_scenario, regressions, same_versions

WORSE = Scenario("worse", 200, 200, 0.005, 0.05)
SAME = Scenario("same", 200, 200, 0.005, 0.005)


def drawn(scenario: Scenario, runs: int = 20, seed: int = 1) -> Simulated:
    """A few runs of a scenario."""
    return simulate(scenario, runs, np.random.default_rng(seed))


def first_look(looks: Looks) -> list[int | None]:
    """The first look, from 1, of each run at which it was accused."""
    return [int(run.argmax()) + 1 if run.any() else None for run in looks]


@pytest.mark.parametrize(
    ("k1", "n1", "k0", "n0", "probability"),
    [
        (0, 10, 0, 10, 1.0),
        (3, 3, 0, 3, 1 / 20),
        (1, 1, 0, 9, 1 / 10),
        # Fisher's lady who tastes tea: 3 or more of 4 right, (16 + 1) / 70.
        (3, 4, 1, 4, 17 / 70),
        (0, 5, 4, 5, 1.0),
    ],
)
def test_hypergeometric_tail(k1: int, n1: int, k0: int, n0: int, probability: float) -> None:
    """The tail of the hypergeometric distribution is what counting by hand gives."""
    counts = [np.array([[value]]) for value in (k1, n1, k0, n0)]
    assert hypergeometric_tail(*counts)[0, 0] == pytest.approx(probability)


@pytest.mark.parametrize(
    ("candidate", "baseline", "high"),
    [
        ([0, 1, 2, 1, 0, 0], [0, 0, 0, 0, 0, 0], False),
        ([5, 5, 5, 5, 5, 5], [5, 5, 5, 5, 5, 5], False),
        ([100] * 7 + [1] * 3, [1] * 10, False),
        ([100] * 9 + [1], [1] * 10, True),
        ([1] * 10, [100] * 10, False),
        ([100], [1], False),
    ],
)
def test_mann_whitney_of_kayenta(candidate: list[int], baseline: list[int], high: bool) -> None:
    """Kayenta's judge passes sparse errors, and values of which too few are much higher."""
    values = [np.array([series], np.float64) for series in (candidate, baseline)]
    assert classified_high(*values).tolist() == [high]


def test_fixed_threshold_needs_a_thousand_requests() -> None:
    """The fixed rule never fires on fewer than 1,000 requests, however many of them fail."""
    few = drawn(Scenario("few", 15, 15, 0.005, 1.0)).all_endpoints
    assert few.candidate_trials.sum(axis=(1, 2)).max() < 1000
    assert not fixed_threshold(few).any()
    looks = fixed_threshold(drawn(WORSE).all_endpoints)
    assert {first for first in first_look(looks) if first is not None} <= {5, 6}


def test_fixed_threshold_cries_wolf() -> None:
    """Identical versions of which 2 % fail are rolled back by the fixed rule, always."""
    same = drawn(Scenario("same", 200, 200, 0.02, 0.02)).all_endpoints
    assert fixed_threshold(same).any(axis=1).all()


def test_the_other_judges_find_a_large_rise() -> None:
    """All three find 0.5 % to 5 % within ten minutes at 200 requests a minute."""
    worse = drawn(WORSE).all_endpoints
    for rival in (fixed_threshold, fisher, mann_whitney):
        assert all(first is not None and first <= 10 for first in first_look(rival(worse)))


def test_simulated_rates() -> None:
    """Failures have the rates that the scenario says, also in bursts, on the endpoint it says."""
    scenario = Scenario("one endpoint", 400, 400, 0.01, 0.2, endpoints=4)
    for one in (scenario, with_bursts(scenario, 5)):
        runs = drawn(one)
        events = runs.candidate_events.sum(axis=(0, 2))
        trials = runs.candidate_trials.sum(axis=(0, 2))
        assert events / trials == pytest.approx([0.2, 0.01, 0.01, 0.01], rel=0.3)
        rate = runs.baseline_events.sum() / runs.baseline_trials.sum()
        assert rate == pytest.approx(0.01, rel=0.2)
        assert (runs.candidate_events <= runs.candidate_trials).all()


def test_simulated_outage_hits_both() -> None:
    """An outage of ten minutes raises the failures of both versions in the same minutes."""
    runs = drawn(Scenario("outage", 500, 500, 0.0, 0.0, outage=True))
    for events, trials in (
        (runs.candidate_events, runs.candidate_trials),
        (runs.baseline_events, runs.baseline_trials),
    ):
        minutes = events[:, 0] > OUTAGE_RATE / 2 * trials[:, 0]
        assert minutes.sum(axis=1).max() == 10
    both = (runs.candidate_events > 0) == (runs.baseline_events > 0)
    assert both.all()


def test_simulated_before_and_after() -> None:
    """Against a baseline from before, minutes stand against earlier ones, the latest first."""
    runs = drawn(Scenario("before", 100, 0, 0.01, 0.01, before=True))
    assert runs.candidate_trials.shape == (20, 1, MINUTES)
    assert runs.history_trials.shape == (20, 1, HISTORY_MINUTES)
    assert (runs.baseline_trials == runs.history_trials[..., ::-1]).all()


@pytest.mark.parametrize(
    "scenario",
    [
        WORSE,
        Scenario("slowly", 20, 20, 0.005, 0.03),
        Scenario("before", 200, 0, 0.005, 0.01, before=True),
        with_bursts(Scenario("bursts", 20, 380, 0.1, 0.1), 10),
        Scenario("endpoint", 60, 60, 0.005, 0.5, endpoints=3),
    ],
    ids=lambda scenario: scenario.name,
)
def test_looks_left_out_accuse_of_nothing(scenario: Scenario) -> None:
    """The looks that are judged give the same first accusations as judging every look."""
    random = np.random.default_rng(3)
    runs = drawn(scenario, runs=2, seed=5)
    for run in range(2):
        evidence = evidence_of_run(runs, run, random)
        every: dict[Verdict, int] = {}
        for look in range(1, MINUTES + 1):
            verdict = judge(evidence.until(look), THRESHOLDS).verdict
            if verdict in FOLLOWED:
                every.setdefault(verdict, look)
            if verdict in ACCUSING:
                break
        assert first_looks(evidence, ACCUSING) == every


def test_figures_of_a_scenario() -> None:
    """Ours finds a large rise within minutes, calls nothing healthy before, and accuses no
    identical version; the same seed gives the same figures."""
    worse = judge_scenario(WORSE, 6, (1, 2))
    assert worse.found.share == 1
    assert worse.found.minutes_median is not None
    assert worse.found.minutes_median <= 6
    assert worse.ours.healthy_too_soon == 0
    same = judge_scenario(SAME, 6, (1, 2))
    assert same.ours.roll_back == same.ours.fix_forward == 0
    assert same == judge_scenario(SAME, 6, (1, 2))


def test_scenarios() -> None:
    """Every way to deploy comes with each rate, alone and in bursts; names and rates tell apart."""
    same, worse = same_versions(), regressions()
    assert len(same) == 48
    assert all(one.identical for one in same)
    assert not any(one.identical for one in worse)
    keys = [(one.name, one.baseline_rate, one.candidate_rate) for one in (*same, *worse)]
    assert len(set(keys)) == len(keys)
