"""Options of the test run, and what is dear to make and shared by many tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from analysis.report.contents import Report


# A busy machine is no bug of ours: no test is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--rewrite-golden`: write what came out into the golden files, to be read as a diff."""
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="rewrite the expected part of golden files with what came out",
    )


@pytest.fixture
def rewrite_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten in this run."""
    return bool(request.config.getoption("--rewrite-golden"))


@pytest.fixture(scope="session")
def shop_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop, of which checkout 1.4.0 breaks every second; to be read
    only."""
    from tests.shop import fill_shop

    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@pytest.fixture(scope="session")
def shop_report(shop_store: Path) -> "Report":
    """The report of checkout 1.4.0, the version that breaks paying."""
    from analysis.deployment_name import DeploymentName
    from tests.reported import report_of

    return report_of(shop_store, DeploymentName("checkout", "1.4.0"))


@pytest.fixture(scope="session")
def broken_report(tmp_path_factory: pytest.TempPathFactory) -> "Report":
    """A deployment that fails at two of four endpoints."""
    from tests.reported import BROKEN, simulated_report

    return simulated_report(tmp_path_factory.mktemp("broken"), BROKEN)


@pytest.fixture(scope="session")
def healthy_report(tmp_path_factory: pytest.TempPathFactory) -> "Report":
    """A deployment that fails no more than the one before."""
    from tests.reported import HEALTHY, simulated_report

    return simulated_report(tmp_path_factory.mktemp("healthy"), HEALTHY)


@pytest.fixture(scope="session")
def undecided_report(tmp_path_factory: pytest.TempPathFactory) -> "Report":
    """A deployment of which too little was seen."""
    from tests.reported import TOO_LITTLE, simulated_report

    return simulated_report(tmp_path_factory.mktemp("undecided"), TOO_LITTLE)


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> "Report":
    """A deployment every name of which is hostile."""
    from tests import reported

    return reported.hostile_report(tmp_path_factory.mktemp("hostile"))


# A browser that is still open has an event loop running in this thread, which others would meet.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A headless Chromium; whoever needs it is skipped where there is none."""
    from tests.browser import running_browser

    with running_browser() as running:
        yield running
