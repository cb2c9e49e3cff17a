"""Commands whose rows come out: deployments, queries, query, sql."""

import csv
import io
import json
from pathlib import Path

import pytest

from analysis.exit_code import ExitCode
from tests.command_line import deploylens
from tests.ingest import stored, trace_request
from tests.shop import fill_shop

CHECKOUT = ("-p", "service_name=checkout", "-p", "service_version=1.4.0")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


def test_deployments_are_listed_latest_first(shop: Path) -> None:
    """One line per version with its state and its traffic; other columns are in other formats."""
    ended = deploylens("deployments", store=shop)
    header, *lines = ended.out.splitlines()
    assert ended.code == ExitCode.DONE
    assert ended.err.startswith("Latest stored: 2026-11-21 10:39 UTC")
    assert [line.split()[2:4] for line in lines] == [
        ["checkout", "1.4.0"],
        ["payment", "2.0"],
        ["checkout", "1.3.9"],
        ["web", "7"],
    ]
    assert "failing" in header
    assert "service_namespace" not in header
    assert "50 %" in lines[0]


def test_deployments_can_be_narrowed(shop: Path) -> None:
    """Service, environment and time narrow the list; json holds every column, unknown as null."""
    asked = ("--service", "checkout", "--environment", "prod", "--until", "2026-11-21T10:15Z")
    ended = deploylens("deployments", *asked, "--format", "json", store=shop)
    (row,) = json.loads(ended.out)
    assert row["service_version"] == "1.3.9"
    assert row["first_seen"] == "2026-11-21T10:00:00.010000000Z"
    assert row["requests"] == 60
    assert row["deployment_id"] is None


def test_a_query_tells_what_it_compares(shop: Path) -> None:
    """A table of a comparison has candidate and baseline above it, and not in every row."""
    ended = deploylens("query", "failing_endpoints", *CHECKOUT, store=shop)
    lines = ended.out.splitlines()
    assert lines[0] == "candidate  checkout 1.4.0 in prod, 2026-11-21 10:30:00 to 10:39:30 UTC"
    assert lines[1] == "baseline   1.3.9 (before it), 2026-11-21 10:00:00 to 10:29:30 UTC"
    assert lines[3].split()[:3] == ["endpoint", "candidate_requests", "candidate_failures"]
    assert "baseline_kind" not in ended.out
    assert lines[5].startswith("POST /pay")
    assert lines[5].split()[2:4] == ["20", "10"]


@pytest.mark.parametrize("name", ["json", "jsonl", "csv", "markdown"])
def test_every_format_holds_the_same_rows(shop: Path, name: str) -> None:
    """Whatever the format, the columns are all there and the rows are the same."""
    text = deploylens("query", "failing_endpoints", *CHECKOUT, "--format", name, store=shop).out
    if name == "json":
        (row,) = json.loads(text)
    elif name == "jsonl":
        row = json.loads(text)
    elif name == "csv":
        (row,) = csv.DictReader(io.StringIO(text))
    else:
        header, _, line = (part.strip("| ").split(" | ") for part in text.splitlines())
        row = dict(zip(header, line, strict=True))
    assert row["endpoint"] == "POST /pay"
    assert str(row["candidate_failures"]) == "10"
    assert row["baseline_kind"] == "before"
    assert row["candidate_from"] == "2026-11-21T10:30:00.010000000Z"


def test_the_format_can_be_set_for_good(shop: Path, tmp_path: Path) -> None:
    """DEPLOYLENS_FORMAT and deploylens.toml say what --format does not."""
    (tmp_path / "deploylens.toml").write_text(f'store = "{shop}"\nformat = "jsonl"')
    from_file = deploylens("sql", "SELECT 1 AS n", here=tmp_path)
    from_environment = deploylens(
        "sql", "SELECT 1 AS n", here=tmp_path, environ={"DEPLOYLENS_FORMAT": "csv"}
    )
    from_flag = deploylens("sql", "SELECT 1 AS n", "--format", "json", here=tmp_path)
    assert from_file.out == '{"n": 1}\n'
    assert from_environment.out == "n\n1\n"
    assert from_flag.out == '[\n{"n": 1}\n]\n'


def test_the_store_option_may_stand_before_the_command(shop: Path) -> None:
    """`--store` is understood before and after the command; the later one wins."""
    before = deploylens("--store", shop, "sql", "SELECT 1 AS n", "--format", "csv")
    after = deploylens("--store", "/no/such", "sql", "SELECT 1 AS n", "--format", "csv", store=shop)
    assert before.out == after.out == "n\n1\n"


def test_a_narrow_terminal_gets_what_fits(shop: Path) -> None:
    """At 80 columns no line is longer, and what has no room is named on standard error."""
    ended = deploylens("query", "error_timeline", *CHECKOUT, store=shop, environ={"COLUMNS": "80"})
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    assert "failures" in ended.out.splitlines()[4]
    assert ended.err.startswith("No room for ")
    assert "--format json" in ended.err


def test_no_rows_are_said_in_words(shop: Path) -> None:
    """A table without rows prints nothing, and tells on standard error that there is nothing."""
    quiet = ("-p", "service_name=payment", "-p", "service_version=2.0")
    ended = deploylens("query", "failing_endpoints", *quiet, store=shop)
    assert (ended.code, ended.out) == (ExitCode.DONE, "")
    assert ended.err == "No rows: there is nothing of this kind to report.\n"


def test_no_rows_of_an_unknown_service_say_so(shop: Path) -> None:
    """An empty answer about a service or version that nobody knows is a failure, not good news."""
    mistyped = ("-p", "service_name=chekout", "-p", "service_version=1.4.0")
    ended = deploylens("query", "failing_endpoints", *mistyped, store=shop)
    assert "no service 'chekout' is stored. Did you mean 'checkout'?" in ended.err
    assert (ended.code, ended.out) == (ExitCode.FAILED, "")
    older = ("-p", "service_name=checkout", "-p", "service_version=1.3.8")
    ended = deploylens("query", "failing_endpoints", *older, store=shop)
    assert "checkout has no version '1.3.8'. Did you mean '1.3.9'?" in ended.err
    assert (ended.code, ended.out) == (ExitCode.FAILED, "")


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    """Before the first span every command says how to send one; programs get an empty array."""
    store = tmp_path / "s.duckdb"
    assert deploylens("mark", "shop", "1", store=store).code == ExitCode.DONE
    stored(tmp_path / "empty.duckdb")
    for asked in (["deployments"], ["query", "deployments"]):
        ended = deploylens(*asked, store=tmp_path / "empty.duckdb")
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in ended.err
        assert deploylens(*asked, "--format", "json", store=tmp_path / "empty.duckdb").out == "[]\n"


def test_show_sql_prints_the_statement(shop: Path) -> None:
    """What `--show-sql` prints runs as it is, without a store at hand."""
    ended = deploylens("query", "traces_by_id", "--show-sql", store=Path("/no/such/store"))
    assert ended.code == ExitCode.DONE
    assert ended.out.startswith("SELECT")
    assert "$id_start" in ended.out


def test_queries_are_listed_and_described() -> None:
    """The list holds name and title; a name gets its parameters and columns."""
    listed = json.loads(deploylens("queries", "--format", "json").out)
    assert {"name", "title", "origin"} == set(listed[0])
    assert "failing_endpoints" in [row["name"] for row in listed]
    described = deploylens("queries", "example_traces").out
    assert "service_name  VARCHAR, must be given" in described
    assert "rows_max  BIGINT, default 10" in described
    assert "trace_id  VARCHAR" in described
    facts = json.loads(deploylens("queries", "example_traces", "--format", "json").out)
    assert {"parameter", "column"} == {fact["what"] for fact in facts}


def test_a_query_of_ones_own(shop: Path, tmp_path: Path) -> None:
    """A file in ./deploylens-queries or a named folder is a query; what it shadows is refused."""
    folder = tmp_path / "deploylens-queries"
    folder.mkdir()
    (folder / "busy.sql").write_text(
        "-- Services by spans.\n-- param at_least BIGINT = 100: spans\n"
        "-- column service_name VARCHAR: service\n-- column n BIGINT: spans\n"
        "SELECT service_name, count(*) AS n FROM spans GROUP BY ALL HAVING n >= $at_least"
        " ORDER BY n DESC, service_name"
    )
    ended = deploylens(
        "query", "busy", "-p", "at_least=150", "--format", "csv", store=shop, here=tmp_path
    )
    assert ended.out == "service_name,n\ncheckout,160\nweb,160\n"
    (folder / "deployments.sql").write_text("-- Mine.\n-- column a INTEGER: a\nSELECT 1 AS a")
    ended = deploylens("query", "deployments", store=shop, here=tmp_path)
    assert ended.code == ExitCode.DONE
    assert "checkout" in ended.out
    assert "deployments.sql is not used: the query name 'deployments' is taken by" in ended.err
    assert "deployments.sql is not used" in deploylens("queries", here=tmp_path).err


def test_sql_is_answered_and_cut(shop: Path) -> None:
    """Rows past the limit are left out, and that is said."""
    ended = deploylens(
        "sql", "SELECT span_id FROM spans", "--limit", "3", "--format", "jsonl", store=shop
    )
    assert len(ended.out.splitlines()) == 3
    assert "first 3 rows" in ended.err
    whole = deploylens("sql", "SELECT count(*) AS n FROM requests", "--format", "csv", store=shop)
    assert (whole.out, whole.err) == ("n\n240\n", "")


def test_hostile_names_reach_no_terminal(tmp_path: Path) -> None:
    """A service named with escapes, markup and a formula is shown as text in every command."""
    store = tmp_path / "s.duckdb"
    name = "=cmd|'/c calc'\x1b]0;owned\x07[bold]\u202e"
    stored(store, trace_request(resource={"service.name": name, "service.version": "1\x1b[2J"}))
    commands = (
        ["deployments"],
        ["deployments", "--format", "csv"],
        ["deployments", "--format", "markdown"],
        ["deployments", "--format", "json"],
        ["sql", "SELECT service_name FROM spans"],
        ["trace", "00000000000000000000000000000001"],
        ["report", f"{name}@1\x1b[2J"],
        ["report", "other@1"],
        ["query", "failing_endpoints", "-p", f"service_name={name}", "-p", "service_version=2"],
    )
    for command in commands:
        ended = deploylens(*command, store=store)
        assert not set(ended.out + ended.err) & {"\x1b", "\x07", "\u202e"}, command
        assert "\\u202e" in ended.out + ended.err
    assert (
        deploylens("deployments", "--format", "csv", store=store)
        .out.splitlines()[1]
        .startswith(",'=cmd")
    )
