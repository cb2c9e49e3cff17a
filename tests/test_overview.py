"""The screen of `deploylens deployments`: states, sparklines, verdicts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analysis.exit_code import ExitCode
from analysis.overview.age import age_text, count_text
from analysis.overview.deployment_line import (
    DeploymentRow,
    FailureMinute,
    minute_of,
    minutes_by_deployment,
)
from analysis.overview.sparkline import block, sparkline
from analysis.overview.state import State, states
from tests.command_line import deploylens
from tests.ingest import stored, trace_request
from tests.pseudo_terminal import in_terminal
from tests.shop import fill_shop

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
END = minute_of(NOW)


def deployed(
    version: str, since: str | None, until: str | None = None, environment: str = "prod"
) -> DeploymentRow:
    """A version of one service that sent something from one time of the day to another."""
    first, last = (time and f"2026-01-02T{time}:00Z" for time in (since, until or since))
    return DeploymentRow(
        service_namespace=None,
        service_name="shop",
        service_version=version,
        environment_name=environment,
        deployment_id=None,
        first_seen=first,
        last_seen=last,
        requests=10,
        failures=0,
        failure_rate=0.0,
        marked_at=None if first else "2026-01-02T11:00:00Z",
    )


def minute(version: str, ago: int, requests: int = 1, rate: float | None = 0.0) -> FailureMinute:
    """A minute, so many minutes ago, in which this version sent something."""
    return FailureMinute(
        service_namespace=None,
        service_name="shop",
        service_version=version,
        environment_name="prod",
        deployment_id=None,
        minute=END - ago,
        spans=requests,
        requests=requests,
        failures=round(requests * (rate or 0)),
        failure_rate=rate,
        last_time="2026-01-02T12:00:00Z",
    )


def state_of(rows: list[DeploymentRow], *minutes: FailureMinute) -> list[State]:
    """The states of these deployments."""
    return states(rows, minutes_by_deployment(minutes), NOW)


def test_one_version_alone_is_serving() -> None:
    """A deployment that sent something in the last five minutes serves; six are too long ago."""
    row = deployed("1", "08:00", "11:55")
    assert state_of([row], minute("1", 5)) == [State.SERVING]
    assert state_of([row], minute("1", 6)) == [State.SILENT]


def test_two_versions_at_once_are_a_roll_out() -> None:
    """Of two versions that serve at once the newer one is rolling out, the older one draining."""
    rows = [deployed("2", "11:50", "12:00"), deployed("1", "08:00", "12:00")]
    found = state_of(rows, minute("1", 0), minute("2", 0))
    assert found == [State.ROLLING_OUT, State.DRAINING]


def test_another_environment_is_no_roll_out() -> None:
    """What serves in another environment is beside nothing."""
    rows = [deployed("1", "08:00", "12:00"), deployed("2", "11:50", "12:00", "dev")]
    assert state_of(rows, minute("1", 0))[0] is State.SERVING


def test_a_newer_version_replaces() -> None:
    """A deployment that ended while a newer one served on, or before one came, was replaced."""
    cut_over = [deployed("2", "10:00", "12:00"), deployed("1", "08:00", "10:05")]
    assert state_of(cut_over, minute("2", 0)) == [State.SERVING, State.REPLACED]
    with_a_gap = [deployed("2", "11:00", "12:00"), deployed("1", "08:00", "10:05")]
    assert state_of(with_a_gap, minute("2", 0)) == [State.SERVING, State.REPLACED]


def test_an_older_version_that_takes_over_again_is_a_roll_back() -> None:
    """A deployment that ended while an older one served on was rolled back, and stays so when a
    third comes later."""
    rows = [deployed("2", "10:00", "10:20"), deployed("1", "08:00", "12:00")]
    assert state_of(rows, minute("1", 0)) == [State.ROLLED_BACK, State.SERVING]
    third = [deployed("3", "11:00", "12:00"), rows[0], deployed("1", "08:00", "11:05")]
    found = state_of(third, minute("3", 0))
    assert found == [State.SERVING, State.ROLLED_BACK, State.REPLACED]


def test_silence_is_when_nobody_took_over() -> None:
    """A deployment that sends nothing, and after which nobody sent anything, is silent."""
    rows = [deployed("2", "10:00", "11:00"), deployed("1", "08:00", "10:05")]
    assert state_of(rows) == [State.SILENT, State.REPLACED]


def test_a_mark_alone_is_marked() -> None:
    """What was marked and sent nothing takes nothing over."""
    rows = [deployed("2", None), deployed("1", "08:00", "12:00")]
    assert state_of(rows, minute("1", 0)) == [State.MARKED, State.SERVING]


def test_a_sparkline_has_a_cell_for_each_step() -> None:
    """Cells without requests are dots; the others hold the weighted rate of their minutes."""
    minutes = [minute("1", 9, 10, 0.0), minute("1", 3, 30, 0.5), minute("1", 2, 10, 0.1)]
    minutes += [minute("1", 0, 0, None), minute("1", 60, 5, 1.0)]
    assert sparkline(minutes, END, 10, 10) == "▁·····█▆··"
    assert sparkline(minutes, END, 10, 5) == "▁··█·"


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(0.0, "▁"), (0.001, "▂"), (0.005, "▂"), (0.02, "▄"), (0.05, "▅"), (0.25, "▇"), (1.0, "█")],
)
def test_blocks_have_one_scale(rate: float, expected: str) -> None:
    """A block stands for the same rates in every line; none at all is the lowest."""
    assert block(rate) == expected


def test_ages_and_counts_are_short() -> None:
    """Five letters are enough for an age and for a count."""
    assert [age_text(timedelta(seconds=s)) for s in (-5, 40, 60, 7000, 7200, 200_000)] == [
        *("0s", "40s", "1m", "116m", "2h", "2d")
    ]
    assert [count_text(n) for n in (0, 9500, 41_834, 1_958_166, 999_999)] == [
        *("0", "9,500", "41.8k", "1.96M", "1000k")
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop, which ended long ago."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_the_screen_fits(shop: Path, columns: int) -> None:
    """A line per deployment, the latest first, none wider than the terminal."""
    ended = deploylens("deployments", store=shop, environ={"COLUMNS": str(columns)})
    header, *lines = ended.out.splitlines()
    assert ended.code == ExitCode.DONE
    assert max(map(len, (header, *lines))) <= columns
    assert [line.split()[1:3] for line in lines] == [
        *(["serving", "checkout"], ["serving", "payment"]),
        *(["replaced", "checkout"], ["serving", "web"]),
    ]
    assert lines[0].endswith("roll back")
    assert "█" in lines[0]


def test_an_old_store_says_so(shop: Path) -> None:
    """States of a store that nothing feeds are those of its end, and that is said."""
    ended = deploylens("deployments", "--no-verdicts", store=shop)
    assert ended.err == "Latest stored: 2026-11-21 10:39 UTC; states are those of that moment.\n"


def test_a_store_that_is_fed_is_told_by_the_clock(tmp_path: Path) -> None:
    """What was stored this minute serves, and nothing is said of another moment."""
    start = int(datetime.now(UTC).timestamp()) * 10**9
    store = tmp_path / "s.duckdb"
    resource: dict[str, object] = {"service.name": "shop", "service.version": "1"}
    request = trace_request(resource=resource)
    for spans in request.resource_spans:
        for span in spans.scope_spans[0].spans:
            span.start_time_unix_nano, span.end_time_unix_nano = start, start + 10**6
    stored(store, request)
    ended = deploylens("deployments", "--no-verdicts", store=store)
    assert "● serving" in ended.out
    assert ended.err == ""


def test_other_formats_gain_two_columns_at_the_end(shop: Path) -> None:
    """State and verdict come last; a verdict is asked for with --verdicts only."""
    [row, *_] = json.loads(deploylens("deployments", "--format", "json", store=shop).out)
    assert list(row)[-2:] == ["state", "verdict"]
    assert (row["state"], row["verdict"]) == ("serving", None)
    asked = deploylens("deployments", "--verdicts", "--format", "jsonl", store=shop)
    assert json.loads(asked.out.splitlines()[0])["verdict"] == "roll_back"


def test_states_know_what_was_not_asked_for(shop: Path) -> None:
    """A version that another one replaced is replaced, also when only it is shown."""
    asked = ("--service", "checkout", "--until", "2026-11-21T10:15Z", "--format", "json")
    [row] = json.loads(deploylens("deployments", *asked, store=shop).out)
    assert (row["service_version"], row["state"]) == ("1.3.9", "replaced")


def test_without_verdicts_none_is_asked(shop: Path) -> None:
    """--no-verdicts leaves a dash."""
    ended = deploylens("deployments", "--no-verdicts", store=shop)
    assert all(line.endswith(" -") for line in ended.out.splitlines()[1:])


def test_a_terminal_has_colours(shop: Path) -> None:
    """In a real terminal of 80 columns nothing wraps; colour is besides glyph and word."""
    seen = in_terminal("deployments", "--store", shop, columns=80, rows=24)
    assert seen.code == ExitCode.DONE
    assert "\x1b[" in seen.out
    assert "● serving" in seen.out
