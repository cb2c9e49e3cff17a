"""Stacks taken apart all at once are those taken apart one by one."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from receiver.fingerprints.stack_text import with_message
from receiver.flatten.columns import CodedColumn, from_arrow
from receiver.flatten.stack_attributes import STACK_KEY, take_stacks
from receiver.flatten.stack_cuts import plain_cuts
from receiver.flatten.stacks import StackReader

Exception_ = tuple[str | None, str | None, str]  # type, message, stack

HEAD = "Traceback (most recent call last):\n"
PIECES = ("E", "a.E", "a: E", "E:", ": ", ":", " ", "\n", "\r\n", "m", "mm", "é", "😀", HEAD,
          "Traceback (most recent call last)", "    at f (a.js:1:2)", "", "'", "1")  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


@st.composite
def exceptions(draw: st.DrawFn) -> Exception_:
    """An exception with a stack of one of the forms that there are, or nearly."""
    kind, message, rest = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    stack = draw(
        st.sampled_from(
            [
                f"{kind}: {message}\n    at f (a.js:1:2){rest}",
                f"{kind}: {message}{rest}",
                f"{HEAD}{rest}{kind}: {message}\n",
                f"{HEAD}{rest}{kind}: {message}",
                f"{HEAD}{kind}: {message}\n{rest}{kind}: {message}\n",
                f"  + Exception Group {HEAD}{kind}: {message}\n{rest}",
                f"{kind}: {message}\n{HEAD}{rest}",
                rest,
            ]
        )
    )
    return kind or None, message or None, stack or "x"


def attribute(text: str) -> bytes:
    """A stack as it is on the wire."""
    one = KeyValue(key=STACK_KEY)
    one.value.string_value = text
    return bytes(one.SerializeToString())


def column(texts: list[str | None]) -> CodedColumn:
    """Text by row."""
    return from_arrow(pa.array(texts, pa.string()))


@given(st.lists(exceptions(), min_size=1, max_size=6), st.data())
@settings(max_examples=800, deadline=None)
def test_the_same_as_one_by_one(found: list[Exception_], data: st.DataObject) -> None:
    """Each text is cut where it is cut by itself, whatever stands around it, and comes back."""
    given_ = [found[n] for n in data.draw(st.lists(st.integers(0, len(found) - 1), min_size=1))]
    kinds, messages, texts = (list(values) for values in zip(*given_, strict=True))
    lists = pa.array([[b"\x0a\x01k", attribute(text)] for text in texts], pa.list_(pa.binary()))
    source, rows = take_stacks(lists), np.arange(len(texts))
    assert list(source.texts(rows)) == texts
    seen = StackReader().read_on_wire(source, rows, column(kinds), column(messages))
    alone = StackReader().read(texts, messages)
    assert seen.message_at.tolist() == alone.message_at.tolist()
    assert seen.columns()["stacktrace_id"].equals(alone.columns()["stacktrace_id"])
    for row, text in enumerate(texts):
        at = int(seen.message_at[row])
        cut = seen.distinct[seen.codes[row]].text
        assert with_message(cut, messages[row], at if at >= 0 else None) == text


def test_usual_stacks_are_plain() -> None:
    """What runtimes write is cut at once, so that an incident costs no look at each text."""
    usual = [
        ("shop.E", "no price", f'{HEAD}  File "a.py", line 1, in f\nshop.E: no price\n'),
        ("java.lang.E", "no price", "java.lang.E: no price\n\tat a.B.c(B.java:1)\n"),
        ("Error", "no price", "Error: no price\n    at f (a.js:1:2)"),
        ("System.E", "no price", "System.E: no price\r\n   at A.B() in C.cs:line 1\r\n"),
    ]
    kinds, messages, texts = (list(values) for values in zip(*usual, strict=True))
    lists = pa.array([[attribute(text)] for text in texts], pa.list_(pa.binary()))
    cuts = plain_cuts(take_stacks(lists), np.arange(4), column(kinds), column(messages))
    assert cuts.last.tolist() == [True, False, False, False]
    assert cuts.first.tolist() == [False, True, True, True]
