"""`explain-exception`: what makes a group, what is left out, and what it is told apart from."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.cells import cell_len

from receiver.fingerprints.fingerprint import FINGERPRINT_VERSION, fingerprint
from tests.api_process import api_process
from tests.command_line import Ended, deploylens
from tests.ingest import stored
from tests.recorded_exceptions import Recorded, requests_of
from tests.retaining import DAY_NS, TestClock, retaining

PLACE = Recorded()
BANNED = replace(PLACE, message="customer \x1b[2J\u202e is banned", second=3)
CAUSED = replace(PLACE, message="stock is out", cause="KeyError: 'blue'", second=5, version="1.1")
KEYS = fingerprint(PLACE.type, PLACE.message, PLACE.stacktrace, "python")
CAUSED_KEYS = fingerprint(CAUSED.type, CAUSED.message, CAUSED.stacktrace, "python")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three groups; two of them share their loose key."""
    path = tmp_path / "s.duckdb"
    again = replace(PLACE, message="order 4712 is empty", line=44, second=1)
    stored(path, *requests_of(PLACE, again, BANNED, CAUSED))
    return path


def explained(store: Path, key: str, *more: str, here: Path | None = None) -> dict[str, Any]:
    """The explanation as JSON."""
    done = deploylens("explain-exception", key, "--format", "json", *more, store=store, here=here)
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def drawn(store: Path, key: str, width: int) -> Ended:
    """The explanation as a terminal of this width shows it."""
    environ = {"COLUMNS": str(width)}
    return deploylens("explain-exception", key, store=store, environ=environ)


def test_parts_and_reasons(store: Path) -> None:
    """Every part says what it is, whether it counts for the strict and the loose key, and why."""
    found = explained(store, CAUSED_KEYS.strict)
    parts = [(p["kind"], p["text"], p["strict"], p["loose"]) for p in found["parts"]]
    assert parts == [
        ("type", "OrderError", True, True),
        ("message", "stock is out", True, False),
        ("frame", "shop.orders.place", True, True),
        ("frame", "flask.app.dispatch", False, False),
        ("cause", "KeyError", True, True),
        ("cause message", "'blue'", True, False),
        ("cause frame", "shop.stock.take", True, True),
    ]
    library = found["parts"][3]
    assert library["detail"] == "/usr/lib/python3.12/site-packages/flask/app.py:880"
    assert library["reason"].startswith("not in-app: ")
    assert all(part["reason"] for part in found["parts"])


def test_examples_state_and_decisions(store: Path) -> None:
    """It tells where it was seen last, its state in the latest deployment, and what was decided."""
    deploylens("silence", KEYS.loose, "--for", "7d", "--note", "known", store=store)
    found = explained(store, KEYS.strict[:6], "--examples", "1")
    assert found["schema_version"] == 1
    assert found["named"] == {"fingerprint": KEYS.strict, "kind": "strict"}
    assert found["sightings"] == 2
    [example] = found["examples"]
    assert example["exception_message"] == "order 4712 is empty"
    assert (example["service_name"], example["service_version"]) == ("shop", "1.0")
    assert example["endpoint"] == "POST /orders"
    assert len(example["trace_id"]) == 32
    [state] = found["states"]
    assert (state["service_version"], state["state"]) == ("1.1", "gone")
    [decision] = found["decisions"]
    assert (decision["kind"], decision["note"], decision["active"]) == ("silence", "known", True)


def test_what_was_told_apart(store: Path) -> None:
    """The other groups of the same place are named, each with the first part that differs."""
    [sibling] = explained(store, KEYS.strict)["same_place"]
    assert sibling["message"] == BANNED.message
    assert sibling["differs"].startswith("message: customer ")
    assert explained(store, CAUSED_KEYS.strict)["same_place"] == []


def test_a_loose_key_is_explained_by_its_latest_group(store: Path) -> None:
    """A loose key shows the group that was seen last, and the others beside it."""
    found = explained(store, KEYS.loose)
    assert found["named"] == {"fingerprint": KEYS.loose, "kind": "loose"}
    assert found["exception"]["message"] == BANNED.message
    assert [one["fingerprint"] for one in found["same_place"]] == [KEYS.strict]
    assert {one["fingerprint"] for one in found["examples"]} > {KEYS.strict}


def test_another_grouping_is_told(store: Path, tmp_path: Path) -> None:
    """When other rules stand in deploylens.toml than the store was grouped by, it shows the key
    that they would give, and the rule that matched."""
    (tmp_path / "deploylens.toml").write_text(
        '[[exceptions.keys]]\ntype = "OrderError"\nmessage = "order * is empty"\nkey = "empty"\n'
    )
    found = explained(store, KEYS.strict, here=tmp_path)
    assert found["stored"]["fingerprint"] == KEYS.strict
    assert found["now"]["differs"] is True
    assert found["now"]["rules_digest"] != found["stored"]["rules_digest"] == ""
    rule = found["parts"][0]
    assert (rule["kind"], rule["text"]) == ("rule", "empty")
    assert not any(part["strict"] for part in found["parts"][1:])
    text = deploylens("explain-exception", KEYS.strict, store=store, here=tmp_path).out
    assert found["now"]["fingerprint"] in text
    assert "made with another version or other rules" in " ".join(text.split())
    assert "made with another version" not in drawn(store, KEYS.strict, 100).out


def test_an_older_version_is_told(store: Path) -> None:
    """An exception that an older algorithm grouped shows its key now."""
    with duckdb.connect(str(store)) as connection:
        connection.execute(
            "UPDATE exceptions SET fingerprint = 'abcdef99', fingerprint_version = 1"
        )
        connection.execute("UPDATE grouping SET fingerprint_version = 1")
    found = explained(store, "abcdef99")
    assert found["stored"]["fingerprint_version"] == 1
    assert found["now"]["fingerprint_version"] == FINGERPRINT_VERSION
    assert found["now"]["differs"] is True


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("key", [KEYS.loose, CAUSED_KEYS.strict])
def test_it_fits_the_terminal(store: Path, width: int, key: str) -> None:
    """No line is wider than the terminal, and each part stands there with its reason."""
    done = drawn(store, key, width)
    assert done.code == 0
    assert max(cell_len(line) for line in done.out.splitlines()) <= width
    text = " ".join(done.out.split())
    for part in explained(store, key)["parts"]:
        assert part["reason"] in text
    assert "\x1b" not in done.out  # no colours where no terminal is


def test_hostile_text_stays_text(store: Path) -> None:
    """What a sender wrote is shown as its escapes, for people and for programs."""
    text = drawn(store, KEYS.loose, 80).out
    raw = deploylens("explain-exception", KEYS.loose, "--format", "json", store=store).out
    assert r"\x1b[2J\u202e is banned" in text
    assert not {"\x1b", "\u202e"} & set(text + raw)


def test_a_deleted_exception_is_explained(tmp_path: Path) -> None:
    """After its occurrences were deleted, the example that was kept tells why it was a group."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, 7 * 86_400) as store:
        store.send(requests_of(PLACE)[0])
        clock.pass_time(8 * DAY_NS)
        store.send(requests_of(CAUSED)[0])
        store.retention.run()
    found = explained(path, KEYS.strict)
    assert found["examples"] == []
    assert found["now"]["differs"] is False
    assert "shop.orders.place" in {part["text"] for part in found["parts"]}
    assert "the example that was kept" in drawn(path, KEYS.strict, 100).out


def test_a_receiver_answers_the_same(store: Path) -> None:
    """Through a receiver that holds the store the explanation is the same."""
    from_file = explained(store, KEYS.strict)
    with api_process(store):
        assert explained(store, KEYS.strict) == from_file


def test_an_unknown_fingerprint_is_refused(store: Path) -> None:
    """It exits 2 and shows what was seen last."""
    done = deploylens("explain-exception", "0123456789abcdef", store=store)
    assert done.code == 2
    assert f"  {CAUSED_KEYS.strict}  OrderError: stock is out, at shop.orders.place" in done.err
