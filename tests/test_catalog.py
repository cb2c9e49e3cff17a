"""The catalogue of saved queries, their header grammar, and the values of their parameters."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from analysis.catalog import (
    Catalog,
    QueryFolderError,
    QueryHeaderError,
    QueryNameError,
    packaged_queries,
    user_query_folders,
)
from analysis.saved_query import read_saved_query, used_parameters, without_tail

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

FAILING = """\
-- Endpoints that fail.
-- Counts are raw; rates are weighted.
-- param service_name VARCHAR: the service
-- param since TIMESTAMP = NULL: first moment
-- param step INTERVAL = '1 minute': width of a bucket
-- param rows_max BIGINT = 10: how many
-- column endpoint VARCHAR: which endpoint
-- column sizes STRUCT(a INTEGER, b DECIMAL(18,3))[]: how large
--
-- Strongest first.

-- A comment of the statement may say $nothing.
SELECT endpoint, sizes FROM requests
WHERE service_name = $service_name AND start_time >= $since::TIMESTAMP AND '$no' <> "$neither"
LIMIT $rows_max + epoch($step)::BIGINT;
"""


def write(folder: Path, name: str, text: str) -> Path:
    """A query file in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.sql"
    path.write_text(text)
    return path


def test_header_declares_the_query(tmp_path: Path) -> None:
    """Title, description, parameters and columns are read from the header; the rest is the SQL."""
    saved = read_saved_query(write(tmp_path, "failing", FAILING), trusted=True)
    assert saved.name == "failing"
    assert saved.title == "Endpoints that fail."
    assert saved.description == "Counts are raw; rates are weighted.\n\nStrongest first."
    assert [(p.name, p.type, p.default, p.required) for p in saved.parameters] == [
        ("service_name", "VARCHAR", None, True),
        ("since", "TIMESTAMP", "NULL", False),
        ("step", "INTERVAL", "'1 minute'", False),
        ("rows_max", "BIGINT", "10", False),
    ]
    assert [(c.name, c.type) for c in saved.columns] == [
        ("endpoint", "VARCHAR"),
        ("sizes", "STRUCT(a INTEGER, b DECIMAL(18,3))[]"),
    ]
    assert saved.sql.startswith("-- A comment of the statement")
    assert saved.sql.endswith("::BIGINT")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("SELECT 1", "first line must be the title"),
        ("-- param a VARCHAR: x\nSELECT $a", "first line must be the title"),
        ("-- T.\n-- param a: x\nSELECT $a", "broken.sql:2: 'param a: x' is not"),
        ("-- T.\n-- param a TEXT: x\nSELECT $a", "'a' has type 'TEXT'"),
        ("-- T.\n-- param a BIGINT = 'x': x\nSELECT $a", "default of parameter 'a': 'x' is not a"),
        ("-- T.\n-- param a VARCHAR = x: x\nSELECT $a", "write it as 'x'"),
        ("-- T.\n-- column a\nSELECT 1 AS a", "'column a' is not '-- column name TYPE: text'"),
        ("-- T.\n-- column a INTEGER: x\n-- column a INTEGER: x\nSELECT 1", "declared twice"),
        ("-- T.\nSELECT $a", "$a is used but not declared"),
        ("-- T.\n-- param servce VARCHAR: x\nSELECT $service", "Did you mean 'servce'?"),
        ("-- T.\n-- param a VARCHAR: x\nSELECT '$a'", "'a' is declared but not used"),
        ("-- T.\nDELETE FROM spans", "after the header comes one SELECT"),
        ("-- T.\n", "after the header comes one SELECT"),
    ],
)
def test_broken_headers_are_named(tmp_path: Path, text: str, named: str) -> None:
    """A file that breaks the grammar is refused with its name, the fault and what to write."""
    with pytest.raises(QueryHeaderError) as refused:
        read_saved_query(write(tmp_path, "broken", text), trusted=False)
    assert named in str(refused.value)
    assert "broken.sql" in str(refused.value)


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is a broken query, not a crash."""
    path = tmp_path / "binary.sql"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(QueryHeaderError, match="cannot be read as UTF-8"):
        read_saved_query(path, trusted=False)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT $a, $b_2::INTEGER, 'it''s $c', \"$d\", $$ $e $$, $q$ $f $q$ -- $g",
        "SELECT e'\\'$a', $b /* $c */ FROM (SELECT $d) WHERE x->>'$.e' = $f",
        "SELECT 1",
    ],
)
def test_used_parameters_are_those_duckdb_binds(sql: str) -> None:
    """The scan for `$name` finds exactly the names that DuckDB's parser finds."""
    assert used_parameters(sql) == duckdb.extract_statements(sql)[0].named_parameters


@pytest.mark.parametrize(
    ("sql", "statement"),
    [
        ("SELECT 1 ; ;\n", "SELECT 1"),
        ("SELECT 1; -- done", "SELECT 1"),
        ("SELECT 1 /* a */; -- b;\n/* c */ ;", "SELECT 1"),
        ("SELECT ';' -- a", "SELECT ';'"),
        ("SELECT '-- a;'", "SELECT '-- a;'"),
        ("SELECT 1 -- a\n + 1", "SELECT 1 -- a\n + 1"),
    ],
)
def test_what_follows_the_statement_is_cut(sql: str, statement: str) -> None:
    """Semicolons and comments after a statement go; those within it stay."""
    assert without_tail(sql) == statement


def test_packaged_queries_have_no_problems() -> None:
    """Every query that is shipped keeps the grammar and declares what DuckDB binds."""
    catalog = Catalog.load()
    assert catalog.problems == {}
    for saved in catalog:
        assert saved.trusted
        (statement,) = duckdb.extract_statements(saved.sql)
        assert statement.named_parameters == {p.name for p in saved.parameters}


def test_packaged_queries_lie_beside_the_package() -> None:
    """The folder of our own queries is found and holds the views."""
    assert (packaged_queries() / "views").is_dir()


def test_folders_are_read_in_depth_but_for_views(tmp_path: Path) -> None:
    """Queries may lie in subfolders; files under `views` are no queries."""
    write(tmp_path / "errors", "failing", FAILING)
    write(tmp_path, "another", "-- Another.\nSELECT 1")
    write(tmp_path / "views", "spans", "CREATE VIEW spans AS SELECT 1")
    catalog = Catalog.load(packaged=tmp_path)
    assert [saved.name for saved in catalog] == ["another", "failing"]
    assert "failing" in catalog
    assert len(catalog) == 2


def test_users_queries_are_not_trusted(tmp_path: Path) -> None:
    """A query from a user's folder stands beside ours and is marked as not ours."""
    write(tmp_path / "ours", "ours", "-- Ours.\nSELECT 1")
    write(tmp_path / "theirs", "theirs", "-- Theirs.\nSELECT 1")
    catalog = Catalog.load([tmp_path / "theirs"], packaged=tmp_path / "ours")
    assert catalog["ours"].trusted
    assert not catalog["theirs"].trusted


def test_nothing_is_shadowed(tmp_path: Path) -> None:
    """A packaged name stays ours: the user's file is refused, both named, and all else works."""
    ours = write(tmp_path / "ours", "failing", FAILING)
    theirs = write(tmp_path / "theirs", "failing", FAILING)
    write(tmp_path / "theirs", "fine", "-- Fine.\nSELECT 1")
    catalog = Catalog.load([tmp_path / "theirs"], packaged=tmp_path / "ours")
    assert catalog["failing"].path == ours
    assert catalog["failing"].trusted
    assert str(ours) in catalog.refused["failing"]
    assert str(theirs) in catalog.refused["failing"]
    assert catalog.problems == {}
    assert catalog["fine"].title == "Fine."


def test_two_files_of_the_user_with_one_name(tmp_path: Path) -> None:
    """A name that two of the user's files claim is an error that names both."""
    one = write(tmp_path / "one", "failing", FAILING)
    other = write(tmp_path / "other", "failing", FAILING)
    catalog = Catalog.load([tmp_path / "one", tmp_path / "other"], packaged=tmp_path / "none")
    with pytest.raises(QueryNameError) as refused:
        catalog["failing"]
    assert str(one) in str(refused.value)
    assert str(other) in str(refused.value)
    assert list(catalog.problems) == ["failing"]


def test_a_folder_named_twice_is_read_once(tmp_path: Path) -> None:
    """The same folder by two names does not claim its own names twice."""
    write(tmp_path / "mine", "fine", "-- Fine.\nSELECT 1")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    catalog = Catalog.load([tmp_path / "mine", tmp_path / "link"], packaged=tmp_path / "none")
    assert catalog.problems == {}
    assert len(catalog) == 1


def test_a_broken_file_spoils_only_its_own_name(tmp_path: Path) -> None:
    """One broken query is told when it is asked for; the others go on working."""
    write(tmp_path, "broken", "-- Broken.\nSELECT $undeclared")
    write(tmp_path, "fine", "-- Fine.\nSELECT 1")
    catalog = Catalog.load(packaged=tmp_path)
    assert catalog["fine"].title == "Fine."
    with pytest.raises(QueryHeaderError, match=r"\$undeclared is used but not declared"):
        catalog["broken"]


def test_an_unknown_name_gets_a_suggestion(tmp_path: Path) -> None:
    """A mistyped query name is answered with the one that was probably meant."""
    write(tmp_path, "failing_endpoints", "-- Fine.\nSELECT 1")
    with pytest.raises(QueryNameError, match="Did you mean 'failing_endpoints'"):
        Catalog.load(packaged=tmp_path)["failing_endpoint"]


def test_user_folders(tmp_path: Path) -> None:
    """Own queries come from the home folder, the current folder and those named, if they exist."""
    home, here, named = tmp_path / "home", tmp_path / "here", tmp_path / "named"
    for folder in (home / ".config/deploylens/queries", here / "deploylens-queries", named):
        folder.mkdir(parents=True)
    environ = {"HOME": str(home)}
    assert user_query_folders([named], environ, here) == [
        home / ".config/deploylens/queries",
        here / "deploylens-queries",
        named,
    ]
    assert user_query_folders([], {"HOME": "/nowhere"}, tmp_path) == []
    assert user_query_folders(
        [], {"HOME": "/", "XDG_CONFIG_HOME": str(home / ".config")}, home
    ) == [home / ".config/deploylens/queries"]


def test_a_named_folder_must_exist(tmp_path: Path) -> None:
    """A folder given with --queries that is not there is an error, not an empty catalogue."""
    with pytest.raises(QueryFolderError, match="no such folder"):
        user_query_folders([tmp_path / "gone"], {}, tmp_path)
