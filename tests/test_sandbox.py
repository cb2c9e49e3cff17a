"""Which SQL of other people is run, and what it costs at most."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from analysis.catalog import Catalog
from analysis.query_error import QueryError, QueryFailed, QueryRefused
from analysis.reading_room import ReadingRoom
from analysis.sandbox import (
    HARMLESS_FUNCTIONS,
    TABLE_FUNCTIONS,
    check_statement,
    published,
)
from receiver.storage.marks import DeploymentMark, insert_mark
from receiver.storage.store import open_store

ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000000) b"
VIEWS = """
CREATE OR REPLACE MACRO doubled(x) AS x * 2;
CREATE OR REPLACE VIEW marks AS SELECT service_name, service_version FROM store.deployment_marks;
CREATE OR REPLACE MACRO marks_of(service) AS TABLE
    SELECT * FROM marks WHERE service_name = service;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, views for it, and a file that nobody may read."""
    path = tmp_path_factory.mktemp("sandbox")
    (path / "views").mkdir()
    (path / "views/10_all.sql").write_text(VIEWS)
    (path / "a.csv").write_text("a\n1\n")
    return path


@pytest.fixture(scope="module")
def writable(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A store attached for writing, as a receiver has it, with one mark in it."""
    connection = open_store(folder / "s.duckdb")
    insert_mark(connection, DeploymentMark(service_name="cart", service_version="1.0"))
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def room(writable: duckdb.DuckDBPyConnection, folder: Path) -> ReadingRoom:
    """A reading room over the writable store: nothing but the sandbox protects it."""
    return ReadingRoom(writable, folder / "views")


def marks(connection: duckdb.DuckDBPyConnection) -> int:
    """How many marks the store holds."""
    return int(connection.sql("SELECT count(*) FROM store.deployment_marks").fetchall()[0][0])


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT * FROM marks", 1),
        ("FROM marks", 1),
        ("TABLE memory.main.marks", 1),
        ("SELECT * FROM Store.Deployment_Marks", 1),
        ("SELECT * FROM store.main.deployment_marks m JOIN marks USING (service_name)", 1),
        ("SELECT doubled(count(*)) FROM marks", 1),
        ("FROM marks_of('cart')", 1),
        ("FROM marks_of('none')", 0),
        ("WITH a AS (FROM marks), b AS (FROM a) SELECT * FROM b, a", 1),
        ("WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 4) FROM n", 4),
        ("SELECT (SELECT max(service_name) FROM marks), EXISTS (FROM marks)", 1),
        ("SELECT i, sum(i) OVER (ORDER BY i) FROM range(3) t(i), unnest([1, 2]) u(v)", 6),
        ("VALUES (1), (2)", 2),
        ("SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3", 2),
        ("SELECT list_transform([1], lambda x: x + 1), {'a': 1}.a, [1, 2][1:2], 'x'.upper()", 1),
        ("SELECT 1::DECIMAL(9,2), try_cast('x' AS TIMESTAMP), now() - INTERVAL 1 DAY, random()", 1),
        ("SELECT '{\"a\": [1, 2]}'::JSON ->> '$.a[0]', regexp_replace('a', 'a', 'b')", 1),
        ("SELECT count(*) FILTER (service_name = 'cart') FROM marks GROUP BY ALL HAVING true", 1),
        ("FROM marks PIVOT (count(*) FOR service_name IN ('cart'))", 1),
        ("FROM json_each('[1, 2]')", 2),
        ("DESCRIBE marks", 2),
        ("SHOW TABLES", 1),
        ("SUMMARIZE marks", 2),
        ("SELECT 1; -- one statement and a remark", 1),
    ],
)
def test_reading_is_allowed(room: ReadingRoom, sql: str, rows: int) -> None:
    """Views, stored tables, our macros and DuckDB's functions without side effects can be used."""
    assert room.sql(sql).table.num_rows == rows


REFUSED = [
    # more or less than one statement
    "",
    " ; ",
    "SELECT 1; SELECT 2",
    "COMMIT; DROP TABLE store.spans",
    "SELECT 1; DELETE FROM store.deployment_marks",
    # statements that are no SELECT
    "DELETE FROM store.deployment_marks",
    "INSERT INTO store.deployment_marks SELECT * FROM store.deployment_marks",
    "UPDATE store.deployment_marks SET note = 'x'",
    "DROP TABLE store.deployment_marks",
    "CREATE TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW marks AS SELECT 1",
    "CREATE TEMP TABLE t (a INTEGER)",
    "ALTER TABLE store.deployment_marks DROP COLUMN note",
    "TRUNCATE store.deployment_marks",
    "ATTACH ':memory:' AS other",
    "DETACH store",
    "USE store",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY store.deployment_marks FROM '{folder}/a.csv'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "SET GLOBAL memory_limit = '100GB'",
    "RESET threads",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "CHECKPOINT store",
    "VACUUM",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM store.deployment_marks",
    "CREATE SEQUENCE s",
    "SET VARIABLE x = 1",
    "PIVOT marks ON service_name USING count(*)",
    # a SELECT that writes
    "WITH d AS (DELETE FROM store.deployment_marks RETURNING *) SELECT * FROM d",
    "WITH d AS (INSERT INTO store.deployment_marks FROM store.deployment_marks RETURNING *) FROM d",
    "WITH d AS (UPDATE store.deployment_marks SET note = 'x' RETURNING *) FROM d",
    "SELECT * FROM (WITH d AS (DELETE FROM store.deployment_marks RETURNING *) FROM d)",
    "SELECT (WITH d AS (DELETE FROM store.deployment_marks RETURNING 1) FROM d)",
    "WITH d AS (COPY (SELECT 1) TO '{folder}/out.csv') FROM d",
    "SELECT nextval('s')",
    "SELECT setseed(0.5)",
    # files
    "SELECT * FROM '{folder}/a.csv'",
    'SELECT * FROM "{folder}/a.csv"',
    "FROM read_csv('{folder}/a.csv')",
    "FROM read_text('{folder}/a.csv')",
    "FROM read_blob('/etc/passwd')",
    "FROM read_json_auto('{folder}/a.csv')",
    "FROM read_parquet('s3://bucket/a.parquet')",
    "FROM read_duckdb('{folder}/s.duckdb', table_name => 'spans')",
    "FROM sniff_csv('{folder}/a.csv')",
    "FROM glob('/etc/*')",
    "FROM parquet_metadata('{folder}/a.csv')",
    "DESCRIBE '{folder}/a.csv'",
    "SUMMARIZE FROM read_csv('{folder}/a.csv')",
    "SELECT * FROM marks WHERE EXISTS (FROM '{folder}/a.csv')",
    "SELECT * FROM marks JOIN LATERAL (FROM '{folder}/a.csv') ON true",
    "SELECT 1 ORDER BY (SELECT count(*) FROM '{folder}/a.csv')",
    "SELECT 1 LIMIT (SELECT count(*) FROM '{folder}/a.csv')",
    "SELECT [x for x in (SELECT list(a) FROM '{folder}/a.csv')]",
    "SELECT count(*) FILTER (WHERE EXISTS (FROM '{folder}/a.csv')) FROM marks",
    "SELECT sum(1) OVER (ORDER BY (SELECT a FROM '{folder}/a.csv')) FROM marks",
    "FROM (FROM '{folder}/a.csv') PIVOT (count(*) FOR a IN (1))",
    "VALUES ((SELECT a FROM '{folder}/a.csv'))",
    # a WITH name does not open the file of that name
    'WITH "{folder}/a.csv" AS (FROM "{folder}/a.csv") FROM "{folder}/a.csv"',
    'SELECT (WITH "{folder}/a.csv" AS (SELECT 1) SELECT 1), * FROM "{folder}/a.csv"',
    'WITH a AS (FROM "{folder}/a.csv"), "{folder}/a.csv" AS (SELECT 1) FROM a',
    # tables of the engine and of other catalogs
    "FROM duckdb_settings()",
    "FROM duckdb_secrets()",
    "FROM duckdb_databases",
    "FROM information_schema.tables",
    "FROM pg_catalog.pg_tables",
    "FROM sqlite_master",
    "FROM system.main.duckdb_tables",
    "FROM temp.main.marks",
    "FROM other.spans",
    "FROM store.temp.spans",
    "FROM store.main.sqlite_master",
    "SHOW DATABASES",
    "SHOW VARIABLES",
    # functions that run SQL, write, wait, or tell about the process
    "FROM query('DELETE FROM store.deployment_marks')",
    "FROM query_table('{folder}/a.csv')",
    "FROM histogram('{folder}/a.csv', a)",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT json_serialize_plan('SELECT 1')",
    "FROM enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "FROM enable_profiling()",
    "FROM checkpoint()",
    "FROM force_checkpoint('store')",
    "FROM python_map_function(0)",
    "FROM arrow_scan(0, 0, 0)",
    "FROM pandas_scan(0)",
    "FROM seq_scan('spans')",
    "FROM pragma_database_size()",
    "FROM pragma_storage_info('spans')",
    "FROM test_all_types()",
    "SELECT getenv('HOME')",
    "SELECT system.main.getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('x')",
    "SELECT current_query()",
    "SELECT write_log('x')",
    "SELECT sleep_ms(1)",
    "SELECT pg_sleep(1)",
    "SELECT error('x')",
    "SELECT pg_catalog.pg_get_viewdef(1)",
    "SELECT stats(1)",
    "SELECT __internal_compress_string_ubigint('x')",
    "SELECT doubled(getenv('HOME'))",
    "SELECT list_transform(['HOME'], lambda x: getenv(x))",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_all_else_is_refused(
    room: ReadingRoom, writable: duckdb.DuckDBPyConnection, folder: Path, sql: str
) -> None:
    """What is not reading of published things is refused before it runs, and nothing changes."""
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(QueryRefused):
        room.sql(sql.replace("{folder}", str(folder)))
    assert marks(writable) == 1
    assert sorted(path.name for path in folder.iterdir()) == before


def test_no_table_function_is_open_by_accident(
    room: ReadingRoom, writable: duckdb.DuckDBPyConnection
) -> None:
    """Every table function that this DuckDB has is refused, but for those on the list."""
    kinds = "('table', 'table_macro', 'pragma')"
    names = writable.sql(
        f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN {kinds}"
    ).fetchall()
    for (name,) in names:
        if name not in TABLE_FUNCTIONS | {"marks_of"}:
            with pytest.raises(QueryRefused, match=f"table function {name}"):
                room.sql(f'FROM "{name}"()')
    assert len(names) > 100


def test_no_function_with_side_effects_is_open(
    writable: duckdb.DuckDBPyConnection, room: ReadingRoom
) -> None:
    """Every function that DuckDB says is volatile is refused, but for those on the list."""
    names = writable.sql(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE has_side_effects"
    ).fetchall()
    for (name,) in names:
        if name not in HARMLESS_FUNCTIONS:
            with pytest.raises(QueryRefused, match=f"function {name}"):
                room.sql(f"SELECT {name}()")
    assert len(names) > 10


@pytest.mark.parametrize("depth", [900, 5000])
def test_deep_nesting_is_an_error_of_the_query(room: ReadingRoom, depth: int) -> None:
    """A statement nested deeper than anybody writes is refused, not a crash."""
    with pytest.raises(QueryError):
        room.sql("SELECT " + "abs(" * depth + "1" + ")" * depth)


def test_python_variables_are_not_tables(room: ReadingRoom) -> None:
    """A name that is a variable of the calling program is no table."""
    secret = duckdb.connect().sql("SELECT 'secret' AS word").to_arrow_table()
    assert secret.num_rows == 1
    with pytest.raises(QueryRefused, match="there is no table 'secret'"):
        room.sql("SELECT * FROM secret")


def test_mistakes_show_their_place(room: ReadingRoom) -> None:
    """SQL that does not parse is answered with DuckDB's message, line and caret."""
    with pytest.raises(QueryFailed, match=r"LINE 1: SELEC 1\n"):
        room.sql("SELEC 1")


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("FROM mraks", r"there is no table 'mraks' to read\. Did you mean 'marks'\?"),
        ("FROM store.deployment_mark", r"Did you mean 'store\.deployment_marks'\?"),
        ("SELECT uper('x')", r"function uper\(\) is unknown or not allowed here\. Did you mean"),
        ("FROM rnge(3)", r"table function rnge\(\) is not allowed here\. Allowed: generate_series"),
        ("SELECT 1; SELECT 2", "one SELECT at a time; this is 2 statements"),
        ("DROP TABLE x", "only a SELECT is run here"),
        ("WITH a AS (DELETE FROM x RETURNING *) FROM a", "DELETE is not allowed here"),
    ],
)
def test_refusals_say_what_they_met(room: ReadingRoom, sql: str, hint: str) -> None:
    """A refusal names the thing refused and what may have been meant."""
    with pytest.raises(QueryRefused, match=hint):
        room.sql(sql)


def test_parameters_are_bound(room: ReadingRoom) -> None:
    """Values stand for `$name` and are never part of the SQL text."""
    answer = room.sql("SELECT $a AS a", {"a": "'; DROP TABLE x; --"})
    assert answer.table.to_pylist() == [{"a": "'; DROP TABLE x; --"}]


def test_packaged_queries_pass_the_sandbox(tmp_path: Path) -> None:
    """Every query that is shipped may also be sent as text, to a receiver of another version."""
    with closing(open_store(tmp_path / "s.duckdb")) as connection:
        ReadingRoom(connection)
        offered = published(connection)
        for query in Catalog.load():
            assert check_statement(connection, query.sql, offered)
