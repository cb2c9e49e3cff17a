"""`resolve` and `silence`: what people decide about exceptions, on the file and through a
receiver."""

import json
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import pytest

from receiver.fingerprints.fingerprint import fingerprint
from receiver.storage.decisions import DECISION_TABLES, EXAMPLE_COLUMNS, Decision
from tests.api_process import api_process
from tests.command_line import deploylens
from tests.ingest import rows, stored
from tests.recorded_exceptions import Recorded, requests_of
from tests.served import free_addresses, serving

PLACE = Recorded()
BANNED = replace(PLACE, message="the customer is banned", second=3)
CANCEL = replace(PLACE, function="cancel", version="1.1", second=9)
HOSTILE = replace(PLACE, message="\x1b[2Jgone \u202e", function="wipe", second=1)
KEYS = fingerprint(PLACE.type, PLACE.message, PLACE.stacktrace, "python")
OTHER = fingerprint(CANCEL.type, CANCEL.message, CANCEL.stacktrace, "python")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with four groups, two of which share their loose key."""
    path = tmp_path / "s.duckdb"
    again = replace(PLACE, message="order 4712 is empty", second=5)
    stored(path, *requests_of(PLACE, BANNED, CANCEL, HOSTILE, again))
    return path


def decided(store: Path, table: str) -> list[dict[str, object]]:
    """The rows of a table of decisions, the first one first."""
    return rows(store, f"FROM {table} ORDER BY decided_at_unix_nano")


def test_a_prefix_is_enough(store: Path) -> None:
    """`resolve` takes the beginning of a key, says what it is about, and stores the whole key with
    the latest occurrence as its example."""
    done = deploylens("resolve", KEYS.strict[:7], "--in", "1.1", "--note", "why", store=store)
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        "Resolved from 1.1 on: OrderError: order 4712 is empty, at shop.orders.place"
        f" ({KEYS.strict}).\n"
    )
    [row] = decided(store, "resolutions")
    assert row["fingerprint"] == KEYS.strict
    assert (row["service_name"], row["in_version"], row["note"]) == (None, "1.1", "why")
    assert row["withdrawn"] is False
    assert row["exception_message"] == "order 4712 is empty"
    assert row["exception_stacktrace"] == replace(PLACE, message="order 4712 is empty").stacktrace
    assert row["sdk_language"] == "python"


def test_a_loose_key_is_all_of_a_place(store: Path) -> None:
    """A loose key is taken too; what is said names the group seen last and how many more."""
    done = deploylens("silence", KEYS.loose, "--service", "shop", store=store)
    assert done.err == (
        "Silenced in shop until that is taken back: OrderError: order 4712 is empty, at"
        f" shop.orders.place ({KEYS.loose}, loose) and 1 kind more of the same place.\n"
    )
    [row] = decided(store, "silences")
    assert (row["fingerprint"], row["service_name"]) == (KEYS.loose, "shop")
    assert row["until_unix_nano"] is None


def test_a_silence_ends(store: Path) -> None:
    """`--for` and `--until` say when it is heard of again."""
    deploylens("silence", KEYS.strict, "--for", "7d", store=store)
    deploylens("silence", KEYS.strict, "--until", "2100-01-02T03:04Z", store=store)
    week, date = decided(store, "silences")
    began, ends = week["decided_at_unix_nano"], week["until_unix_nano"]
    assert isinstance(began, int)
    assert isinstance(ends, int)
    assert 0 <= began + 7 * 86_400 * 10**9 - ends < 10**11
    assert date["until_unix_nano"] == 4_102_542_240 * 10**9


def test_what_was_decided_is_taken_back(store: Path) -> None:
    """`--undo` stores that the decision counts no more; it names the same service or none."""
    deploylens("resolve", KEYS.strict, "--service", "shop", store=store)
    other = deploylens("resolve", KEYS.strict, "--undo", store=store)
    assert other.code == 1
    assert f"({KEYS.strict}) is not resolved. Decided of it:\n" in other.err
    assert f"({KEYS.strict}) in shop" in other.err
    done = deploylens("resolve", KEYS.strict, "--undo", "--service", "shop", store=store)
    assert done.code == 0
    assert done.err.startswith("Not resolved any more: OrderError: order 4712 is empty")
    assert [row["withdrawn"] for row in decided(store, "resolutions")] == [False, True]
    assert deploylens("resolve", "--list", store=store).err == "There is no resolution.\n"


def test_decisions_are_listed(store: Path) -> None:
    """`--list` gives what stands as rows, all of it or that about one exception."""
    deploylens("resolve", KEYS.strict, "--in", "2.0", store=store)
    deploylens("resolve", OTHER.loose, store=store)
    listed = json.loads(deploylens("resolve", "--list", "--format", "json", store=store).out)
    assert [(row["fingerprint"], row["in_version"]) for row in listed] == [
        (OTHER.loose, None),
        (KEYS.strict, "2.0"),
    ]
    of_one = deploylens("resolve", OTHER.strict, "--list", "--format", "json", store=store)
    assert [row["fingerprint"] for row in json.loads(of_one.out)] == [OTHER.loose]
    assert "2.0" in deploylens("resolve", "--list", store=store).out


def test_what_was_never_seen_is_warned_of(store: Path) -> None:
    """A version or a service that never showed it is taken, with a warning: it may be to come."""
    done = deploylens("resolve", KEYS.strict, "--in", "1.2", store=store)
    assert done.code == 0
    assert done.err.startswith("Warning: no version 1.2 of shop is stored yet.")
    assert "Stored: 1.0, 1.1." in done.err
    done = deploylens("silence", KEYS.strict, "--service", "shap", store=store)
    assert done.err.startswith("Warning: shap never recorded it; it was seen in shop.\n")
    assert len(decided(store, "silences")) == 1


def test_an_unknown_fingerprint_is_refused(store: Path) -> None:
    """It exits 2 and shows what was probably meant and what was seen last."""
    wrong = KEYS.strict[:-1] + ("0" if KEYS.strict[-1] != "0" else "1")
    done = deploylens("resolve", wrong, store=store)
    assert done.code == 2
    assert f"Did you mean '{KEYS.strict}'?" in done.err
    assert f"  {OTHER.strict}  OrderError: order 4711 is empty, at shop.orders.cancel\n" in done.err
    assert rows(store, "FROM resolutions") == []


@pytest.mark.parametrize("text", ["", "abc", "not hex at all", "' OR 1=1 --", "\x1b[2J", "a" * 999])
def test_what_is_no_fingerprint_is_refused(store: Path, text: str) -> None:
    """Anything but 6 hex digits or more exits 2 and says what a fingerprint is."""
    done = deploylens("silence", text, store=store)
    assert done.code == 2
    assert "\x1b" not in done.err
    if text != "a" * 999:
        assert "is not a fingerprint: 16 hex digits" in done.err


def test_an_ambiguous_prefix_is_refused(store: Path) -> None:
    """A beginning that several keys have exits 2 and lists them with what they are."""
    with duckdb.connect(str(store)) as connection:
        connection.execute(
            "UPDATE exceptions SET fingerprint = 'abcdef' || fingerprint[7:]"
            " WHERE exception_message NOT LIKE '%banned'"
        )
    done = deploylens("resolve", "abcdef", store=store)
    assert done.code == 2
    assert "several fingerprints start with abcdef; write more of one:\n" in done.err
    assert f"  abcdef{OTHER.strict[6:]}  OrderError: order 4711 is empty" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a FINGERPRINT, or ask for --list."),
        (["silence"], "Name a FINGERPRINT"),
        (["silence", KEYS.strict, "--for", "7d", "--until", "2100-01-01"], "give one"),
        (["silence", KEYS.strict, "--for", "soon"], "--for: 'soon' is not a duration"),
        (["silence", KEYS.strict, "--for", "0s"], "--for: '0s' is not a duration"),
        (["silence", KEYS.strict, "--until", "2h"], "--until 2h is over"),
        (["silence", KEYS.strict, "--until", "never"], "--until: 'never' is not a time"),
        (["silence", KEYS.strict, "--undo", "--for", "7d"], "--undo takes a FINGERPRINT"),
        (["resolve", KEYS.strict, "--undo", "--in", "2"], "--undo takes a FINGERPRINT"),
    ],
)
def test_usage(store: Path, arguments: list[str], message: str) -> None:
    """What makes no sense exits 2, says why, and stores nothing."""
    done = deploylens(*(arguments or ["resolve"]), store=store)
    assert done.code == 2
    assert message in done.err
    assert rows(store, "FROM silences") + rows(store, "FROM resolutions") == []


def test_hostile_text_stays_text(store: Path) -> None:
    """What a sender wrote cannot steer the terminal of who decides about it."""
    keys = fingerprint(HOSTILE.type, HOSTILE.message, HOSTILE.stacktrace, "python")
    done = deploylens("silence", keys.strict, "--note", "\x1b[31m", store=store)
    listed = deploylens("silence", "--list", store=store)
    assert r"\x1b[2Jgone \u202e" in done.err
    assert not {"\x1b", "\u202e"} & set(done.err + listed.out)


def test_a_receiver_writes_what_is_decided(store: Path) -> None:
    """While a receiver holds the store it stores decisions, and they are the same rows."""
    with api_process(store):
        told = deploylens("resolve", KEYS.strict, "--in", "1.1", store=store)
        deploylens("silence", KEYS.loose, "--for", "1h", store=store)
        deploylens("silence", KEYS.loose, "--undo", store=store)
        assert KEYS.strict in deploylens("resolve", "--list", store=store).out
    assert told.code == 0
    [row] = decided(store, "resolutions")
    assert row["exception_message"] == "order 4712 is empty"
    assert [row["withdrawn"] for row in decided(store, "silences")] == [False, True]


def test_a_running_receiver_writes_what_is_decided(store: Path) -> None:
    """A real `deploylens serve` takes both commands."""
    with serving(store, free_addresses()):
        assert deploylens("resolve", OTHER.strict, store=store).code == 0
        assert deploylens("silence", OTHER.strict, "--for", "2d", store=store).code == 0
    assert [row["fingerprint"] for row in decided(store, "resolutions")] == [OTHER.strict]
    assert [row["fingerprint"] for row in decided(store, "silences")] == [OTHER.strict]


@pytest.mark.parametrize("decision", DECISION_TABLES)
def test_a_decision_has_the_columns_of_its_table(store: Path, decision: type[Decision]) -> None:
    """The fields of a decision and its example are the columns of its table, one for one."""
    described = rows(store, f"DESCRIBE {DECISION_TABLES[decision]}")
    columns = {row["column_name"] for row in described}
    assert columns == {*(field.name for field in fields(decision)), *EXAMPLE_COLUMNS}
