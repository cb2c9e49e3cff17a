"""A store answers alike from both its homes: the file, and the receiver that holds it."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from analysis.api.wire import decode_table, encode_table
from analysis.catalog import Catalog, ParameterError, SavedQuery
from analysis.database import SqlLimits, mark_deployment, open_database
from analysis.query_error import QueryError, QueryRefused, QueryTooLarge
from analysis.reading_room import SAVED_ROWS_MAX
from analysis.saved_query import read_saved_query
from receiver.storage.marks import DeploymentMark
from tests.api_process import api_process, serving_api

MARK = DeploymentMark(service_name="cart", service_version="1.0", note="first")

# Every type that a parameter may have, handed back as bound.
TYPED = """\
-- What was bound.
-- param a VARCHAR: text
-- param b BIGINT = 9007199254740993: whole number
-- param c DOUBLE = 0.1: number
-- param d BOOLEAN = true: truth
-- param e TIMESTAMP = '2026-11-21T09:26:00.123456Z': time
-- param f INTERVAL = '90m': duration
-- param g VARCHAR = NULL: nothing
SELECT $a AS a, $b AS b, $c AS c, $d AS d, $e AS e, epoch($f::INTERVAL) AS f, $g::VARCHAR AS g,
    (SELECT count(*) FROM store.deployment_marks) AS marks
"""

# What the homes must answer alike, right or wrong.
ALIKE = [
    "SELECT service_name, service_version, note, irreversible FROM store.deployment_marks",
    "SELECT TIMESTAMP_NS '2026-11-21 09:26:00.123456789' AS t, 9007199254740993::UBIGINT AS u",
    "SELECT [1, NULL] AS l, {'a': 'ü\u202e'} AS s, MAP {'k': 1.50::DECIMAL(9,2)} AS m, '' AS e",
    "SELECT now() AS t WHERE false",
    "SELECT i FROM range(10) t(i) ORDER BY i DESC",
    "DESCRIBE spans",
    "SHOW TABLES",
    "SELEC 1",
    "FROM spns",
    "SELECT nix FROM spans",
    "SELECT 1 // 0 AS n, 'x'::INTEGER AS x",
    "DELETE FROM store.deployment_marks",
    "SELECT getenv('HOME')",
    "SELECT 1; SELECT 2",
]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one mark, held by nobody."""
    path = tmp_path / "s.duckdb"
    mark_deployment(path, MARK)
    return path


def saved(folder: Path, text: str, *, trusted: bool) -> SavedQuery:
    """A saved query of that text."""
    path = folder / "asked.sql"
    path.write_text(text)
    return read_saved_query(path, trusted=trusted)


def outcome(store: Path, sql: str) -> pa.Table | tuple[type[Exception], str]:
    """What a store answers: the table, or the error and its message."""
    with open_database(store) as database:
        try:
            return database.sql(sql, limits=SqlLimits(rows_max=20)).table
        except QueryError as error:
            return type(error), str(error)


def test_both_homes_answer_alike(store: Path) -> None:
    """Every answer and every error is the same from the file and from the receiver."""
    at_file = [outcome(store, sql) for sql in ALIKE]
    with api_process(store):
        at_receiver = [outcome(store, sql) for sql in ALIKE]
    for sql, one, other in zip(ALIKE, at_file, at_receiver, strict=True):
        assert one == other, sql
        if isinstance(one, pa.Table) and isinstance(other, pa.Table):
            assert one.schema == other.schema, sql
    assert [type(answer) for answer in at_file].count(tuple) == 7


@pytest.mark.parametrize("trusted", [True, False])
def test_saved_queries_bind_alike(store: Path, tmp_path: Path, trusted: bool) -> None:
    """Parameters of every type arrive the same in both homes, whoever wrote the query."""
    query = saved(tmp_path, TYPED, trusted=trusted)
    with open_database(store) as database:
        at_file = database.run(query, {"a": "it's"})
    with serving_api(store, {"asked": query}), open_database(store) as database:
        assert database.home == "receiver"
        at_receiver = database.run(query, {"a": "it's"})
    assert at_file == at_receiver
    assert at_file.to_pylist() == [
        {
            "a": "it's",
            "b": 9007199254740993,
            "c": 0.1,
            "d": True,
            "e": datetime.fromisoformat("2026-11-21T09:26:00.123456"),
            "f": timedelta(minutes=90).total_seconds(),
            "g": None,
            "marks": 1,
        }
    ]


def test_parameters_are_checked_before_the_store_is_asked(store: Path, tmp_path: Path) -> None:
    """A missing parameter is the same error in both homes."""
    query = saved(tmp_path, TYPED, trusted=True)
    with open_database(store) as database, pytest.raises(ParameterError, match="'a'"):
        database.run(query)
    with (
        serving_api(store),
        open_database(store) as database,
        pytest.raises(ParameterError, match="'a'"),
    ):
        database.run(query)


def test_users_queries_run_in_the_sandbox(store: Path, tmp_path: Path) -> None:
    """A query from a user's folder may read, and may not do what the sandbox refuses."""
    query = saved(tmp_path, "-- Theirs.\nSELECT * FROM read_csv('/etc/passwd')", trusted=False)
    with open_database(store) as database, pytest.raises(QueryRefused, match="read_csv"):
        database.run(query)


def test_a_users_query_is_whole_or_an_error(store: Path, tmp_path: Path) -> None:
    """A saved query never loses rows silently: past the limit it is an error."""
    text = f"-- Theirs.\nSELECT i FROM range({SAVED_ROWS_MAX + 1}) t(i)"
    with open_database(store) as database, pytest.raises(QueryTooLarge, match="1,000,000"):
        database.run(saved(tmp_path, text, trusted=False))


def test_a_query_unknown_to_the_receiver_is_sent_as_text(store: Path, tmp_path: Path) -> None:
    """A receiver of another version has our query not, or otherwise; it answers all the same."""
    here = saved(tmp_path, "-- Newer.\n-- param n BIGINT: n\nSELECT $n + 1 AS n", trusted=True)
    older = replace(here, sql="SELECT $n AS n")
    for there in ({}, {"asked": older}):
        with serving_api(store, there), open_database(store) as database:
            assert database.run(here, {"n": 1}).to_pylist() == [{"n": 2}]
            wrong = replace(here, sql="SELECT $n FROM a_view_of_tomorrow")
            with pytest.raises(QueryError, match=r"a_view_of_tomorrow(.|\n)*Restart it"):
                database.run(wrong, {"n": 1})


def test_packaged_queries_run_in_both_homes(store: Path) -> None:
    """Every query that is shipped answers alike from the file and from a receiver."""
    catalog = Catalog.load()
    given: dict[str, object] = {
        p.name: "cart" for query in catalog for p in query.parameters if p.required
    }
    given |= {"since": "2026-11-21", "until": "2026-11-22", "looks": "[]"}

    def answers() -> list[pa.Table]:
        with open_database(store) as database:
            return [
                database.run(query, {p.name: given[p.name] for p in query.parameters if p.required})
                for query in catalog
            ]

    at_file = answers()
    with api_process(store):
        assert answers() == at_file


def test_tables_survive_the_wire(store: Path) -> None:
    """A table of every stored type is the same after its way over the local API, empty or not."""
    with open_database(store) as database:
        for name in ("spans", "exceptions", "deployment_marks"):
            table = database.sql(f"FROM store.{name}").table
            assert decode_table(encode_table(table)) == table
            assert decode_table(encode_table(table)).schema == table.schema
