"""From the symptom to the deployment: a small estate, broken in each way that there is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.exit_code import ExitCode
from analysis.incident.rivals import Known, rivals_of
from analysis.verdict.subject import Place
from benchmarks.incidents import UNTIL
from benchmarks.simulated_incident import simulate
from receiver.storage.store import open_store
from tests.command_line import Ended, deploylens
from tests.red_hour import CART_MINUTE, PAY_MINUTE, RedHour, fill

AT = ("--at", "2026-01-02T12:00:00Z")
FIELDS = [
    *("schema_version", "generated_at", "window", "environment", "symptoms", "deployments"),
    *("unexplained", "caveats"),
]
ACCUSED_FIELDS = [
    *("deployment", "verdict", "rank", "log_e_value", "kinds", "share", "first_evidence_at"),
    *("reasons", "alone_log_e_value", "explained_by", "at_fault", "began_at"),
    "confounded_with",
]
HOSTILE = "pay\x1b[2J\u202e|`<script>"

# One document of the command, as a reader of its JSON sees it.
Document = dict[str, Any]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store for each way to be broken, and one in which nothing is."""
    folder = tmp_path_factory.mktemp("red")
    kinds = ("own", "crash", "elsewhere", "traffic", "none")
    return {
        kind: fill(folder / f"{kind}.duckdb", RedHour("" if kind == "none" else kind))
        for kind in kinds
    }


def asked(store: Path, *options: str) -> Document:
    """What the command says of the last of the two hours, as JSON."""
    ended = deploylens("incident", *AT, *options, "--format", "json", store=store)
    assert ended.code == ExitCode.DONE, ended.err
    return dict(json.loads(ended.out))


@pytest.mark.parametrize(
    ("kind", "culprit", "spoke"),
    [
        ("own", "pay", "own"),
        ("crash", "pay", "unanswered"),
        ("elsewhere", "cart", "participation"),
        ("traffic", "cart", "traffic"),
    ],
)
def test_the_defective_one_stands_accused(
    stores: dict[str, Path], kind: str, culprit: str, spoke: str
) -> None:
    """It comes first, by the kind of evidence that its defect leaves; the other is not at fault and
    not to be rolled back."""
    first, second = asked(stores[kind])["deployments"]
    assert first["deployment"]["service"] == culprit
    assert first["deployment"]["version"] == "2"
    assert first["at_fault"]
    assert first["kinds"][spoke] > 4.6
    assert not second["at_fault"]
    assert second["verdict"] not in ("roll_back", "fix_forward")


def test_a_version_that_fails_is_rolled_back(stores: dict[str, Path]) -> None:
    """Its share is nearly all failing traces above the usual rate; the evidence began with it."""
    found = asked(stores["own"])
    first = found["deployments"][0]
    assert first["verdict"] == "roll_back"
    assert first["share"] > 0.9
    assert first["began_at"] == "2026-01-02T11:15:00Z"
    assert "2026-01-02T11:15:00Z" <= first["first_evidence_at"] <= "2026-01-02T11:20:00Z"
    assert found["unexplained"]["origins"] == []
    assert {symptom["service"] for symptom in found["symptoms"]} == {"web", "pay"}


def test_who_fails_because_of_another_is_let_off(stores: dict[str, Path]) -> None:
    """`pay` fails in both versions after `cart` 2 alone: that is no evidence against `pay` 2."""
    _, pay = asked(stores["elsewhere"])["deployments"]
    assert pay["log_e_value"] < 1


def test_none_of_these_is_an_answer(stores: dict[str, Path]) -> None:
    """Where no version is worse than the one beside it, nobody stands accused, and it is said."""
    found = asked(stores["none"])
    assert [one["at_fault"] for one in found["deployments"]] == [False, False]
    assert found["unexplained"]["share"] is None
    ended = deploylens("incident", *AT, store=stores["none"])
    assert ended.out.startswith("None of these: nothing speaks against any of 2 deployments.\n")


def test_the_contract_is_whole(stores: dict[str, Path]) -> None:
    """Every field is there in its order, also of deployments about which little is known."""
    found = asked(stores["crash"])
    assert list(found) == FIELDS
    assert found["schema_version"] == 1
    assert found["window"] == {"from": "2026-01-02T11:00:00Z", "to": "2026-01-02T12:00:00Z"}
    assert found["environment"] == "prod"
    assert [list(one) for one in found["deployments"]] == [ACCUSED_FIELDS] * 2
    assert [one["rank"] for one in found["deployments"]] == [1, 2]
    assert list(found["unexplained"]) == ["share", "origins"]


def test_nothing_later_is_read(stores: dict[str, Path]) -> None:
    """Asked as of a moment before the defective version, only what was there then is named."""
    found = asked(stores["own"], "--at", "2026-01-02T11:12:00Z")
    assert [one["deployment"]["service"] for one in found["deployments"]] == ["cart"]
    assert found["deployments"][0]["deployment"]["last_seen"] < "2026-01-02T11:12:00Z"


def test_the_answer_comes_first(stores: dict[str, Path]) -> None:
    """The first line names the deployment, its part of the evidence, its age and what to do."""
    ended = deploylens("incident", *AT, store=stores["own"])
    lines = " ".join(ended.out.split("\n\n")[0].split())
    assert lines == ("pay@2 (over 99.99 % of the evidence), deployed 45 min before: roll it back.")
    assert "Not at fault" in ended.out


@pytest.mark.parametrize("form", ["table", "markdown", "json"])
def test_names_are_harmless(tmp_path: Path, form: str) -> None:
    """A service and version named to steer a terminal or a page do neither, in any format."""
    store = fill(tmp_path / "store.duckdb", RedHour("own", HOSTILE, "2\x1b]0;x\x07|"))
    ended = deploylens("incident", *AT, "--format", form, store=store)
    assert ended.code == ExitCode.DONE, ended.err
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.out)
    if form == "markdown":
        assert ended.out.startswith("## ``pay\\x1b[2J\\u202e|`<script>``@`2")


def test_an_unknown_environment_is_refused(stores: dict[str, Path]) -> None:
    """A mistyped environment is an error that names those there are, not an all-clear."""
    ended = deploylens("incident", *AT, "--environment", "prdo", store=stores["own"])
    assert ended.code == ExitCode.FAILED
    assert "Did you mean 'prod'?" in ended.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterdayish"), "--since: 'yesterdayish' is not a time"),
        (("--at", "2026-01-02T10:00Z", "--since", "2026-01-02T11:00Z"), "empty or longer"),
        (("--at", "2026-01-05T10:00Z", "--since", "2026-01-02T11:00Z"), "empty or longer"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    stores: dict[str, Path], options: tuple[str, ...], said: str
) -> None:
    """What cannot be a window ends with code 2 and says why."""
    ended: Ended = deploylens("incident", *options, store=stores["own"])
    assert ended.code == ExitCode.USAGE
    assert said in ended.err


def test_a_window_without_deployments_says_so(stores: dict[str, Path]) -> None:
    """A quiet time has no deployments to rank."""
    ended = deploylens("incident", "--at", "2026-01-03T12:00:00Z", store=stores["own"])
    assert ended.code == ExitCode.DONE
    assert ended.out.startswith("No deployment went out in the window")
    assert "Nothing is stored of this window" in ended.out


def test_the_first_version_is_no_rival() -> None:
    """What was there before another version changed nothing; a mark makes it a deployment."""
    minute = int(datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp()) // 60
    old = _known("1", minute - 50)
    new = _known("2", minute - 20)
    names = [rival.name for rival in rivals_of([old, new], "prod", minute - 60, minute)]
    assert names == ["shop@2"]
    marked = replace(old, marked_minute=minute - 50)
    names = [rival.name for rival in rivals_of([marked, new], "prod", minute - 60, minute)]
    assert names == ["shop@2", "shop@1"]


def test_a_deployment_of_another_environment_is_no_rival() -> None:
    """Only what went out in the environment that is looked at can have broken it."""
    minute = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp()) // 60
    known = [_known("1", minute - 50), _known("2", minute - 20)]
    assert rivals_of(known, "test", minute - 60, minute) == ()


def test_deployments_before_the_window_count() -> None:
    """One that began up to an hour before the window is ranked; what came before that is not."""
    minutes = (CART_MINUTE, PAY_MINUTE)
    known = [_known("1", 0), *(_known(str(at), at) for at in minutes)]
    names = [rival.name for rival in rivals_of(known, "prod", PAY_MINUTE, PAY_MINUTE + 90)]
    assert names == [f"shop@{PAY_MINUTE}"]


def _known(version: str, minute: int) -> Known:
    place = Place(None, "shop", version, "prod", None)
    return Known(place, None, None, minute, minute + 5, None, 1, 10, None, None, None, False)


def test_what_cannot_be_told_apart_is_held(tmp_path: Path) -> None:
    """A version that breaks another service, whose own new version went out among the same traces:
    the one with more left is named first, the other beside it, and neither is to be rolled back."""
    store = tmp_path / "both.duckdb"
    with open_store(store) as connection:
        simulated = simulate(connection, "elsewhere", 1006)
    asked = deploylens("incident", "--at", f"{UNTIL}Z", "--format", "json", store=store)
    first, second, *_ = json.loads(asked.out)["deployments"]
    names = [f"{one['deployment']['service']}@2" for one in (first, second)]
    assert names == [simulated.defective, "service-3@2"]
    assert [one["confounded_with"] for one in (first, second)] == names[::-1]
    assert [one["verdict"] for one in (first, second)] == ["hold", "hold"]
    shown = deploylens("incident", "--at", f"{UNTIL}Z", store=store).out
    assert shown.startswith("service-6@2 or service-3@2, deployed 46 min and 56 min before: hold")
