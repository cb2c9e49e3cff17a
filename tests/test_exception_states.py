"""What the states of exceptions rest on: the order of versions, evidence, fingerprints named."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from analysis.catalog import Catalog
from analysis.query_error import QueryFailed
from analysis.reading_room import ReadingRoom
from benchmarks.newness import Deployments, simulated
from receiver.storage.store import open_store
from tests.golden import fill, read_case

CASES = Path(__file__).with_name("queries")
# The examples of https://semver.org/spec/v2.0.0.html, item 11, in their order.
SEMVER = (
    *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
    *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"),
)


@pytest.fixture(scope="module")
def macros(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """An instance with an empty store and the macros of the saved queries."""
    with open_store(tmp_path_factory.mktemp("macros") / "store.duckdb") as connection:
        ReadingRoom(connection)
        yield connection


def order(macros: duckdb.DuckDBPyConnection, version: str) -> str | None:
    """What the version sorts by."""
    [(text,)] = macros.sql("SELECT version_order($v)", params={"v": version}).fetchall()
    return text if text is None else str(text)


@pytest.mark.parametrize(
    ("earlier", "later"), [*pairwise(SEMVER), ("1.9.0", "1.10.0"), ("1.2", "1.2.1")]
)
def test_versions_in_order(macros: duckdb.DuckDBPyConnection, earlier: str, later: str) -> None:
    """Versions have the precedence of semver.org 2.0.0, item 11."""
    before, after = order(macros, earlier), order(macros, later)
    assert before is not None
    assert after is not None
    assert before < after


@pytest.mark.parametrize("same", ["v1.2.0", "1.2", "1.2.0+build.7", "1.2.0.0", "01.02.0"])
def test_one_version_written_differently(macros: duckdb.DuckDBPyConnection, same: str) -> None:
    """A leading v, build metadata, numbers left out and zeros in front count for nothing."""
    assert order(macros, same) == order(macros, "1.2.0")


@pytest.mark.parametrize("name", ["", "main", "7", "3f2a91c", "1.2.x", "1.2.0-", "1" * 300 + ".0"])
def test_versions_without_order(macros: duckdb.DuckDBPyConnection, name: str) -> None:
    """A name, a commit or a lone number has no order."""
    assert order(macros, name) is None


def test_evidence_of_a_higher_rate(macros: duckdb.DuckDBPyConnection) -> None:
    """Its mean over all that chance may give is 1, and it stays finite."""
    [(mean, none, finite)] = macros.sql("""
        SELECT
            (SELECT sum(p.p * escalation_e_value(p.k, 3 - p.k, 0.2)) FROM (
                VALUES (0, 0.512), (1, 0.384), (2, 0.096), (3, 0.008)) AS p(k, p)),
            escalation_e_value(0, 0, 0.5),
            escalation_e_value(1e6, 1e6, 0.001)
    """).fetchall()
    assert mean == pytest.approx(1)
    assert none == pytest.approx(1)
    assert 1e290 < finite < float("inf")


def test_an_ambiguous_beginning(tmp_path: Path) -> None:
    """A beginning that several fingerprints share is refused, and they are named."""
    with open_store(tmp_path / "store.duckdb") as connection:
        fill(connection, read_case(CASES / "exception_occurrences" / "loose.toml"))
        connection.execute("""
            UPDATE store.exceptions SET fingerprint = 'abcdef0000000002'
            WHERE exception_message = 'two'
        """)
        room, query = ReadingRoom(connection), Catalog.load()["exception_occurrences"]
        with pytest.raises(QueryFailed, match="abcdef0000000001, abcdef0000000002"):
            room.run(query, {"fingerprint": "ABCDEF"})
        assert room.run(query, {"fingerprint": "abcdef0000000001"}).num_rows == 3


def test_new_is_calibrated(tmp_path: Path) -> None:
    """Of identical versions nothing is proven new, though much was never seen; a new one is."""
    same = simulated(tmp_path / "same.duckdb", Deployments(count=9, seed=1))
    assert same.by_rule["probability_not_new"].deployments_flagged == 0
    assert same.by_rule["not seen before"].deployments_flagged >= 6
    assert (same.false_regressed, same.false_escalating) == (0, 0)
    broken = simulated(tmp_path / "new.duckdb", Deployments(count=3, seed=2, new_rate=0.1))
    assert broken.by_rule["probability_not_new"].found == 3
