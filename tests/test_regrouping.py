"""Grouping stored exceptions again: what changes, what does not, and what a crash leaves."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.fingerprint import (
    FINGERPRINT_VERSION,
    fingerprint,
    fingerprint_of_status,
)
from receiver.fingerprints.rules import GroupingRules, KeyRule
from receiver.storage.decisions import Resolution, Silence, insert_decision
from receiver.storage.key_changes import GroupFates
from receiver.storage.regrouping import (
    Grouping,
    Regrouped,
    regroup,
    regroup_if_needed,
    stored_grouping,
)
from receiver.storage.store import open_store
from tests.ingest import rows, stored
from tests.recorded_exceptions import Recorded, requests_of
from tests.retaining import DAY_NS, TestClock, retaining
from tests.served import ROOT

NO_RULES = GroupingRules()
PLACE, CANCEL = Recorded(), Recorded(function="cancel")
ALL = (
    PLACE,
    replace(PLACE, message="order 4712 is empty", line=50, second=1),
    replace(PLACE, message="the customer is banned", second=2),
    replace(PLACE, cause="KeyError: 'blue'", second=3),
    replace(CANCEL, message="an order\nwith two lines", second=4),
    replace(CANCEL, service="web", second=5),
)
# A failed span without an exception, as the writer stores one.
FAILED_SPAN = (
    "INSERT INTO store.exceptions BY NAME SELECT * REPLACE ('status' AS exception_source,"
    " NULL AS stacktrace_id, NULL AS message_at, NULL AS event_name, 'timeout' AS exception_type,"
    " 'no answer within 30 s' AS exception_message, $strict AS fingerprint,"
    " $loose AS fingerprint_loose, 'GET /stock' AS top_frame)"
    " FROM store.exceptions WHERE rowid = 0"
)
PARTS = (
    "SELECT e.*, s.stacktrace FROM store.exceptions AS e LEFT JOIN store.stacktraces AS s"
    " USING (stacktrace_id) ORDER BY e.rowid"
)
KEYS = ("fingerprint", "fingerprint_loose", "fingerprint_version", "top_frame")
# What a version before this one may have made of them: other keys, but the same groups.
AS_BEFORE = (
    "UPDATE store.exceptions SET fingerprint = 'old ' || fingerprint,"
    " fingerprint_loose = 'old ' || fingerprint_loose, fingerprint_version = 1,"
    " top_frame = CASE WHEN exception_source = 'status' THEN top_frame ELSE 'old' END"
)
UNGROUPED = "UPDATE store.grouping SET fingerprint_version = 1"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with exceptions that an older version grouped."""
    path = tmp_path / "s.duckdb"
    stored(path, *requests_of(*ALL))
    timeout = fingerprint_of_status("timeout", "no answer within 30 s", "GET /stock")
    with opened(path) as connection:
        connection.execute(FAILED_SPAN, {"strict": timeout.strict, "loose": timeout.loose})
        connection.execute(AS_BEFORE)
        connection.execute(UNGROUPED)
    return path


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The store, open for writing."""
    with closing(open_store(path)) as connection:
        yield connection


def parts(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every stored exception with the text of its stack, without the message."""
    found: list[dict[str, Any]] = connection.sql(PARTS).to_arrow_table().to_pylist()
    return found


def expected(part: dict[str, Any], rules: GroupingRules) -> tuple[str, str, int, str | None]:
    """The columns that grouping gives a stored exception."""
    kind, message, text = part["exception_type"], part["exception_message"], part["stacktrace"]
    if part["exception_source"] == "status":
        found = fingerprint_of_status(kind, message, part["top_frame"])
    else:
        if part["message_at"] is not None:
            text = text[: part["message_at"]] + message + text[part["message_at"] :]
        found = fingerprint(kind, message, text, part["sdk_language"], rules)
    return found.strict, found.loose, FINGERPRINT_VERSION, found.top_frame


def test_every_fingerprint_is_made_again(store: Path) -> None:
    """Each exception gets the fingerprint that it would get if it came now, by the rules; nothing
    else of it changes, and neither does the order."""
    rules = GroupingRules(keys=(KeyRule(key="banned", message="*banned*"),))
    with opened(store) as connection:
        before = parts(connection)
        done = regroup(connection, rules)
        after = parts(connection)
    assert done.exceptions == len(before) == len(ALL) + 1
    for one, other in zip(before, after, strict=True):
        assert tuple(other[name] for name in KEYS) == expected(one, rules)
        assert {k: v for k, v in one.items() if k not in KEYS} == {
            k: v for k, v in other.items() if k not in KEYS
        }


TEXTS = st.text("ab1 :.'\n\\\x00é\u202e", max_size=20)
EXCEPTIONS = st.builds(
    Recorded,
    type=st.sampled_from(["KeyError", "shop.OrderError", "a b"]),
    message=TEXTS,
    function=st.sampled_from(["place", "cancel"]),
    line=st.integers(1, 99),
    cause=st.none() | TEXTS,
)
RULES = st.builds(
    GroupingRules,
    in_app=st.sampled_from([(), ("flask.*",)]),
    not_in_app=st.sampled_from([(), ("shop.*",)]),
    keys=st.sampled_from([(), (KeyRule(key="k {type}", message="*1*"),)]),
)


@settings(max_examples=12, deadline=None)
@given(exceptions=st.lists(EXCEPTIONS, min_size=1, max_size=6), rules=RULES)
def test_grouping_again_is_grouping(exceptions: list[Recorded], rules: GroupingRules) -> None:
    """Whatever was recorded and whatever the rules: what regrouping gives is `fingerprint`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.duckdb"
        stored(path, *requests_of(*exceptions))
        with opened(path) as connection:
            regroup(connection, rules)
            for part in parts(connection):
                assert tuple(part[name] for name in KEYS) == expected(part, rules)


def test_figures(store: Path) -> None:
    """It tells how many groups hold what they held, became one with others, and are several now."""
    with opened(store) as connection:
        kept = regroup(connection, NO_RULES)
        connection.execute("UPDATE store.exceptions SET fingerprint = 'one' WHERE top_frame <> ''")
        split = regroup(connection, NO_RULES)
        one = regroup(connection, GroupingRules(keys=(KeyRule(key="one", type="OrderError"),)))
    assert kept.groups == GroupFates(6, 6, kept=6, merged=0, split=0)
    assert split.groups == GroupFates(1, 6, kept=0, merged=0, split=1)
    assert one.groups == GroupFates(6, 2, kept=1, merged=5, split=0)


def test_it_is_done_once(store: Path) -> None:
    """A store that was grouped by this version and these rules is left alone, until they change."""
    rules = GroupingRules(not_in_app=("shop.*",))
    with opened(store) as connection:
        assert isinstance(regroup_if_needed(connection, NO_RULES), Regrouped)
        assert stored_grouping(connection) == Grouping(FINGERPRINT_VERSION, "")
        assert regroup_if_needed(connection, NO_RULES) is None
        assert regroup_if_needed(connection, rules) is not None
        assert stored_grouping(connection) == Grouping(FINGERPRINT_VERSION, rules.digest)
        assert connection.execute("SELECT count(*) FROM store.grouping").fetchall() == [(1,)]


def test_an_empty_store_is_grouped(tmp_path: Path) -> None:
    """Without exceptions only what they will be grouped by is noted."""
    with opened(tmp_path / "s.duckdb") as connection:
        done = regroup(connection, GroupingRules(in_app=("shop.*",)))
    assert (done.exceptions, done.groups) == (0, GroupFates(0, 0, 0, 0, 0))


def everything(path: Path) -> list[Any]:
    """The rows of every table that grouping again may change."""
    with opened(path) as connection:
        tables = ("exceptions", "exception_history", "resolutions", "silences", "grouping")
        return [connection.sql(f"FROM store.{name}").fetchall() for name in tables]


def test_a_failure_changes_nothing(store: Path) -> None:
    """When it is stopped in the middle, the store is as it was and can be grouped again."""

    class Stopped(Exception):
        """Nobody wants to wait for it."""

    def stop(_done: int, _total: int) -> None:
        raise Stopped

    before = everything(store)
    with opened(store) as connection, pytest.raises(Stopped):
        regroup(connection, NO_RULES, stop)
    assert everything(store) == before
    with opened(store) as connection:
        assert regroup(connection, NO_RULES).exceptions == len(ALL) + 1


KILLED = """
import os, sys
from pathlib import Path
from receiver.fingerprints.rules import GroupingRules
from receiver.storage.regrouping import regroup
from receiver.storage.store import open_store
connection = open_store(Path(sys.argv[1]))
reader = connection.cursor()
reader.execute("BEGIN")  # so that the commit stays in the log
reader.execute("SELECT count(*) FROM store.spans").fetchall()
regroup(connection, GroupingRules(), {progress})
os._exit(9)
"""


@pytest.mark.parametrize(
    ("progress", "committed"), [("lambda done, total: os._exit(9)", False), ("None", True)]
)
def test_a_killed_process_leaves_all_or_nothing(
    store: Path, progress: str, committed: bool
) -> None:
    """Killed in the middle, the store is as it was; killed after the commit, with the log not yet
    written into the file, everything is grouped again and no row is lost."""
    before = everything(store)
    program = KILLED.format(progress=progress)
    done = subprocess.run([sys.executable, "-c", program, store], cwd=ROOT, check=False)
    assert done.returncode == 9
    if not committed:
        assert everything(store) == before
        return
    with opened(store) as connection:
        assert stored_grouping(connection) == Grouping(FINGERPRINT_VERSION, "")
        after = parts(connection)
        assert len(after) == len(ALL) + 1
        for part in after:
            assert tuple(part[name] for name in KEYS) == expected(part, NO_RULES)
    stored(store, *requests_of(replace(PLACE, line=99)))
    assert len(rows(store, "SELECT 1 AS one FROM exceptions")) == len(ALL) + 2


def test_decisions_stay_with_their_exceptions(store: Path) -> None:
    """A resolution or silence of a strict or a loose key gets the key that its exception has now;
    of a failed span, whose place is no part of the example, too."""
    with opened(store) as connection:
        strict, loose = keys_of(connection, "order 4711%")
        timeout, _ = keys_of(connection, "no answer%")
        insert_decision(connection, Resolution(strict, note="strict"))
        insert_decision(connection, Silence(loose, "shop", note="loose"))
        insert_decision(connection, Silence(timeout, note="span"))
        done = regroup(connection, NO_RULES)
        now_strict, now_loose = keys_of(connection, "order 4711%")
        now_timeout, _ = keys_of(connection, "no answer%")
        resolved = connection.sql("SELECT fingerprint, note FROM store.resolutions").fetchall()
        silenced = connection.sql("SELECT fingerprint, note FROM store.silences").fetchall()
    assert done.decisions_unknown == 0
    assert not {now_strict, now_loose, now_timeout} & {strict, loose, timeout}
    assert resolved == [(now_strict, "strict")]
    assert silenced == [(now_loose, "loose"), (now_timeout, "span")]


def keys_of(connection: duckdb.DuckDBPyConnection, message: str) -> tuple[str, str]:
    """The strict and the loose key of the exceptions with such a message."""
    [row] = connection.execute(
        "SELECT DISTINCT fingerprint, fingerprint_loose FROM store.exceptions"
        " WHERE exception_message LIKE $message AND service_name = 'shop' ORDER BY ALL LIMIT 1",
        {"message": message},
    ).fetchall()
    return row[0], row[1]


def test_a_decision_about_a_split_group_follows_its_example(store: Path) -> None:
    """Of a group that becomes several, the decision stays with the part that was seen last when it
    was made, which is what the person was shown."""
    with opened(store) as connection:
        connection.execute(
            "UPDATE store.exceptions SET fingerprint = 'all' WHERE top_frame = 'old'"
        )
        insert_decision(connection, Resolution("all"))
        regroup(connection, NO_RULES)
        latest = connection.execute(
            "SELECT fingerprint FROM store.exceptions WHERE top_frame <> '' AND"
            " exception_source = 'event' ORDER BY time_unix_nano DESC LIMIT 1"
        ).fetchall()
        assert connection.sql("SELECT fingerprint FROM store.resolutions").fetchall() == latest


def test_a_decision_without_an_example_is_kept(store: Path) -> None:
    """Without an example a decision goes where all exceptions of its key went, else it keeps its
    key and is counted."""
    with opened(store) as connection:
        strict, _ = keys_of(connection, "order 4711%")
        for key in (strict, "unheard-of"):
            insert_decision(connection, Resolution(key))
        connection.execute(
            "UPDATE store.resolutions SET exception_type = NULL, exception_message = NULL,"
            " exception_stacktrace = NULL"
        )
        done = regroup(connection, NO_RULES)
        now, _ = keys_of(connection, "order 4711%")
        found = connection.sql("SELECT fingerprint FROM store.resolutions").fetchall()
    assert found == [(now,), ("unheard-of",)]
    assert done.decisions_unknown == 1


def test_deleted_exceptions_are_grouped_again(tmp_path: Path) -> None:
    """What is kept of deleted exceptions is grouped by its example, else it goes where the stored
    ones of its key went; rows that are one now become one, with the sum of the sightings."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, 7 * 86_400) as store:
        for request in requests_of(PLACE, replace(PLACE, message="banned"), CANCEL):
            store.send(request)
        clock.pass_time(8 * DAY_NS)
        store.send(requests_of(replace(PLACE, line=99))[0])
        store.retention.run()
    with opened(path) as connection:
        assert connection.sql("SELECT count(*) FROM store.exception_history").fetchall() == [(3,)]
        for table in ("exceptions", "exception_history"):
            connection.execute(
                f"UPDATE store.{table} SET fingerprint = 'old ' || fingerprint,"
                " fingerprint_loose = 'old ' || fingerprint_loose, fingerprint_version = 1"
            )
        connection.execute(
            "UPDATE store.exception_history SET exception_source = NULL, exception_message = NULL,"
            " exception_stacktrace = NULL WHERE exception_message NOT LIKE '%banned'"
        )
        done = regroup(connection, NO_RULES)
        found = connection.sql(
            "SELECT fingerprint, top_frame, sightings, fingerprint_version"
            " FROM store.exception_history ORDER BY ALL"
        ).fetchall()
        now = {
            (key_of(one), 1, FINGERPRINT_VERSION)
            for one in (PLACE, replace(PLACE, message="banned"))
        }
        assert done.history_unknown == 1  # CANCEL has no example, and nothing of it is stored
        assert now < {(key, sightings, version) for key, _, sightings, version in found}
        assert any(key.startswith("old ") and version == 1 for key, _, _, version in found)
        merged = regroup(connection, GroupingRules(keys=(KeyRule(key="all", type="OrderError"),)))
        counts = connection.sql(
            "SELECT fingerprint, sightings FROM store.exception_history ORDER BY sightings"
        ).fetchall()
    assert merged.history_unknown == 1
    assert [sightings for _, sightings in counts] == [1, 2]


def key_of(one: Recorded) -> str:
    """Its strict key."""
    return fingerprint(one.type, one.message, one.stacktrace, "python").strict
