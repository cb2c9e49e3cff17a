"""What is said when there is nothing to show."""

import os
from pathlib import Path

import pytest

from analysis.empty_states import nothing_stored
from analysis.exit_code import ExitCode
from receiver.lease import Lease, remove_lease, write_lease
from receiver.storage.store import open_store
from tests.command_line import deploylens
from tests.shop import fill_shop

ASKED = (
    ["deployments"],
    ["check", "shop@1"],
    ["report", "shop@1"],
    ["incident"],
    ["backtest"],
    ["trace", "3f"],
    ["explain-exception", "3f2a9c"],
    ["query", "deployments"],
    ["query", "failing_endpoints", "-p", "service_name=shop", "-p", "service_version=1"],
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that has never received anything."""
    path = tmp_path_factory.mktemp("empty") / "empty.duckdb"
    open_store(path).close()
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop, which ended long ago."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@pytest.mark.parametrize("asked", ASKED, ids=lambda words: words[0])
def test_an_empty_store_says_what_to_do(empty: Path, asked: list[str]) -> None:
    """Every command names the store it looked at, and both ways to fill it."""
    ended = deploylens(*asked, store=empty)
    assert ended.out == ""
    words = ended.err.lower()
    assert f"no span is stored yet in {empty}." in words
    assert f"deploylens serve --store {empty}" in words
    assert f"deploylens import --store {empty}" in words


@pytest.mark.parametrize("asked", ASKED, ids=lambda words: words[0])
def test_a_store_that_is_not_there_says_what_to_do(tmp_path: Path, asked: list[str]) -> None:
    """Without a store every command names the one it looked for, and how to make it."""
    store = tmp_path / "none.duckdb"
    ended = deploylens(*asked, store=store)
    assert ended.code == ExitCode.NO_STORE
    assert f"there is no store at {store}" in ended.err
    assert "deploylens serve" in ended.err


def test_a_receiver_that_runs_is_where_to_send(empty: Path) -> None:
    """When a receiver holds the store, its own addresses are told, not the usual ones."""
    lease = Lease(os.getpid(), None, "token", "127.0.0.1:24317", "127.0.0.1:24318", 0, 1)
    write_lease(empty, lease)
    try:
        words = nothing_stored(empty)
    finally:
        remove_lease(empty)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:24317" in words
    assert "http://127.0.0.1:24318" in words
    assert "deploylens serve" not in words


def test_names_that_match_nothing_say_what_there_is(shop: Path) -> None:
    """A service, an environment or a window without deployments gets what is stored instead."""
    service = deploylens("deployments", "--service", "chekout", store=shop)
    assert "No service 'chekout' is stored. Did you mean 'checkout'?" in service.err
    environment = deploylens("deployments", "--environment", "dev", store=shop)
    assert "has no environment 'dev'" in environment.err
    window = deploylens("deployments", "--since", "2027-01-01", store=shop)
    assert "No deployments match --since 2027-01-01. Stored: checkout@1.4.0" in window.err
    assert (service.code, environment.code, window.code) == (ExitCode.DONE,) * 3


def test_an_incident_without_spans_is_no_all_clear(shop: Path) -> None:
    """A window in which nothing is stored says so, and where the latest span is."""
    ended = deploylens("incident", "--at", "2026-12-24T12:00Z", store=shop)
    assert "Nothing is stored since 2026-12-24 11:00 UTC." in ended.err
    assert "deploylens incident --at 2026-11-21T10:39Z" in ended.err
    assert deploylens("incident", "--at", "2026-11-21T10:40Z", store=shop).err == ""


def test_unknown_queries_lead_to_the_list(shop: Path) -> None:
    """A query that nothing has names the one that was meant, and where they all are."""
    ended = deploylens("query", "failing_endpoint", store=shop)
    assert ended.code == ExitCode.USAGE
    assert "Did you mean 'failing_endpoints'?" in ended.err
    assert "deploylens queries" in ended.err
