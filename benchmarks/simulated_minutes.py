"""Deployments as counts per minute, drawn at random: identical versions, and versions that differ.

A scenario says how a deployment goes; `simulate` draws many runs of it at once. Requests arrive as
Poisson's; failures are independent, or come in bursts of as many as the scenario says.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analysis.verdict.counts import Counts

Series = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MINUTES = 60
HISTORY_MINUTES = 60
DAY_MINUTES = 1440
RHYTHM = 0.5
OUTAGE_RATE = 0.3
OUTAGE_MINUTES = 10
ROLLING_FROM, ROLLING_TO = 5, 395


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a deployment goes; rates of failures are shares of requests, traffic is per minute.

    `before`: the old version served before the candidate, not beside it. `rolling`: the candidate's
    part of 400 requests grows from 5 to 395. `rhythm`: traffic and failures rise and fall within a
    day by half, from any time of the day. `outage`: for ten minutes of the window, or just before,
    30 % of requests of all versions fail. Only the first of `endpoints` has the candidate's rate.
    """

    name: str
    candidate_per_minute: float
    baseline_per_minute: float
    baseline_rate: float
    candidate_rate: float
    burst: int = 1
    endpoints: int = 1
    before: bool = False
    rolling: bool = False
    rhythm: bool = False
    outage: bool = False

    @property
    def identical(self) -> bool:
        """Whether both versions are the same, so that any accusation is wrong."""
        return self.candidate_rate == self.baseline_rate


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Runs of a scenario: events and trials of shape (runs, endpoints, minutes).

    History is the hour before the candidate came. A baseline from before is that hour, the latest
    minute first, so that each minute stands against an earlier one.
    """

    scenario: Scenario
    candidate_events: Series
    candidate_trials: Series
    baseline_events: Series
    baseline_trials: Series
    history_events: Series
    history_trials: Series
    runs: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the runs."""
        object.__setattr__(self, "runs", len(self.candidate_events))

    def own(self, run: int) -> dict[str, Counts]:
        """One run as the counts of each endpoint."""
        return {
            f"GET /{number}": Counts(
                self.candidate_events[run, number],
                self.candidate_trials[run, number],
                self.baseline_events[run, number],
                self.baseline_trials[run, number],
                self.history_events[run, number],
                self.history_trials[run, number],
            )
            for number in range(self.scenario.endpoints)
        }

    @property
    def all_endpoints(self) -> "Simulated":
        """The same with all endpoints together as one."""
        return Simulated(
            self.scenario,
            *(
                counts.sum(axis=1, keepdims=True)
                for counts in (
                    self.candidate_events,
                    self.candidate_trials,
                    self.baseline_events,
                    self.baseline_trials,
                    self.history_events,
                    self.history_trials,
                )
            ),
        )


def simulate(scenario: Scenario, runs: int, random: np.random.Generator) -> Simulated:
    """So many runs of the scenario."""
    factor, extra = _day(scenario, runs, random), _outage(scenario, runs, random)
    before, during = slice(0, HISTORY_MINUTES), slice(HISTORY_MINUTES, None)
    candidate_per_minute, baseline_per_minute = _traffic(scenario)
    total = scenario.candidate_per_minute + scenario.baseline_per_minute
    first = np.arange(scenario.endpoints)[:, None] == 0
    rates = np.where(first, scenario.candidate_rate, scenario.baseline_rate)
    old = np.full_like(rates, scenario.baseline_rate)

    def drawn(per_minute: Floats, rates: Floats, minutes: slice) -> tuple[Series, Series]:
        load = per_minute / scenario.endpoints * factor[:, None, minutes]
        shape = (runs, scenario.endpoints, load.shape[-1])
        trials = random.poisson(np.broadcast_to(load, shape))
        shares = rates[None] * factor[:, None, minutes] + extra[:, None, minutes]
        return _failures(trials, np.minimum(shares, 1.0), scenario.burst, random), trials

    candidate = drawn(candidate_per_minute, rates, during)
    history = drawn(np.full(HISTORY_MINUTES, total), old, before)
    if scenario.before:
        baseline = history[0][..., ::-1], history[1][..., ::-1]
    else:
        baseline = drawn(baseline_per_minute, old, during)
    return Simulated(scenario, *candidate, *baseline, *history)


def with_bursts(scenario: Scenario, burst: int) -> Scenario:
    """The same scenario, its failures in bursts."""
    return replace(scenario, name=f"{scenario.name}, bursts of {burst}", burst=burst)


def _traffic(scenario: Scenario) -> tuple[Floats, Floats]:
    """Requests per minute of the candidate and of the baseline beside it, shape (minutes,)."""
    if scenario.rolling:
        candidate = np.linspace(ROLLING_FROM, ROLLING_TO, MINUTES)
        return candidate, ROLLING_FROM + ROLLING_TO - candidate
    return (
        np.full(MINUTES, float(scenario.candidate_per_minute)),
        np.full(MINUTES, float(scenario.baseline_per_minute)),
    )


def _day(scenario: Scenario, runs: int, random: np.random.Generator) -> Floats:
    """What traffic and failure rates are multiplied by: shape (runs, history and minutes)."""
    minutes = np.arange(HISTORY_MINUTES + MINUTES)
    if not scenario.rhythm:
        return np.ones((runs, minutes.size))
    start = random.uniform(0, DAY_MINUTES, (runs, 1))
    return np.asarray(1 + RHYTHM * np.sin(2 * np.pi * (start + minutes) / DAY_MINUTES))


def _outage(scenario: Scenario, runs: int, random: np.random.Generator) -> Floats:
    """What is added to the failure rate of every version: shape (runs, history and minutes)."""
    minutes = np.arange(HISTORY_MINUTES + MINUTES)
    if not scenario.outage:
        return np.zeros((runs, minutes.size))
    start = random.integers(HISTORY_MINUTES - OUTAGE_MINUTES, minutes.size, (runs, 1))
    during = (minutes >= start) & (minutes < start + OUTAGE_MINUTES)
    return np.where(during, OUTAGE_RATE, 0.0)


def _failures(trials: Series, shares: Floats, burst: int, random: np.random.Generator) -> Series:
    """How many of the trials failed: each by itself, or as many bursts as give the same mean."""
    if burst == 1:
        return random.binomial(trials, shares)
    return np.minimum(random.poisson(trials * shares / burst) * burst, trials)
