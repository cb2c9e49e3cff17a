"""Rows in every format, with values that a hostile sender would choose."""

import csv
import io
import json
from decimal import Decimal
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analysis.arrow_values import Value
from analysis.formats.csv_rows import csv_lines
from analysis.formats.json_rows import json_array, json_lines, json_text
from analysis.formats.markdown_rows import markdown_lines
from analysis.formats.markdown_text import cell, fenced, inline
from analysis.rows import Column, Kind, Rows, rows_from_arrow
from analysis.safe_text import shown, shown_lines

MARKDOWN = MarkdownIt("commonmark").enable("table")
HOSTILE = [
    "a|b",
    "|",
    "back\\|slash",
    "ends with \\",
    "`code`",
    "``",
    " ` ",
    "<script>alert(1)</script>",
    "<!-- hidden",
    "[click](javascript:alert(1))",
    "![](http://evil/x.png)",
    "https://evil.example/",
    "www.evil.example",
    "*bold* _and_ __init__ ~~gone~~",
    "line\nbreak",
    "@channel #1 :tada:",
    "&lt;b&gt; &#42;",
    "# heading",
    "\x1b[31mred\x1b[0m",
    "   ",
    "\\",
    "---",
    "$x^2$",
]


def of(sql: str) -> Rows:
    """The rows of a query, as a database hands them over."""
    with duckdb.connect() as connection:
        return rows_from_arrow(connection.sql(sql).to_arrow_table())


def texts(*values: str) -> Rows:
    """One column of text."""
    return Rows((Column("x", Kind.TEXT, values),))


def test_json_holds_every_type_exactly() -> None:
    """Times have nanoseconds and a zone, numbers all their digits, nested values their shape."""
    rows = of(
        """SELECT TIMESTAMP_NS '2026-11-21 09:26:00.123456789' AS ns,
        TIMESTAMP '1969-12-31 23:59' AS us,
        TIMESTAMPTZ '2026-11-21 10:26+01' AS tz, 18446744073709551615::UBIGINT AS big,
        123456789012345678901234567890::HUGEINT AS huge, 0.10::DECIMAL(9,2) AS exact,
        0.1::DOUBLE AS f, true AS b, NULL AS n, 'ü' AS t, '{"a": 1}'::JSON AS j,
        [TIMESTAMP_NS '2026-11-21 09:26:00.000000001', NULL] AS l,
        {'a': 1.5::DOUBLE, 'b': NULL} AS s, MAP {'k': DATE '2026-11-21'} AS m,
        INTERVAL '90 minutes' AS i, 'x'::BLOB AS raw, 'a'::ENUM('a', 'b') AS e,
        'infinity'::TIMESTAMP AS never"""
    )
    (line,) = json_lines(rows)
    assert json.loads(line, parse_float=Decimal) == {
        "ns": "2026-11-21T09:26:00.123456789Z",
        "us": "1969-12-31T23:59:00.000000000Z",
        "tz": "2026-11-21T09:26:00.000000000Z",
        "big": 18446744073709551615,
        "huge": 123456789012345678901234567890,
        "exact": Decimal("0.10"),
        "f": Decimal("0.1"),
        "b": True,
        "n": None,
        "t": "ü",
        "j": '{"a": 1}',
        "l": ["2026-11-21T09:26:00.000000001Z", None],
        "s": {"a": Decimal("1.5"), "b": None},
        "m": {"k": "2026-11-21"},
        "i": "P0M0DT5400S",
        "raw": "78",
        "e": "a",
        "never": "infinity",
    }


def test_json_is_strict() -> None:
    """What JSON has no word for is null, never NaN; a parser that knows no NaN reads every row."""
    rows = of("SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, ['-inf'::DOUBLE] AS c")
    text = "".join(json_array(rows))
    assert json.loads(text, parse_constant=pytest.fail) == [{"a": None, "b": None, "c": [None]}]


def test_json_without_rows_is_an_empty_array() -> None:
    """A program that asked gets an array, and JSON lines get no line."""
    rows = of("SELECT 1 AS a WHERE false")
    assert "".join(json_array(rows)) == "[]\n"
    assert "".join(json_lines(rows)) == ""


def test_json_keys_are_distinct() -> None:
    """Two columns of one name get two keys, so no value is lost."""
    (line,) = json_lines(of("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a"))
    assert json.loads(line) == {"a": 1, "a_2": 2, "a_2_2": 3, "a_3": 4}


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
)
def test_json_text_is_read_back(value: Value) -> None:
    """Any value is what a JSON parser reads back, and is safe to print."""
    text = json_text(value)
    assert json.loads(text) == value
    assert not set(text) & {"\x1b", "\x9b", "\x7f", "\u202e", "\u200b"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_csv_text_is_no_formula(start: str) -> None:
    """A text that a spreadsheet would run gets a quote in front; so does a column name."""
    rows = Rows((Column(f"{start}n", Kind.TEXT, [f"{start}HYPERLINK(1)"]),))
    (header,), (value,) = csv.reader(io.StringIO("".join(csv_lines(rows)), newline=""))
    assert header == f"'{start}n"
    assert value == f"'{start}HYPERLINK(1)"


def test_csv_numbers_stay_numbers() -> None:
    """A negative number is no formula, and NULL is not the empty text."""
    rows = of(
        "SELECT -1 AS a, -0.5::DOUBLE AS b, NULL::VARCHAR AS c, '' AS d, '-1' AS e, true AS f"
    )
    assert "".join(csv_lines(rows)) == 'a,b,c,d,e,f\n-1,-0.5,,"",\'-1,true\n'


def test_csv_escapes_what_steers_a_terminal() -> None:
    """Line breaks and tabs are kept, as stack traces need them; escapes are written out."""
    text = "".join(csv_lines(texts("a\n\tb\x1b[2J\u202e")))
    assert text == 'x\n"a\n\tb\\x1b[2J\\u202e"\n'


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(' ,"\n')), min_size=1
    )
)
def test_csv_is_read_back(values: list[str]) -> None:
    """A CSV parser reads back every text, but for the quote before a formula."""
    lines = "".join(csv_lines(texts(*values)))
    _, *rows = csv.reader(io.StringIO(lines, newline=""))
    assert [row[0].removeprefix("'") if row else "" for row in rows] == [
        value.removeprefix("'") for value in values
    ]


def rendered_cells(markdown: str) -> tuple[list[str], set[str]]:
    """The text of the body cells of a table, and the types of the inline tokens in it."""
    cells: list[str] = []
    kinds: set[str] = set()
    tokens = MARKDOWN.parse(markdown)
    opened = [token for token in tokens if token.type == "td_open"]
    assert len(tokens) > 4
    for before, token in pairwise(tokens):
        if before.type == "td_open":
            cells.append("".join(child.content for child in token.children or ()))
            kinds |= {child.type for child in token.children or ()}
    assert len(opened) == len(cells)
    return cells, kinds


def test_hostile_markdown_cells_stay_text() -> None:
    """Whatever a sender wrote stands in its cell as text: no HTML, link, image or split cell."""
    cells, kinds = rendered_cells("".join(markdown_lines(texts(*HOSTILE))))
    assert [text.strip() for text in cells] == [shown(text).strip() for text in HOSTILE]
    assert kinds <= {"text", "code_inline"}


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=4))
def test_any_text_stays_one_markdown_cell(values: list[str]) -> None:
    """No text adds a cell or a row, or becomes anything but text."""
    cells, kinds = rendered_cells("".join(markdown_lines(texts(*values))))
    assert len(cells) == len(values)
    assert kinds <= {"text", "code_inline"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_sentence_stays_text(text: str) -> None:
    """The same holds outside tables."""
    (_, line, _) = MARKDOWN.parse(f"before {inline(text)} after")
    kinds = {child.type for child in line.children or ()}
    assert kinds <= {"text", "code_inline"}
    assert "".join(c.content for c in line.children or ()).split() == [
        "before",
        *shown(text).split(),
        "after",
    ]


def test_harmless_names_stay_readable() -> None:
    """Names of services, endpoints and versions are not dressed up."""
    for name in ("ts-contacts-service", "GET /api/v1/contacts/{id}", "1.4.0", "java.lang.KeyError"):
        assert cell(name) == inline(name) == name


@pytest.mark.parametrize("text", ["plain", "```\nescape\n```", "````", "a\x1b[2J\n\tb", "~~~\n# x"])
def test_a_fence_holds_any_text(text: str) -> None:
    """A code block is longer than any run of backticks inside, so nothing leaves it."""
    tokens: list[Token] = MARKDOWN.parse(f"before\n\n{fenced(text)}\n\nafter")
    (block,) = (token for token in tokens if token.type == "fence")
    assert block.content == shown_lines(text) + "\n"
    assert tokens[-2].content == "after"
