"""Rows as a table for a terminal."""

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from analysis.formats.text_table import text_table
from analysis.formats.text_width import text_width, wrapped
from analysis.rows import Column, Kind, Rows, rows_from_arrow

WIDE = """
SELECT 'GET /api/v1/contacts/{id}' AS endpoint, 7 + i AS candidate_requests,
    0.0526::DOUBLE AS failure_rate,
    TIMESTAMP_NS '2026-11-21 09:26:00.123456789' AS first_failure, 1234567 AS duration_ns,
    'a very long message that goes on and on and on' AS message, i AS last_one
FROM range(2) AS t(i)
"""


def of(sql: str) -> Rows:
    """The rows of a query."""
    with duckdb.connect() as connection:
        return rows_from_arrow(connection.sql(sql).to_arrow_table())


def test_a_wide_table_shows_what_fits_from_the_left() -> None:
    """No line is longer than the terminal; the columns without room are named."""
    table = text_table(of(WIDE), 66)
    assert table.text.splitlines() == [
        "                        candidate_  failure_",
        "endpoint                  requests      rate  first_failure",
        "──────────────────────────────────────────────────────────────────",
        "GET                              7    5.26 %  2026-11-21 09:26:00Z",
        "/api/v1/contacts/{id}",
        "GET                              8    5.26 %  2026-11-21 09:26:00Z",
        "/api/v1/contacts/{id}",
    ]
    assert table.left_out == ("duration_ns", "message", "last_one")


def test_a_pipe_gets_every_column_on_one_line() -> None:
    """Without a terminal nothing is folded or left out, so lines can be searched."""
    table = text_table(of(WIDE))
    header, _, first, second = table.text.splitlines()
    assert header.split()[-1] == "last_one"
    assert first.startswith("GET /api/v1/contacts/{id} ")
    assert "2026-11-21 09:26:00Z" in second
    assert "1.23 ms" in second
    assert table.left_out == ()


def test_numbers_stand_to_the_right() -> None:
    """Numbers end in one column, text begins in one; what is unknown is a dash, never zero."""
    rows = of("SELECT * FROM (VALUES ('a', 1), ('b', 1000), (NULL, NULL)) AS t(name, n)")
    assert text_table(rows).text.splitlines() == [
        "name     n",
        "──────────",
        "a        1",
        "b     1000",
        "–        –",
    ]


def test_one_wide_row_stands_upright() -> None:
    """A single row that does not fit is a list of its columns, each value whole."""
    text = text_table(of(WIDE + " LIMIT 1"), 50).text
    assert "message             a very long message that goes" in text
    assert "last_one            0" in text
    assert max(map(len, text.splitlines())) <= 50


def test_hostile_cells_neither_steer_nor_style() -> None:
    """Escapes are written out, a line break adds no line, and markup is only text."""
    rows = Rows(
        (Column("x", Kind.TEXT, ["\x1b[2Jx", "a\nb", "[bold red]x[/] :tada: [link=http://x]y"]),)
    )
    _, _, *cells = text_table(rows, colour=True).text.splitlines()
    assert cells == ["\\x1b[2Jx", "a\\nb", "[bold red]x[/] :tada: [link=http://x]y"]


def test_colour_only_when_asked_for() -> None:
    """There is not one escape in a table without colour; with it, names are bold."""
    rows = of("SELECT 1 AS n")
    assert "\x1b" not in text_table(rows).text
    assert "\x1b[1mn\x1b[0m" in text_table(rows, colour=True).text


def test_long_text_is_cut() -> None:
    """A stack trace does not drown a table; other formats hold it whole."""
    (cell,) = text_table(of("SELECT repeat('x', 5000) AS t")).text.splitlines()[2:]
    assert len(cell) == 160
    assert cell.endswith("…")


def test_trace_ids_are_short_where_it_is_narrow() -> None:
    """A terminal shows the beginning of an id, which `deploylens trace` takes; a pipe all of it."""
    rows = of(
        "SELECT '5b8efff798038103d269b633813fc60c' AS example_trace_id, i AS n FROM range(2) t(i)"
    )
    assert "5b8efff79803… " in text_table(rows, 40).text
    assert "5b8efff798038103d269b633813fc60c " in text_table(rows).text


@given(st.text(st.sampled_from("ab \u3042 \u00e9-"), max_size=40), st.integers(2, 12))
def test_folded_text_is_whole_and_fits(text: str, width: int) -> None:
    """No line is wider than its column, wide letters counted, and nothing but blanks is lost."""
    lines = wrapped(text, width)
    assert max(map(text_width, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wide_letters_keep_columns_in_line() -> None:
    """A letter that takes two columns moves nothing that stands after it."""
    rows = of("SELECT * FROM (VALUES ('注文', 1), ('ab', 22)) AS t(name, n)")
    assert text_table(rows).text.splitlines()[2:] == ["注文   1", "ab    22"]
