"""`deploylens backtest`: the verdict on deployments of the past, as it would have been."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analysis.asking import Asking, asking
from analysis.backtest.asked_looks import AskedLook, answers
from analysis.backtest.history import Backtest, replay_stored
from analysis.backtest.looks import changes, fireable, growing, harm_log_e
from analysis.backtest.nanoseconds import in_nanoseconds
from analysis.backtest.outcome import Outcome, Said
from analysis.backtest.past_deployment import Wanted
from analysis.backtest.past_minutes import stretches
from analysis.backtest.replay import Look, Replayed, judged_by_counts, looks_of
from analysis.backtest.shown import backtest_json, backtest_rows
from analysis.backtest.summary import summary_of, summary_words
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed, UsageRefused
from analysis.formats.csv_rows import csv_lines
from analysis.formats.markdown_rows import markdown_lines
from analysis.query_error import QueryError
from analysis.settings import Settings
from analysis.verdict.check import Verdict
from analysis.verdict.checking import check_deployment
from analysis.verdict.judge import judge
from analysis.verdict.subject import Place, Subject
from analysis.verdict.thresholds import Thresholds
from benchmarks.our_judge import evidence_of_run
from benchmarks.past_deployments import Past, fill_past
from benchmarks.simulated_minutes import Scenario, simulate
from tests.command_line import deploylens
from tests.shop import fill_shop

HEALTHY, HOLD, ROLL_BACK = Verdict.HEALTHY, Verdict.HOLD, Verdict.ROLL_BACK
TOO_LITTLE, FIX_FORWARD = Verdict.NOT_ENOUGH_DATA, Verdict.FIX_FORWARD
# Of its two services and two versions each, version 2 of service-01 is bad.
PAST = Past(services=2, versions=2, requests_per_minute=60, bad_every=3, seed=1)


@pytest.fixture(scope="module")
def past_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four deployments, one of which fails ten times as often."""
    store = tmp_path_factory.mktemp("past") / "past.duckdb"
    fill_past(store, PAST)
    return store


@pytest.fixture
def past(past_store: Path) -> Iterator[Asking]:
    """The same, open."""
    with asking(Settings({"store": str(past_store)})) as store:
        yield store


@pytest.fixture(scope="module")
def backtest(past_store: Path) -> Backtest:
    """All of it, replayed."""
    with asking(Settings({"store": str(past_store)})) as store:
        return replay_stored(store, Wanted(), lambda _service: Thresholds())


def subject(first: int, until: int) -> Subject:
    """A subject with an hour of history."""
    place = Place(None, "shop", "2", None, None)
    return Subject(place, first, until, "1", "concurrent", True, first - 60, first, first)


def replayed(outcome: Outcome | None, *looks: tuple[int, Verdict]) -> Replayed:
    """A replay with these changes of the verdict."""
    seen = tuple(Look(minutes, verdict, ()) for minutes, verdict in looks)
    return Replayed(subject(60, 120), 100, seen, outcome)


def test_bad_deployment_fires(backtest: Backtest) -> None:
    """Of four versions the one that fails more would have been rolled back, and no other."""
    fired = {
        (one.subject.place.service_name, one.subject.place.service_version): one.fired_after_min
        for one in backtest.replayed
    }
    assert set(fired) == {(f"service-0{n}", f"{v}") for n in (0, 1) for v in (1, 2)}
    minutes = fired.pop(("service-01", "2"))
    assert minutes is not None
    assert minutes <= 40
    assert set(fired.values()) == {None}
    assert backtest.summary.bad == 1
    assert backtest.summary.good == 3
    assert backtest.summary.misses == backtest.summary.false_alarms == 0


def test_verdict_is_what_check_says_at_that_moment(past: Asking, backtest: Backtest) -> None:
    """`check --at` fires where the backtest does, give or take two minutes: it compares traces
    endpoint by endpoint, and knows less of what was under way."""
    bad = next(one for one in backtest.replayed if one.outcome is Outcome.BAD)
    fired = bad.fired
    assert fired is not None
    said = {}
    for minutes in range(fired.minutes - 3, fired.minutes + 3):
        until = datetime.fromtimestamp(60 * (bad.subject.first_minute + minutes), UTC)
        asked = {"until": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        name = DeploymentName("service-01", "2")
        check = check_deployment(past, name, asked, lambda _service: Thresholds(), datetime.now)
        said[minutes] = check.verdict
    firing = [minutes for minutes, verdict in said.items() if verdict is fired.verdict]
    assert said[fired.minutes - 3] is Verdict.HOLD
    assert abs(firing[0] - fired.minutes) <= 2


def test_no_later_minute_counts(past: Asking, backtest: Backtest) -> None:
    """Knowing fewer minutes changes nothing of what was said in them."""
    bad = next(one for one in backtest.replayed if one.outcome is Outcome.BAD)
    assert bad.fired_after_min is not None
    minutes = bad.fired_after_min + 1
    shorter = replay_stored(
        past, Wanted("service-01", minutes=minutes), lambda _service: Thresholds()
    )
    again = next(one for one in shorter.replayed if one.outcome is Outcome.BAD)
    assert again.subject.minutes == minutes
    assert again.fired == bad.fired


def test_exceptions_are_those_of_the_look(tmp_path: Path) -> None:
    """A deployment with new exceptions ends as `check` ends, and begins with too little to tell."""
    with asking(Settings({"store": str(fill_shop(tmp_path / "shop.duckdb"))})) as store:
        name, thresholds = DeploymentName("checkout", "1.4.0"), Thresholds()
        done = replay_stored(store, Wanted("checkout"), lambda _service: thresholds)
        check = check_deployment(
            store, name, {}, lambda _service: thresholds, lambda: datetime.now(UTC)
        )
    one = next(one for one in done.replayed if one.subject.place.service_version == "1.4.0")
    assert one.verdict is check.verdict
    assert one.looks[0].minutes == 1
    assert one.looks[0].verdict is TOO_LITTLE
    assert done.summary.not_replayed == 1


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario("worse", 60, 60, 0.005, 0.04),
        Scenario("same", 60, 60, 0.001, 0.001),
        Scenario("before", 60, 0, 0.005, 0.03, before=True),
    ],
    ids=lambda scenario: scenario.name,
)
def test_replay_says_what_every_look_says(scenario: Scenario) -> None:
    """The looks that are judged tell when each verdict was first said as all looks would."""
    random = np.random.default_rng(2)
    evidence = evidence_of_run(simulate(scenario, 1, random), 0, random)
    thresholds = Thresholds()
    every: dict[Verdict, int] = {}
    for minutes in range(1, evidence.minutes + 1):
        every.setdefault(judge(evidence.until(minutes), thresholds).verdict, minutes)
        if set(every) & {ROLL_BACK, FIX_FORWARD}:
            break
    looks = looks_of(judged_by_counts(evidence, thresholds))
    found: dict[Verdict, int] = {}
    for look in looks:
        found.setdefault(look.verdict, look.minutes)
    assert {verdict: found[verdict] for verdict in every} == every


def test_changes_are_searched_for_by_halves() -> None:
    """Few looks are judged where nothing grows; where harm has grown, all are until one holds, and
    then those that may fire until one does."""
    said = [TOO_LITTLE] * 36 + [HEALTHY] * 24
    asked: list[int] = []

    def verdict_at(minutes: int) -> Verdict:
        asked.append(minutes)
        return said[minutes - 1]

    nowhere = np.zeros(60, np.bool_)
    assert changes(60, nowhere, nowhere, verdict_at) == [1, 37]
    assert len(asked) <= 12
    said[12:18], said[18:20], said[20:] = [HOLD] * 6, [ROLL_BACK] * 2, [HOLD] * 40
    asked.clear()
    minute = np.arange(60)
    assert changes(60, minute >= 11, minute >= 17, verdict_at) == [1, 13, 19, 21]
    assert not {14, 15, 16, 17} & set(asked)


def test_looks_that_may_fire_are_known() -> None:
    """No look fires at which evidence of harm has not grown, or is not near what proves it."""
    random, thresholds = np.random.default_rng(4), Thresholds()
    evidence = evidence_of_run(simulate(Scenario("worse", 40, 40, 0.0, 0.1), 1, random), 0, random)
    harm = harm_log_e(evidence)
    may_fire = growing(harm, thresholds) & fireable(harm, thresholds)
    fires = [
        judge(evidence.until(minutes), thresholds).verdict is ROLL_BACK for minutes in range(1, 31)
    ]
    assert any(fires)
    assert not any(fired and not near for fired, near in zip(fires, may_fire, strict=False))


def test_many_looks_are_answered_as_one_is(past: Asking) -> None:
    """The baseline and the exceptions of many looks are those that each has when asked alone."""
    first = 29_400_060
    looks = [
        AskedLook(f"service-0{service}", f"{version}", None, None, first + 120 * version - until)
        for service, version, until in ((0, 1, 60), (1, 2, 85), (0, 2, 118), (1, 1, 119), (1, 9, 1))
    ]
    compared = list(answers(past, "comparison_looks", looks))
    shown = list(answers(past, "exception_looks", looks))
    assert [rows.num_rows for rows in compared] == [1, 1, 1, 1, 0]
    for look, comparison, exceptions in zip(looks, compared, shown, strict=True):
        asked: dict[str, object] = {
            "service_name": look.service_name,
            "service_version": look.service_version,
            "until": datetime.fromtimestamp(60 * look.until_minute, UTC).replace(tzinfo=None),
        }
        for query, found in (("comparison", comparison), ("exception_groups", exceptions)):
            alone = in_nanoseconds(past.database.run(past.catalog[query], asked))
            columns = [name for name in found.column_names if name != "look"]
            assert found.select(columns).to_pylist() == alone.select(columns).to_pylist()
    assert sum(rows.num_rows for rows in shown) > 5


def test_looks_that_are_no_list_are_refused(past: Asking) -> None:
    """What is no JSON list of looks is an error, not an empty answer."""
    with pytest.raises(QueryError, match="JSON"):
        past.database.run(past.catalog["comparison_looks"], {"looks": "shop@2"})


def test_stretches_hold_every_subject() -> None:
    """Deployments of the same hours are asked about at once, up to six hours; those with another
    warm-up, or of other hours, by themselves."""
    subjects = [
        *((subject(first, first + 60), 60.0) for first in (1000, 1030, 1090, 1400)),
        (subject(1000, 1060), 30.0),
    ]
    found = list(stretches(subjects))
    assert sorted(sorted(members) for _, members in found) == [[0, 1, 2], [3], [4]]
    for stretch, members in found:
        assert all(stretch.holds(subjects[at][0]) for at in members)
        assert stretch.until_minute - stretch.first_minute <= 360


@pytest.mark.parametrize(
    ("note", "outcome"),
    [
        ("outcome=good", Outcome.GOOD),
        ("released at noon; outcome=bad, rolled back", Outcome.BAD),
        ("outcome=goodish", None),
        ("no-outcome=good", None),
        ("outcome=good, later outcome=bad", None),
        ("good", None),
        (None, None),
    ],
)
def test_outcome_in_a_note(note: str | None, outcome: Outcome | None) -> None:
    """The note of a mark says how a deployment turned out, if in so many words."""
    said = Said.of((), (), [])
    assert said.outcome(DeploymentName("shop", "2"), note) is outcome


def test_outcome_by_name() -> None:
    """A name that was given outweighs the note, bad outweighs good; an unknown one is refused."""
    one, other = DeploymentName("shop", "2"), DeploymentName("shop", "3")
    said = Said.of(["shop@2", "shop@3"], ["shop@3"], [one, other])
    assert said.outcome(one, "outcome=bad") is Outcome.GOOD
    assert said.outcome(other, None) is Outcome.BAD
    with pytest.raises(CommandFailed, match="no version '4'"):
        Said.of(["shop@4"], [], [one, other])
    with pytest.raises(UsageRefused, match="SERVICE@VERSION"):
        Said.of([], ["shop"], [one, other])


def test_summary() -> None:
    """False alarms are counted on good deployments, misses and minutes on bad ones."""
    good, bad = Outcome.GOOD, Outcome.BAD
    summary = summary_of(
        [
            replayed(good, (1, TOO_LITTLE), (20, HEALTHY)),
            replayed(good, (1, TOO_LITTLE), (9, FIX_FORWARD), (30, HEALTHY)),
            replayed(bad, (1, TOO_LITTLE), (4, HOLD), (6, ROLL_BACK)),
            replayed(bad, (1, TOO_LITTLE), (4, HOLD)),
            replayed(None, (1, ROLL_BACK)),
        ],
        not_replayed=3,
    )
    assert (summary.fired, summary.healthy, summary.not_enough_data) == (3, 2, 0)
    assert (summary.good, summary.false_alarms, summary.false_alarm_rate) == (2, 1, 0.5)
    assert summary.false_alarm_rate_high == pytest.approx(0.905, abs=0.01)
    assert (summary.bad, summary.misses, summary.fired_minutes_median) == (2, 1, 6)
    words = summary_words(summary)
    assert "Of 2 known to be good it fired on 1 (50.0%" in words
    assert "Of 2 known to be bad it missed 1." in words
    assert "3 were not replayed" in words


def test_summary_without_outcomes() -> None:
    """When nobody said what was good, nothing is claimed about false alarms."""
    summary = summary_of([replayed(None, (1, TOO_LITTLE))], 0)
    assert summary.false_alarm_rate is None
    assert "None is known to be good" in summary_words(summary)


def test_formats(backtest: Backtest) -> None:
    """Rows hold a deployment each; the JSON document has every change and the summary as well."""
    document = json.loads(backtest_json(backtest.replayed, backtest.summary, datetime.now(UTC)))
    assert list(document) == ["schema_version", "generated_at", "deployments", "summary"]
    bad = document["deployments"][-1]
    assert (bad["service_version"], bad["outcome"], bad["fired_as"]) == ("2", "bad", "roll_back")
    assert bad["looks"][0]["minutes"] == 1
    assert bad["fired_after_min"] == bad["roll_back_after_min"]
    assert " % to " in bad["reason"]
    assert document["summary"]["misses"] == 0
    rows = backtest_rows(backtest.replayed)
    as_csv = list(csv.DictReader(io.StringIO("".join(csv_lines(rows)))))
    assert [row["outcome"] for row in as_csv] == ["good", "good", "good", "bad"]
    assert "| service-01 | 2 |" in "".join(markdown_lines(rows))


def test_command(past_store: Path) -> None:
    """The command writes the rows to standard output with the summary below; in CSV it is apart.

    What was called good by name counts as good, whatever its mark says.
    """
    asked = ("backtest", "--store", past_store, "--service", "service-01", "--minutes", "30")
    table = deploylens(*asked, "--good", "service-01@2")
    assert table.code == 0
    assert "roll_back" in table.out
    assert "Of 2 known to be good it fired on 1" in table.out
    as_csv = deploylens(*asked, "--format", "csv", "--since", "2h")
    assert as_csv.out.startswith("service_name,service_version,")
    assert "0 deployments replayed" in as_csv.err


def test_command_refuses_what_is_not_stored(past_store: Path) -> None:
    """A service or a deployment that is not stored is an error that says what there is."""
    unknown = deploylens("backtest", "--store", past_store, "--service", "service-1")
    assert unknown.code == 1
    assert "service-01" in unknown.err
    wrong = deploylens("backtest", "--store", past_store, "--good", "service-01@7")
    assert wrong.code == 1
    assert "has no version '7'" in wrong.err
