"""Fingerprints hold still for what changes between builds, and move for what matters."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.fingerprint import (
    FINGERPRINT_VERSION,
    Fingerprint,
    Fingerprinter,
    fingerprint,
)

CORPUS = Path(__file__).parent / "data" / "stacktraces"
STACKS = {
    path.stem: path.read_text("utf-8")
    for path in sorted(CORPUS.glob("*/*.txt"))
    if path.stem != "arbitrary_text"
}

# Line numbers and addresses, as any language writes them.
POSITION = re.compile(
    r"(?<=line )[0-9]+|(?<=:)[0-9]+(?=[:)\n]| \+0x|$|:in|\)|$)|(?<=\.php\()[0-9]+"
    r"|(?<=[+?=(, {]0x)[0-9a-f]+|(?<=\+0x)[0-9a-f]+",
    re.MULTILINE,
)

PYTHON = """\
Traceback (most recent call last):
  File "/app/shop/orders.py", line 12, in place
    return settings[name]
  File "/app/shop/settings.py", line 3, in read
    return settings[name]
KeyError: 'city'
"""
CHAINED = (
    """\
Traceback (most recent call last):
  File "/app/shop/stock.py", line 7, in take
    raise Empty()
shop.stock.Empty

The above exception was the direct cause of the following exception:

"""
    + PYTHON
)
JAVA = """\
com.shop.OrderException: order could not be placed
\tat com.shop.OrderService$$SpringCGLIB$$0.place(<generated>)
\tat com.shop.OrderService.lambda$place$3(OrderService.java:41)
\tat com.shop.OrderService$1.run(OrderService.java:40)
\tat jdk.internal.reflect.GeneratedMethodAccessor91.invoke(Unknown Source)
\tat jdk.proxy2/jdk.proxy2.$Proxy45.place(Unknown Source)
\tat com.shop.OrderController.post(OrderController.java:12)
Caused by: java.sql.SQLException: connection 17 is gone
\tat com.shop.Database.query(Database.java:9)
\t... 7 more
"""

# A change to a stack that leaves its fingerprint: (name of the change, before, after).
HARMLESS = [
    ("line", PYTHON, PYTHON.replace("line 12", "line 1200")),
    ("source line", PYTHON, PYTHON.replace("return settings[name]", "value = settings[key]")),
    ("build path", PYTHON, PYTHON.replace("/app/", "/home/ci/build-4711/")),
    ("release path", PYTHON, PYTHON.replace("/app/", "/srv/releases/20240102/")),
    ("recursion", PYTHON, PYTHON.replace(
        "KeyError", '  File "/app/shop/settings.py", line 3, in read\n    x\n' * 90 + "KeyError"
    )),
    ("library below", PYTHON, PYTHON.replace("\n  File", (
        '\n  File "/usr/lib/python3.12/site-packages/flask/app.py", line 9, in run\n  File'
    ), 1)),
    ("lambda number", JAVA, JAVA.replace("lambda$place$3", "lambda$place$17")),
    ("anonymous class number", JAVA, JAVA.replace("OrderService$1", "OrderService$2")),
    ("proxy class", JAVA, JAVA.replace("SpringCGLIB$$0", "EnhancerBySpringCGLIB$$4fa2b1")),
    ("proxy number", JAVA, JAVA.replace("jdk.proxy2.$Proxy45", "jdk.proxy3.$Proxy112")),
    ("reflection", JAVA, JAVA.replace("GeneratedMethodAccessor91", "NativeMethodAccessorImpl")),
    ("common frames", JAVA, JAVA.replace("7 more", "31 more")),
    ("suppressed", JAVA, JAVA + "\tSuppressed: a.B: x\n\t\tat com.shop.A.close(A.java:1)\n"),
    ("line ends of Windows", JAVA, JAVA.replace("\n", "\r\n")),
    ("message of a cause", JAVA, JAVA.replace("connection 17", "connection 3")),
    ("async mark", "Error\n    at place (/app/a.js:1:2)",
                   "Error\n    at async place (/app/a.js:3:4)"),
    ("content hash", "Error\n    at place (https://a.b/js/main.3f2a9b1c.js:1:2)",
                     "Error\n    at place (https://a.b/js/main.77ab01cd.js:1:9)"),
    ("minified name", "Error\n    at t (https://a.b/js/main.3f2a9b1c.js:1:2)",
                      "Error\n    at n (https://a.b/js/main.77ab01cd.js:1:9)"),
    ("compiled to another folder", "Error\n    at place (/app/src/orders/place.ts:1:2)",
                                   "Error\n    at place (/a/dist/orders/place.js:9:9)"),
    ("literal", "goroutine 7 [running]:\nmain.A.func2(0xc0)\n\t/app/a.go:3 +0x1\n",
                "goroutine 99 [running]:\nmain.A.func11(...)\n\t/app/a.go:8\n"),
    ("recovery", "goroutine 7 [running]:\nmain.place(...)\n\t/app/a.go:3\n",
                 "goroutine 7 [running]:\nmain.Recover.func1()\n\t/app/b.go:1\n"
                 "panic({0x1?, 0x2?})\n\t/usr/local/go/src/runtime/panic.go:8\n"
                 "main.place(...)\n\t/app/a.go:5\n"),
    ("template", "app/a.rb:1:in `_app_views_show_html_erb__123_456'",
                 "app/a.rb:9:in `_app_views_show_html_erb___99_7'"),
    ("closure and symbol hash", "   0: shop::place::{{closure}}\n    at ./src/a.rs:3:1",
                                "   0: shop::place::{closure#2}::h0123456789abcdef\n at ./b.rs:9"),
]  # fmt: skip

# A change that makes another exception, in the loose key at least.
HARMFUL = [
    ("function", PYTHON, PYTHON.replace("in read", "in load")),
    ("function of a caller", PYTHON, PYTHON.replace("in place", "in cancel")),
    ("module", PYTHON, PYTHON.replace("settings.py", "config.py")),
    ("cause", PYTHON, CHAINED),
    ("type of a cause", CHAINED, CHAINED.replace("shop.stock.Empty", "shop.stock.Broken")),
    ("place of a cause", CHAINED, CHAINED.replace("in take", "in give")),
    ("type of a Java cause", JAVA, JAVA.replace("java.sql.SQLException", "java.io.IOException")),
    ("class", JAVA, JAVA.replace("com.shop.OrderController", "com.shop.CartController")),
    ("method of a literal", JAVA, JAVA.replace("lambda$place$3", "lambda$cancel$3")),
]  # fmt: skip


@pytest.mark.parametrize("name", STACKS)
@settings(deadline=None)
@given(offset=st.integers(1, 9_999))
def test_positions_do_not_count(name: str, offset: int) -> None:
    """Other line numbers and addresses in a real stack are the same exception."""
    stack = STACKS[name]
    moved = POSITION.sub(lambda match: str(int(match[0], 16) + offset), stack)
    assert moved != stack
    assert fingerprint("E", "m", moved, None) == fingerprint("E", "m", stack, None)


@pytest.mark.parametrize(("name", "before", "after"), HARMLESS, ids=[row[0] for row in HARMLESS])
def test_harmless_changes(name: str, before: str, after: str) -> None:
    """Names that compilers, proxies, bundlers and build machines make do not count."""
    assert before != after, name
    assert fingerprint("E", "m", before, None) == fingerprint("E", "m", after, None)


@pytest.mark.parametrize(("name", "before", "after"), HARMFUL, ids=[row[0] for row in HARMFUL])
def test_harmful_changes(name: str, before: str, after: str) -> None:
    """Another function, class or cause is another way to fail."""
    assert fingerprint("E", "m", before, None).loose != fingerprint("E", "m", after, None).loose, (
        name
    )


def test_message_is_strict() -> None:
    """A missing setting where a key was missing before changes the strict key only."""
    key = fingerprint("KeyError", "'city'", PYTHON, "python")
    setting = fingerprint("KeyError", "'DATABASE_URL'", PYTHON, "python")
    assert key.loose == setting.loose
    assert key.strict != setting.strict
    assert key.top_frame == setting.top_frame == "shop.settings.read"


def test_way_is_loose() -> None:
    """The same failure reached by another way through our code keeps its strict key."""
    place = fingerprint("KeyError", "'city'", PYTHON, "python")
    cancel = fingerprint("KeyError", "'city'", PYTHON.replace("in place", "in cancel"), "python")
    assert place.strict == cancel.strict
    assert place.loose != cancel.loose


def test_cause_is_strict() -> None:
    """A wrapper that always says the same is another exception when another class caused it."""
    other = JAVA.replace("java.sql.SQLException", "java.io.IOException")
    wrapped = fingerprint("com.shop.OrderException", "order could not be placed", JAVA, "java")
    assert (
        wrapped.strict
        != fingerprint("com.shop.OrderException", "order could not be placed", other, "java").strict
    )
    assert wrapped.top_frame == "com.shop.OrderService.place.<lambda>"


def test_type_counts() -> None:
    """Another class is another exception, with and without a stack."""
    for stack in (PYTHON, None):
        one, other = (
            fingerprint("KeyError", "m", stack, None),
            fingerprint("IndexError", "m", stack, None),
        )
        assert one.strict != other.strict
        assert one.loose != other.loose


def test_type_from_the_stack() -> None:
    """Where no type was recorded, the one in the stack counts."""
    assert fingerprint(None, "m", PYTHON, None) == fingerprint("KeyError", "m", PYTHON, None)


def test_no_stack() -> None:
    """Without a stack, type and message decide both keys, and there is no top frame."""
    one = fingerprint(
        "IllegalStateException", "No instances available for ts-seat-service", None, "java"
    )
    other = fingerprint(
        "IllegalStateException", "No instances available for ts-order-service", "", "java"
    )
    assert one.top_frame is None
    assert one.strict != other.strict
    assert one.loose != other.loose
    assert fingerprint("E", "order 7", None, None) == fingerprint("E", "order 8", "no frames", None)


def test_no_in_app_frame() -> None:
    """Where every frame is a library's, type and message decide: a new version of the library that
    calls itself in another way is no other exception."""
    stack = STACKS["loadgenerator_products"]
    seen = fingerprint("ConnectionError", "m", stack, "python")
    assert seen.top_frame == "requests.adapters.send"
    moved = stack.replace("in send", "in get")
    assert seen.loose == fingerprint("ConnectionError", "m", moved, "python").loose
    assert seen.loose != fingerprint("ConnectionError", "other", stack, "python").loose


def test_in_app_cause() -> None:
    """Where only a cause has in-app frames, its first is the top frame."""
    stack = STACKS["java_6"]
    assert fingerprint(
        "java.util.concurrent.CompletionException", "m", stack, "java"
    ).top_frame == ("com.example.shop.Shop.place")


def test_nested_spans() -> None:
    """One exception recorded at two spans that a Go panic passes has one fingerprint."""
    frame = "{}({{0x1?}})\n\t{}:8 +0x1d\n"
    site = frame.format("main.place", "/app/a.go") + frame.format("main.main", "/app/a.go")
    end = frame.format(
        "go.opentelemetry.io/otel/sdk/trace.(*recordingSpan).End.func1", "/go/pkg/mod/x.go"
    )
    panic = frame.format("panic", "/usr/local/go/src/runtime/panic.go")
    inner = "goroutine 1 [running]:\n" + end + panic + site
    outer = "goroutine 1 [running]:\n" + end + panic + end + panic + site
    assert fingerprint("E", "m", inner, "go") == fingerprint("E", "m", outer, "go")


def test_parts_are_kept_apart() -> None:
    """Letters that move from the type to the message make another fingerprint."""
    assert fingerprint("ab", "c", None, None) != fingerprint("a", "bc", None, None)
    assert fingerprint("a", None, None, None) != fingerprint(None, "a", None, None)
    assert fingerprint("a", "b", None, None).strict != fingerprint("a", "b", None, None).loose


def test_values_of_this_version() -> None:
    """These are stored in users' databases: where they change, FINGERPRINT_VERSION must rise."""
    assert FINGERPRINT_VERSION == 2
    assert fingerprint("KeyError", "'city'", CHAINED, "python") == Fingerprint(
        "ef171c466f956cbc", "4807049b4a9f1574", "shop.settings.read"
    )
    assert fingerprint("com.shop.OrderException", "order 7", JAVA, "java") == Fingerprint(
        "a8596b52954d2491", "21ce7816257808b9", "com.shop.OrderService.place.<lambda>"
    )
    assert fingerprint("14", "14 UNAVAILABLE: 10.0.0.1", None, "nodejs") == Fingerprint(
        "89248f48eea69521", "afd67b9069d7b79e", None
    )


@settings(deadline=None)
@given(*[st.none() | st.text()] * 3, st.sampled_from([None, "python", "java", "go", "x"]))
def test_any_text(
    exception_type: str | None, message: str | None, stacktrace: str | None, language: str | None
) -> None:
    """Any text has a fingerprint of two times 16 hex characters, the same each time."""
    found = fingerprint(exception_type, message, stacktrace, language)
    assert re.fullmatch(r"[0-9a-f]{16}", found.strict)
    assert re.fullmatch(r"[0-9a-f]{16}", found.loose)
    assert found == fingerprint(exception_type, message, stacktrace, language)


def test_long_text() -> None:
    """A megabyte of type, message and stack costs no more than the bounds of each."""
    long = "\n\tat com.shop.A.b(A.java:1)" * 40_000
    words = "no price " * 120_000
    assert fingerprint(long, words, long, "java") == fingerprint(
        long[:500], words[:4096], long[: 64 * 1024], "java"
    )


@settings(deadline=None)
@given(
    st.sampled_from([text for text in STACKS.values() if len(text) < 4_000]),
    st.lists(st.text(max_size=40), min_size=2, max_size=4),
)
def test_remembered_stacks_change_nothing(stack: str, messages: list[str]) -> None:
    """Many exceptions get the fingerprints that each would get alone, whatever their messages."""
    remembering = Fingerprinter(places_max=2)
    for message in messages:
        text = f"app.Error: {message}\n{stack}\napp.Error: {message}"
        alone = fingerprint("app.Error", message, text, None)
        assert remembering.fingerprint("app.Error", message, text, None) == alone
