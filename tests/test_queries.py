"""The saved queries: headers against what DuckDB binds and returns, and golden cases."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from analysis.catalog import VIEWS_FOLDER, Catalog, SavedQuery, packaged_queries
from analysis.reading_room import ReadingRoom
from receiver.storage.store import open_store
from tests.golden import Case, bound, fill, read_case, rewrite, shown

QUERIES = packaged_queries()
VIEWS = sorted((QUERIES / VIEWS_FOLDER).glob("*.sql"))
CATALOG = Catalog.load()
CASES = [read_case(path) for path in sorted(Path(__file__).with_name("queries").rglob("*.toml"))]
LINES_MAX = 120
COLUMNS_MAX = 100
MIDDLE_SQL = """
SELECT make_timestamp_ns(quantile_disc(start_time_unix_nano, 0.7))::TIMESTAMP FROM store.spans
"""
EXAMPLE = {
    "VARCHAR": "x",
    "BIGINT": 1,
    "DOUBLE": 1.0,
    "BOOLEAN": False,
    "TIMESTAMP": None,
    "INTERVAL": "1 minute",
}
WINDOW = {"since": "2026-01-02", "until": "2026-01-03", "looks": "[]"}
LATEST_NS = 2**63 - 1
POISON = {
    "spans": [{"service_name": "poison", "service_version": "1", "span_name": "late"}],
    "exceptions": [{"service_name": "poison", "service_version": "1"}],
}

COMPARING = [query for query in CATALOG if "$baseline_version" in query.sql]
COMPARING_CASES = [
    case for case in CASES if case.path.parent.name in {query.name for query in COMPARING}
]

each_query = pytest.mark.parametrize("query", CATALOG, ids=lambda query: query.name)
each_view = pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """An instance with an empty store and the views."""
    with open_store(tmp_path_factory.mktemp("empty") / "store.duckdb") as connection:
        ReadingRoom(connection)
        yield connection


def case_id(case: Case) -> str:
    """The name of a case in the output of a test run."""
    return f"{case.path.parent.name}/{case.path.stem}"


def example_values(query: SavedQuery) -> dict[str, object]:
    """A value of the right type for each parameter; of a required time, the day of the cases."""
    values = {p.name: EXAMPLE[p.type] for p in query.parameters}
    return values | {
        p.name: WINDOW[p.name] for p in query.parameters if p.name in WINDOW and p.required
    }


def header_lines(path: Path, fact: str) -> list[tuple[str, str]]:
    """Name and type of each `-- fact name TYPE: text` line of a file."""
    return re.findall(rf"^-- {fact} (\w+) ([^:]+): ", path.read_text(), re.MULTILINE)


@each_query
def test_declared_columns_are_those_returned(
    query: SavedQuery, empty_store: duckdb.DuckDBPyConnection
) -> None:
    """The header names every returned column, in order, with its type."""
    rows = empty_store.sql(f"DESCRIBE {query.sql}", params=example_values(query)).fetchall()
    assert [(c.name, c.type) for c in query.columns] == [(name, kind) for name, kind, *_ in rows]


@each_query
def test_declared_parameters_are_those_bound(
    query: SavedQuery, empty_store: duckdb.DuckDBPyConnection
) -> None:
    """A file is one SELECT, and the header names exactly the parameters that DuckDB binds in it."""
    statements = empty_store.extract_statements(query.path.read_text())
    assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]
    assert {p.name for p in query.parameters} == statements[0].named_parameters


@each_query
def test_empty_store_has_an_answer(
    query: SavedQuery, empty_store: duckdb.DuckDBPyConnection
) -> None:
    """Every query runs on a store that never received anything, and finds nothing."""
    assert empty_store.sql(query.sql, params=example_values(query)).fetchall() == []


@pytest.fixture(scope="module")
def poisoned_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingRoom]:
    """A store with a service `x`, and one whose times are the largest that fit."""
    with open_store(tmp_path_factory.mktemp("poisoned") / "store.duckdb") as connection:
        case = read_case(Path(__file__).with_name("queries") / "comparison" / "hard_cut_over.toml")
        fill(connection, case)
        kept = connection.execute("UPDATE store.spans SET service_name = 'x'")
        kept.execute("UPDATE store.spans SET service_version = 'x' WHERE service_version = '1.1'")
        fill(connection, replace(case, tables=POISON))
        kept.execute(
            "UPDATE store.spans SET start_time_unix_nano = $1 WHERE span_name = 'late'", [LATEST_NS]
        )
        kept.execute("UPDATE store.exceptions SET time_unix_nano = $1", [LATEST_NS])
        yield ReadingRoom(connection)


@each_query
def test_extreme_times_of_another_service_are_harmless(
    query: SavedQuery, poisoned_store: ReadingRoom
) -> None:
    """A span and an exception stored at 2^63 - 1 ns leave every query about others answerable."""
    values = example_values(query)
    answer = poisoned_store.run(
        query, {p.name: values[p.name] for p in query.parameters if p.required}
    )
    if query.name == "comparison":
        assert shown(answer, ["candidate_until"])[1:] == [["10:09:30.010000001"]]


@pytest.mark.parametrize("query", COMPARING, ids=lambda query: query.name)
def test_deployment_queries_share_their_parameters(query: SavedQuery) -> None:
    """Queries that compare take the same seven parameters and end with the same ten columns."""
    model = CATALOG["comparison"]
    assert query.parameters[:7] == model.parameters
    assert query.columns[-10:] == model.columns[-10:]


@each_query
def test_golden_cases_exist(query: SavedQuery) -> None:
    """Every query has at least two golden cases."""
    assert len([case for case in CASES if case.path.parent.name == query.name]) >= 2


def test_every_file_is_registered() -> None:
    """Every .sql file is a usable saved query or a view, and every golden case belongs to one."""
    assert not CATALOG.problems
    assert {query.path for query in CATALOG} | set(VIEWS) == set(QUERIES.rglob("*.sql"))
    assert {case.path.parent.name for case in CASES} <= {query.name for query in CATALOG}


@each_view
def test_views_only_create(view: Path, empty_store: duckdb.DuckDBPyConnection) -> None:
    """A file under views/ creates views and macros and does nothing else."""
    for statement in empty_store.extract_statements(view.read_text()):
        assert re.match(r"\s*CREATE OR REPLACE (VIEW|MACRO) ", re.sub(r"--.*", "", statement.query))


@pytest.mark.parametrize(
    "view", [view for view in VIEWS if "-- column " in view.read_text()], ids=lambda path: path.stem
)
def test_views_declare_their_columns(view: Path, empty_store: duckdb.DuckDBPyConnection) -> None:
    """The columns a view's or table macro's header names are those it returns, with their types."""
    declared = header_lines(view, "column")
    created = re.findall(r"^CREATE OR REPLACE (VIEW|MACRO) (\w+)", view.read_text(), re.MULTILINE)
    [(kind, name)] = created
    arguments = empty_store.sql(
        "SELECT len(parameters) FROM duckdb_functions() WHERE function_name = $name",
        params={"name": name},
    ).fetchall()
    nulls = "" if kind == "VIEW" else f"({', '.join(['NULL'] * arguments[0][0])})"
    returned = empty_store.sql(f"DESCRIBE FROM {name}{nulls}").fetchall()
    assert declared == [(column, type_) for column, type_, *_ in returned][: len(declared)]


@pytest.mark.parametrize(
    "path", sorted(QUERIES.rglob("*.sql")), ids=lambda p: str(p.relative_to(QUERIES))
)
def test_files_fit_on_two_screens(path: Path) -> None:
    """No SQL file is longer than 120 lines or wider than 100 columns."""
    lines = path.read_text().splitlines()
    assert len(lines) <= LINES_MAX
    assert [line for line in lines if len(line) > COLUMNS_MAX] == []


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_golden(case: Case, tmp_path: Path, rewrite_golden: bool) -> None:
    """Each golden case returns exactly its expected rows, in order."""
    query = CATALOG[case.path.parent.name]
    with open_store(tmp_path / "store.duckdb") as connection:
        fill(connection, case)
        answer = ReadingRoom(connection).run(query, bound(case, query))
    rows = shown(answer, case.expected[0])
    if rewrite_golden:
        rewrite(case, rows)
    else:
        assert rows == case.expected, case.title


@pytest.mark.parametrize("case", COMPARING_CASES, ids=case_id)
def test_nothing_later_is_read(case: Case, tmp_path: Path) -> None:
    """As of a moment, a deployment is judged as if what starts later had never been received."""
    query = CATALOG[case.path.parent.name]
    with open_store(tmp_path / "store.duckdb") as connection:
        fill(connection, case)
        [(middle,)] = connection.sql(MIDDLE_SQL).fetchall()
        asked = bound(case, query) | {"until": middle}
        room = ReadingRoom(connection)
        before = room.run(query, asked)
        connection.execute(
            "DELETE FROM store.spans WHERE start_time_unix_nano >= epoch_ns($1)", [middle]
        )
        connection.execute(
            "DELETE FROM store.exceptions WHERE time_unix_nano >= epoch_ns($1)", [middle]
        )
        assert room.run(query, asked).equals(before)
