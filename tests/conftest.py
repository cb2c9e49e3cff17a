"""Options of the test run."""

import pytest


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
