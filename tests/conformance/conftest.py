"""Receivers for tests that look at answers only, and a store for those that look into it."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from analysis.serving import Serving, running
from receiver.signals import Signal
from tests.conformance.receivers import Said, Transport, settings
from tests.conformance.refusals import LIMIT_BYTES, Refusal

Provoke = Callable[[Refusal, Transport, Signal], Said]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a receiver of the test's own writes."""
    return tmp_path / "s.duckdb"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A receiver that the tests of a module share."""
    store = tmp_path_factory.mktemp("shared") / "s.duckdb"
    with running(settings(store), api=None) as running_now:
        yield running_now


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A receiver that takes requests of LIMIT_BYTES at most, shared as well."""
    store = tmp_path_factory.mktemp("limited") / "s.duckdb"
    with running(settings(store, request_bytes_max=LIMIT_BYTES), api=None) as running_now:
        yield running_now


@pytest.fixture(scope="session")
def provoke(tmp_path_factory: pytest.TempPathFactory) -> Provoke:
    """The answer to a request that is refused in this way, each provoked once."""

    @cache
    def provoked(refusal: Refusal, transport: Transport, signal: Signal) -> Said:
        store = tmp_path_factory.mktemp("refused") / "s.duckdb"
        return refusal.provoke(store, transport, signal)

    return provoked
