"""An explanation names exactly what a fingerprint is made of."""

from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.explanation import Explanation, Part, explain, explain_status
from receiver.fingerprints.fingerprint import fingerprint, fingerprint_of_status
from receiver.fingerprints.rules import GroupingRules, KeyRule
from tests.grouping_corpus import Occurrence, occurrences

STACK = """\
Traceback (most recent call last):
  File "/app/shop/stock.py", line 7, in take
    raise Empty(sku)
shop.stock.Empty: none of sku 4711 left

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/lib/site-packages/flask/app.py", line 1, in dispatch
    return view()
  File "/app/shop/views.py", line 4, in post
    place(order)
  File "/app/shop/orders.py", line 41, in place
    raise OrderError(order) from error
shop.errors.OrderError: order 17 failed
"""
ARGUMENTS = ("OrderError", "order 17 failed", STACK, "python")
OCCURRENCES = list(occurrences().values())


def part(found: Explanation, kind: str, text: str) -> Part:
    """The one part of this kind and text."""
    (one,) = [p for p in found.parts if (p.kind, p.text) == (kind, text)]
    return one


def test_parts() -> None:
    """Each part says where it stood, which key it is in, and why or why not."""
    found = explain(*ARGUMENTS)
    assert found.parts[0].text == "shop.errors.OrderError"
    message = part(found, "message", "order <*> failed")
    assert (message.detail, message.strict, message.loose) == ("order 17 failed", True, False)
    top = part(found, "frame", "shop.orders.place")
    assert (top.detail, top.strict, top.loose) == ("/app/shop/orders.py:41", True, True)
    caller = part(found, "frame", "shop.views.post")
    assert (caller.strict, caller.loose) == (False, True)
    library = part(found, "frame", "flask.app.dispatch")
    assert (library.strict, library.loose) == (False, False)
    assert library.reason.startswith("not in-app: ")
    assert part(found, "cause", "shop.stock.Empty").strict
    assert part(found, "cause frame", "shop.stock.take").loose


def test_key_rule() -> None:
    """Where a key rule matches it is the only part that counts."""
    rules = GroupingRules(keys=(KeyRule("orders", type="*OrderError"),))
    found = explain(*ARGUMENTS, rules)
    assert [p.kind for p in found.parts if p.strict or p.loose] == ["rule"]
    assert found.parts[0].detail == "type *OrderError"
    assert found.strict == fingerprint(*ARGUMENTS, rules).strict


def test_status() -> None:
    """A failed span without an exception is told apart by error.type, place and message."""
    found = explain_status("503", "upstream 10.0.0.7 refused", "POST /orders")
    same = fingerprint_of_status("503", "upstream 10.0.0.8 refused", "POST /orders")
    assert (found.strict, found.loose) == (same.strict, same.loose)
    assert found.strict != fingerprint_of_status("503", "no route", "POST /orders").strict
    assert found.loose != fingerprint_of_status("503", None, "GET /cart").loose


def test_same_keys() -> None:
    """Explained and computed keys are the same for every recorded exception."""
    for one in OCCURRENCES:
        arguments = (one.type, one.message, one.stacktrace, one.language)
        found, keys = explain(*arguments), fingerprint(*arguments)
        explained = (found.strict, found.loose, found.top_frame)
        assert explained == (keys.strict, keys.loose, keys.top_frame), one.name


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(OCCURRENCES), st.sampled_from(OCCURRENCES))
def test_parts_decide(one: Occurrence, other: Occurrence) -> None:
    """Two exceptions have the same key exactly when the parts said to be in it are the same."""
    first, second = (explain(o.type, o.message, o.stacktrace, o.language) for o in (one, other))
    assert (first.strict == second.strict) == (_in_strict(first) == _in_strict(second))
    if first.loose == second.loose:
        assert _in_loose(first) == _in_loose(second)


def _in_strict(found: Explanation) -> set[tuple[str, str]]:
    return {(part.kind, part.text) for part in found.parts if part.strict}


def _in_loose(found: Explanation) -> set[tuple[str, str]]:
    return {(part.kind, part.text) for part in found.parts if part.loose}
