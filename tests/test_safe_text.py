"""Text from a span cannot steer a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.safe_text import shortened, shown, shown_lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /käse/{id} 🚃", "GET /käse/{id} 🚃"),
        ("\x1b[2J\x1b[31mred", r"\x1b[2J\x1b[31mred"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("bell\x07 csi\x9b31m del\x7f", r"bell\x07 csi\x9b31m del\x7f"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("\U000e0041tag", r"\U000e0041tag"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, expected: str) -> None:
    """What could steer a terminal or hide text is written out; letters of any script stay."""
    assert shown(text) == expected


@given(st.text())
def test_whatever_is_shown_is_printable(text: str) -> None:
    """No text at all comes out with a character that a terminal would act on."""
    assert shown(text).isprintable() or shown(text) == ""


def test_lines_are_kept_where_they_belong() -> None:
    """A stack trace keeps its lines; a lone carriage return, which overwrites one, is escaped."""
    assert shown_lines("a\r\n\tb\rc\x1b") == "a\n    b\\rc\\x1b"


def test_long_text_ends_with_an_ellipsis() -> None:
    """A text is cut to its length with the ellipsis counted."""
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"
