"""A message is cut out of its stack's text, and comes back byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.fingerprints.stack_text import split_message, with_message

CASES = [
    ("java", "a.B: order 7\n\tat a.C.d(C.java:1)", "order 7", "a.B: \n\tat a.C.d(C.java:1)"),
    ("python", "Traceback (most recent call last):\nKeyError: 'x'\n", "'x'",
     "Traceback (most recent call last):\nKeyError: \n"),
    ("bare key", "Traceback (most recent call last):\nKeyError: 'x'\n", "x",
     "Traceback (most recent call last):\nKeyError: ''\n"),
    ("rust", "thread 'main' panicked at src/a.rs:1:2:\nno price\nstack backtrace:", "no price",
     "thread 'main' panicked at src/a.rs:1:2:\n\nstack backtrace:"),
    ("two lines", "Error: a\nb\n    at c (d.js:1:2)", "a\nb", "Error: \n    at c (d.js:1:2)"),
    ("wrapper first", "A: B: c\n\tat d\nCaused by: B: c", "B: c", "A: \n\tat d\nCaused by: B: c"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stack", "message", "text"), CASES, ids=[c[0] for c in CASES])
def test_message_is_cut(name: str, stack: str, message: str, text: str) -> None:
    """The message of the recorded exception goes, wherever its runtime writes it."""
    found, at = split_message(stack, message)
    assert found == text, name
    assert with_message(found, message, at) == stack


def test_last_in_a_traceback() -> None:
    """In a traceback the last exception is the recorded one, also when its cause said the same."""
    stack = "Traceback (most recent call last):\nA: x\n\nTraceback (most recent call last):\nB: x\n"
    assert split_message(stack, "x")[0].endswith(
        "A: x\n\nTraceback (most recent call last):\nB: \n"
    )


@pytest.mark.parametrize(
    ("stack", "message"),
    [("a.B: order", "b"), ("a.B: orders", "order"), ("a.B", ""), ("a.B: c", None), ("", "c")],
)
def test_nothing_to_cut(stack: str, message: str | None) -> None:
    """A message that does not stand there, or begins a longer word, leaves the text whole."""
    assert split_message(stack, message) == (stack, None)


@given(st.text(), st.text(), st.text())
def test_any_text_comes_back(before: str, message: str, after: str) -> None:
    """What is cut out can be put back, whatever the text."""
    for stack in (f"{before}: {message}{after}", before + message + after, message):
        text, at = split_message(stack, message)
        assert with_message(text, message, at) == stack
