"""How often a verdict is wrong, and how soon it is right: ours beside three others, in one run.

    python -m benchmarks.verdicts [--runs 400] [--seed 1] [--only TEXT] [--cases DIR]

Simulates deployments as counts per minute and looks at each 60 times, once a minute. First come
versions that are identical: whoever rolls back is wrong. Then candidates that fail more: who finds
it, within 30 and 60 minutes, and after how many minutes in the median. Ours is the real judge,
`analysis.verdict.judge`; the others are in `benchmarks.rival_judges`. With `--cases`, recorded
faults are checked as well (`benchmarks.recorded_faults`). Prints a table, then everything as JSON.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from analysis.verdict.check import Verdict
from benchmarks.our_judge import ACCUSING, FOLLOWED, Firsts, first_verdicts
from benchmarks.rival_judges import Looks, fisher, fixed_threshold, mann_whitney
from benchmarks.simulated_minutes import Floats, Scenario, Simulated, simulate, with_bursts

PROCESSES = 2
SOON_MINUTES = 30
BURST = 10
BASE_RATES = (0.0005, 0.005, 0.02, 0.1)
RIVALS: Mapping[str, Callable[[Simulated], Looks]] = {
    "fixed": fixed_threshold,
    "fisher": fisher,
    "mann_whitney": mann_whitney,
}


@dataclass(frozen=True, slots=True)
class Found:
    """Share of runs with an accusation in any look, and within 30; the median minute of the first,
    None when fewer than half have one."""

    share: float
    share_soon: float
    minutes_median: float | None


@dataclass(frozen=True, slots=True)
class Ours:
    """Shares of runs: those in which our verdict was this at any look; those that ended with each
    verdict; and, of candidates that fail more, those called healthy at a look before that."""

    roll_back: float
    fix_forward: float
    hold: float
    at_end: Mapping[str, float]
    healthy_too_soon: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the judges said of one scenario.

    `found` is roll_back or fix_forward of ours, `warned` is hold as well.
    """

    scenario: Scenario
    ours: Ours
    found: Found
    warned: Found
    rivals: Mapping[str, Found]


def same_versions() -> list[Scenario]:
    """Identical versions, in every way of deploying, with every rate of failures."""
    shapes = [
        partial(Scenario, "50/50, 200 + 200 a minute", 200, 200),
        partial(Scenario, "canary of 5 %, 20 + 380 a minute", 20, 380),
        partial(Scenario, "rolling, 5 to 395 of 400 a minute", 200, 200, rolling=True),
        partial(Scenario, "before/after with a day's rhythm", 200, 0, before=True, rhythm=True),
        partial(Scenario, "before/after with an outage", 200, 0, before=True, outage=True),
        partial(Scenario, "50/50 with an outage of both", 200, 200, outage=True),
    ]
    independent = [
        shape(baseline_rate=rate, candidate_rate=rate) for rate in BASE_RATES for shape in shapes
    ]
    return [*independent, *(with_bursts(scenario, BURST) for scenario in independent)]


def regressions() -> list[Scenario]:
    """Candidates that fail more."""
    both = partial(Scenario, "50/50, 200 + 200 a minute", 200, 200)
    endpoint = partial(Scenario, "one endpoint of 20, 200 + 200 a minute", 200, 200, endpoints=20)
    worse = both(baseline_rate=0.005, candidate_rate=0.05)
    return [
        both(baseline_rate=0.005, candidate_rate=0.01),
        both(baseline_rate=0.005, candidate_rate=0.02),
        worse,
        with_bursts(worse, BURST),
        Scenario("50/50, 50 + 50 a minute", 50, 50, 0.0, 0.01),
        endpoint(baseline_rate=0.005, candidate_rate=0.1),
        endpoint(baseline_rate=0.005, candidate_rate=0.5),
        Scenario("canary of 5 %, 20 + 380 a minute", 20, 380, 0.005, 0.05),
        Scenario("rolling, 5 to 395 of 400 a minute", 200, 200, 0.005, 0.05, rolling=True),
        Scenario("50/50, 10 + 10 a minute", 10, 10, 0.005, 0.05),
        Scenario("50/50, 5 + 5 a minute", 5, 5, 0.005, 0.05),
        Scenario("before/after, 200 a minute", 200, 0, 0.005, 0.05, before=True),
    ]


def main() -> None:
    """Simulates, judges and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=400, help="deployments a scenario")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios that are so called")
    parser.add_argument("--cases", type=Path, metavar="DIR", help="recorded faults: *.otlp.gz")
    given = parser.parse_args()
    began_s = time.perf_counter()
    document: dict[str, object] = {"runs": given.runs, "seed": given.seed}
    scenarios = [one for one in (*same_versions(), *regressions()) if given.only in one.name]
    figures = judged(scenarios, given.runs, given.seed)
    same = [one for one in figures if one.scenario.identical]
    worse = [one for one in figures if not one.scenario.identical]
    if same:
        print(_same_table(same))
    if worse:
        print(_worse_table(worse))
    document["identical"] = [asdict(one) for one in same]
    document["regressions"] = [asdict(one) for one in worse]
    if given.cases is not None:
        from benchmarks.recorded_faults import check_cases

        cases = check_cases(given.cases)
        print(cases.table)
        document["recorded"] = asdict(cases)
    document["seconds"] = round(time.perf_counter() - began_s, 1)
    print(json.dumps(document, indent=1, allow_nan=False))


def judged(scenarios: list[Scenario], runs: int, seed: int) -> list[Figures]:
    """What everybody says of each scenario; the same for the same seed."""
    # A process that was forked would inherit locks of threads that it does not have.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        numbered = enumerate(scenarios)
        return list(
            pool.map(
                judge_scenario, *zip(*((one, runs, (seed, n)) for n, one in numbered), strict=True)
            )
        )


def judge_scenario(scenario: Scenario, runs: int, seed: tuple[int, ...]) -> Figures:
    """What everybody says of one scenario."""
    simulated = simulate(scenario, runs, np.random.default_rng((*seed, 0)))
    random = np.random.default_rng((*seed, 1))
    ours = [first_verdicts(simulated, run, random) for run in range(runs)]
    whole = simulated.all_endpoints
    rivals = {name: _found(_first(judge(whole))) for name, judge in RIVALS.items()}
    found, warned = (
        _found(np.array([one.first(verdicts) for one in ours])) for verdicts in (ACCUSING, FOLLOWED)
    )
    return Figures(scenario, _ours(ours), found, warned, rivals)


def _ours(all_firsts: list[Firsts]) -> Ours:
    def share(count: int) -> float:
        return round(count / len(all_firsts), 4)

    said = {
        verdict: share(sum(verdict in one.minutes for one in all_firsts)) for verdict in FOLLOWED
    }
    ended = {
        verdict.value: share(sum(one.last is verdict for one in all_firsts)) for verdict in Verdict
    }
    return Ours(
        said[Verdict.ROLL_BACK],
        said[Verdict.FIX_FORWARD],
        said[Verdict.HOLD],
        {name: part for name, part in ended.items() if part},
        share(sum(one.healthy_before for one in all_firsts)),
    )


def _first(looks: Looks) -> Floats:
    """The first look, in minutes from 1, at which each run was accused; infinite if at none."""
    return np.where(looks.any(axis=1), looks.argmax(axis=1) + 1.0, np.inf)


def _found(first: Floats) -> Found:
    median = float(np.quantile(first, 0.5, method="lower"))
    return Found(
        round(float(np.isfinite(first).mean()), 4),
        round(float((first <= SOON_MINUTES).mean()), 4),
        median if np.isfinite(median) else None,
    )


def _same_table(figures: list[Figures]) -> str:
    """Identical versions: the share of deployments that were accused, in percent."""
    head = ("identical versions", "fail", "roll_back", "fix_fwd", "hold", "end healthy", *RIVALS)
    rows = [
        (
            one.scenario.name,
            f"{one.scenario.baseline_rate:.2%}",
            f"{one.ours.roll_back:.1%}",
            f"{one.ours.fix_forward:.1%}",
            f"{one.ours.hold:.1%}",
            f"{one.ours.at_end.get(Verdict.HEALTHY, 0):.0%}",
            *(f"{found.share:.1%}" for found in one.rivals.values()),
        )
        for one in figures
    ]
    largest = max(one.ours.roll_back for one in figures)
    worst = {name: max(one.rivals[name].share for one in figures) for name in RIVALS}
    others = ", ".join(f"{name} {share:.1%}" for name, share in worst.items())
    words = f"most false roll-backs in a scenario: ours {largest:.2%}, {others}"
    return f"{_table(head, rows)}\n{words}\n"


def _worse_table(figures: list[Figures]) -> str:
    """Regressions: share found within 60 minutes, within 30, and the median minute."""
    head = (
        "candidates that fail more",
        "failures",
        "ours",
        "ours + hold",
        *RIVALS,
        "too soon",
        "as",
    )
    rows = [
        (
            one.scenario.name,
            f"{one.scenario.baseline_rate:.1%} -> {one.scenario.candidate_rate:.0%}",
            *(_words(found) for found in (one.found, one.warned, *one.rivals.values())),
            f"{one.ours.healthy_too_soon:.1%}",
            f"roll_back {one.ours.roll_back:.0%}, fix_forward {one.ours.fix_forward:.0%}",
        )
        for one in figures
    ]
    words = "found within 60 minutes, within 30, median minute; too soon: called healthy before"
    return f"{_table(head, rows)}\n{words}\n"


def _words(found: Found) -> str:
    median = "-" if found.minutes_median is None else f"{found.minutes_median:.0f}"
    return f"{found.share:.0%} {found.share_soon:.0%} {median}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
