"""`deploylens trace`."""

import json
from pathlib import Path

import pytest

from analysis.exit_code import ExitCode
from tests.command_line import deploylens
from tests.shop import fill_shop, trace_id


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


def test_a_failing_order(shop: Path) -> None:
    """The waterfall of an order with 1.4.0 shows where the failure starts."""
    ended = deploylens("trace", trace_id(80), store=shop, environ={"COLUMNS": "80"})
    assert ended.code == ExitCode.DONE
    assert "the failure starts in checkout@1.4.0 (POST /pay)" in ended.out
    assert "▶       error 500: POST /pay" in ended.out
    assert "! KeyError: 'amount'" in ended.out
    assert max(len(line) for line in ended.out.splitlines()) <= 80


@pytest.mark.parametrize(
    "asked", [trace_id(80), f" {trace_id(80).upper()} ", "0" * 30 + "50", trace_id(80)[:31] + "0…"]
)
def test_an_id_is_understood_as_it_is_copied(shop: Path, asked: str) -> None:
    """Upper case, blanks around it and the ellipsis of a table do not matter."""
    ended = deploylens("trace", asked, "--format", "json", store=shop)
    assert len(json.loads(ended.out)) == 5


def test_a_uuid_is_an_id_too(shop: Path) -> None:
    """Hyphens, as the store's own UUID has them, are ignored."""
    ended = deploylens("trace", "00000000-0000-0000-0000-000000000050", store=shop)
    assert ended.code == ExitCode.DONE


def test_a_beginning_that_names_one_is_enough(shop: Path) -> None:
    """31 of the 32 digits name order 64 to 79 at once, so they are listed; 32 name one."""
    ended = deploylens("trace", trace_id(64)[:31], store=shop)
    assert ended.code == ExitCode.USAGE
    assert trace_id(64) in ended.err
    assert deploylens("trace", trace_id(64), store=shop).code == ExitCode.DONE


def test_the_rows_come_out_in_every_format(shop: Path) -> None:
    """Other formats hold the rows of the saved query `trace`, for programs."""
    rows = json.loads(deploylens("trace", trace_id(1), "--format", "json", store=shop).out)
    assert [row["service_name"] for row in rows] == [
        "web",
        "web",
        "checkout",
        "checkout",
        "payment",
    ]
    assert [row["depth"] for row in rows] == [0, 1, 2, 3, 4]
