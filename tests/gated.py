"""Real receivers with their gates open, one for each thing that a gate may say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.database import mark_deployment
from analysis.serving import Serving, running
from receiver.settings import Address, ReceiverSettings
from receiver.storage.marks import DeploymentMark
from tests.shop import fill_shop
from tests.simulated_service import Scenario, fill

ANY_PORT = Address("127.0.0.1", 0)
BROKEN = {"service": "checkout", "version": "1.4.0"}
"""To be rolled back, in the store of the shop."""
UNDECIDED = {"service": "checkout", "version": "2.0"}
"""Marked there, and sent nothing."""
HEALTHY = {"service": "checkout", "version": "1.1"}
"""In a store of its own."""


def fill_marked_shop(store: Path) -> Path:
    """The shop, with a version that was only marked."""
    fill_shop(store)
    mark_deployment(store, DeploymentMark(service_name="checkout", service_version="2.0"))
    return store


def fill_healthy(store: Path) -> Path:
    """A version that serves half an hour beside the one before, and is as good."""
    return fill(store, Scenario(minutes=30))


@contextmanager
def gates(store: Path, keys: str = "") -> Iterator[Serving]:
    """A receiver that holds the store, with its gates on a free loopback port."""
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT, api_keys=keys)
    with running(settings, ANY_PORT, gate=ANY_PORT) as serving:
        yield serving
