"""Tracebacks of Python become exceptions and frames, whatever version or framework wrote them."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.dialects import python, python_paths
from receiver.fingerprints.dialects.python import read
from receiver.fingerprints.dialects.python_paths import OURS, module, origin
from receiver.fingerprints.frame import Frame, Raised
from tests.test_stacktrace import backtracking_depth

CORPUS = Path(__file__).parent / "data" / "grouping" / "python.jsonl"
ROWS = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
RECORDED = {row["id"]: row for row in ROWS if "id" in row}

# Texts after the documentation of traceback.format_exception, begun with the line end that
# dialects are given.
CAUSED = "\nThe above exception was the direct cause of the following exception:\n"
HANDLING = "\nDuring handling of the above exception, another exception occurred:\n"


def traceback(raised: str, *frames: str, file: str = "/app/shop/orders.py") -> str:
    """A traceback with these functions, the outermost first."""
    lines = [f'  File "{file}", line 3, in {frame}\n    {frame}()' for frame in frames]
    return "\n".join(["Traceback (most recent call last):", *lines, raised]) + "\n"


def ours(chain: list[Raised]) -> list[tuple[str | None, list[str]]]:
    """The types and our own frames of a chain."""
    return [(one.type, [frame.name for frame in one.frames if frame.in_app]) for one in chain]


def recorded(name: str) -> list[Raised]:
    """The chain of an occurrence of the corpus."""
    return read("\n" + RECORDED[f"python/{name}"]["stacktrace"])


def test_frames_are_exact() -> None:
    """A frame has module, function, file and line, and says why it is ours or not."""
    (raised,) = recorded("parse_order-base")
    assert raised.type == "json.decoder.JSONDecodeError"
    assert raised.message == "Expecting ',' delimiter: line 1 column 10 (char 9)"
    assert raised.frames[:4] == (
        Frame("json.decoder", "raw_decode", False, "standard library of Python",
              "/usr/local/lib/python3.11/json/decoder.py", 353),
        Frame("json.decoder", "decode", False, "standard library of Python",
              "/usr/local/lib/python3.11/json/decoder.py", 337),
        Frame("json", "loads", False,
              "standard library of Python", "/usr/local/lib/python3.11/json/__init__.py", 346),
        Frame("shop.loading", "parse_order", True, OURS, "/app/shop/loading.py", 23),
    )  # fmt: skip


def test_cause_and_context() -> None:
    """The exception that was recorded comes first, then what it was raised from or while."""
    text = "\n" + traceback("KeyError: 'a'", "find") + CAUSED + "\n"
    text += traceback("shop.OrderError", "place") + HANDLING + "\n" + traceback("OSError: x", "say")
    assert ours(read(text)) == [
        ("OSError", ["shop.orders.say"]),
        ("shop.OrderError", ["shop.orders.place"]),
        ("KeyError", ["shop.orders.find"]),
    ]
    assert [raised.message for raised in read(text)] == ["x", None, "'a'"]


def test_hidden_context() -> None:
    """`raise ... from None` has no cause."""
    assert len(recorded("cause_hidden-base")) == 1


def test_cause_that_was_never_raised() -> None:
    """A cause without a traceback is a cause."""
    assert ours(recorded("bare_cause-base"))[1:] == [("TimeoutError", [])]


def test_group() -> None:
    """The parts of a group and their causes follow it, each kind once, in an order of their own."""
    parts = [
        ("LookupError", ["shop.tasks.reserve"]),
        ("ValueError", ["shop.tasks.charge"]),
        ("ZeroDivisionError", ["shop.tasks.charge"]),
    ]
    for name in ("group-base", "group-py313", "group_turned-moved"):
        assert ours(recorded(name))[1:] == parts
    assert recorded("group-base")[0].message == "unhandled errors in a TaskGroup"


def test_nested_groups() -> None:
    """Groups in groups are read to the end, with the causes of each."""
    chain = recorded("nested-base")
    assert [raised.type for raised in chain] == [
        "ExceptionGroup", "OSError", "ExceptionGroup", "KeyError", "RuntimeError",
        "shop.orders.OrderError", "ValueError", "shop.orders.OrderError",
    ]  # fmt: skip
    assert [raised.message for raised in chain[:4]] == ["orders", "disk", "items", "'city'"]


def test_notes() -> None:
    """A note is no type, no frame and no message."""
    runtime, order = recorded("notes-base")
    assert (runtime.type, order.type) == ("RuntimeError", "shop.orders.OrderError")
    assert order.message == "order 7 was refused by the bank"


def test_message_of_many_lines() -> None:
    """Lines of a message that look like frames or types are none; announced ones are kept."""
    raised = recorded("many_lines-base")[0]
    assert ours([raised])[0][1][0] == "shop.orders.many_lines"
    assert raised.message == "order 17 is wrong:\nAddress: unknown\n  File: none\nKeyError: no type"
    assert (recorded("city-base")[0].message or "").splitlines()[1] == "city"


def test_traceback_in_a_message() -> None:
    """A traceback within a message is part of the message."""
    (raised,) = recorded("traceback_inside-base")
    assert raised.type == "RuntimeError"
    assert raised.frames[0].function == "with_traceback_inside"


def test_message_cut_out() -> None:
    """A text without its message is read the same, but for the message."""
    for row in RECORDED.values():
        before, found, after = row["stacktrace"].rpartition(f": {row['message']}")
        if found:
            assert ours(read(f"\n{before}: {after}")) == ours(read("\n" + row["stacktrace"]))


def test_other_process() -> None:
    """What failed in another process is one with its copy in this one."""
    (raised,) = recorded("in_pool-base")
    assert raised.type == "shop.orders.OrderError"
    assert [one.function for one in raised.frames if one.in_app][:2] == ["refuse", "in_pool"]
    assert [one.type for one in recorded("in_process-base")] == [
        "RuntimeError", "shop.orders.OrderError", "ValueError",
    ]  # fmt: skip


def test_syntax_error() -> None:
    """A syntax error is where the wrong source is; the loader comes after it."""
    raised = recorded("syntax_coupons-base")[0]
    assert raised.type == "SyntaxError"
    assert raised.frames[0] == Frame(
        "shop.plugins.coupons", "<syntax>", True, OURS, "/app/shop/plugins/coupons.py", 2
    )
    assert ours([raised])[0][1][1] == "shop.loading.load"


def test_cut_end() -> None:
    """Where the end was cut, causes stay, and what was recorded has no type and no place."""
    recorded_first, cause = recorded("cause_key-cut")
    assert recorded_first == Raised(None, ())
    assert ours([cause]) == [("KeyError", ["shop.config.read_setting", "shop.config.connect"])]
    text = RECORDED["python/cause_key-base"]["stacktrace"]
    end = text.index("The above") + 12
    assert [one.type for one in read("\n" + text[:end])] == [None, "KeyError"]


def test_cut_frame() -> None:
    """A line of a frame at the end of a text that was cut is left out."""
    text = '\nTraceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    g()\n'
    assert ours(read(text + '  File "/app/a.py", line 12, in pla')) == [(None, ["a.f"])]


def test_cut_beginning() -> None:
    """What is left of a line whose beginning was cut is no type."""
    text = '\nlace_order\n    return 1\n  File "/app/a.py", line 3, in f\n    g()\nKeyError: 1\n'
    assert ours(read(text)) == [("KeyError", ["a.f"])]


def test_colours() -> None:
    """Colours, which Python writes since 3.13 where it is told to, change nothing."""
    text = (
        '\nTraceback (most recent call last):\n  File \x1b[35m"/app/a.py"\x1b[0m, line \x1b[35m3'
        "\x1b[0m, in \x1b[35mf\x1b[0m\n    \x1b[31mg\x1b[0m\x1b[1;31m()\x1b[0m\n    \x1b[31m~\x1b"
        "[0m\x1b[1;31m^^\x1b[0m\n\x1b[1;35mKeyError\x1b[0m: \x1b[35m'x'\x1b[0m\n"
    )
    (raised,) = read(text)
    assert raised == Raised("KeyError", (Frame("a", "f", True, OURS, "/app/a.py", 3),), "'x'")


def test_nameless_functions() -> None:
    """A lambda has the name of the nearest function of ours around it, if they are in one file."""
    names = [one.function for one in recorded("cheapest-base")[0].frames]
    assert names[:2] == ["cheapest.<lambda>", "cheapest"]
    names = [one.function for one in recorded("total_lazily-base")[0].frames]
    assert names[:2] == ["total_lazily.<genexpr>", "total_lazily"]


def test_comprehensions_and_recursion() -> None:
    """Comprehensions are no frames, before Python 3.12 either; a recursion is one frame."""
    assert ours(recorded("total-py39")) == ours(recorded("total-py312"))
    assert ours(recorded("descend-base")) == ours(recorded("descend-py313"))


@pytest.mark.parametrize("path", [
    "/app/shop/orders.py", "/srv/releases/20240611/shop/orders.py", "C:\\app\\shop\\orders.py",
    "/home/ci/build-4711/shop/orders.py", "/home/ann/work/storefront/shop/orders.py",
    "/usr/src/app/shop/orders.py", "/opt/storefront/current/shop/orders.py", "shop/orders.py",
    "/app/storefront.pyz/shop/orders.py", "/app/venv/lib/python3.12/site-packages/shop/orders.py",
    "/var/task/shop/orders.py", "D:/inetpub/storefront/shop/orders.py", "/shop-2/shop/orders.py",
    "/app/.bootstrap/storefront.pex/shop/orders.py", "/Users/ann/projects/store/shop/orders.py",
])  # fmt: skip
def test_module_wherever_deployed(path: str) -> None:
    """A module's name does not tell where the program was deployed."""
    assert module(path.replace("\\", "/")) == "shop.orders"


@pytest.mark.parametrize(("path", "name"), [
    ("/app/main.py", "main"), ("/srv/storefront/main.py", "main"), ("/srv/store2/main.py", "main"),
    ("/app/shop/__init__.py", "shop"), ("/app/a/b/c/d.py", "b.c.d"), ("<string>", "<string>"),
    ("/tmp/ipykernel_12/123.py", "<cell>"), ("<ipython-input-3-5ab1c2>", "<cell>"),
    ("<attrs generated init shop.Order-2>", "<generated>"),
    ("/app/templates/order.html", "templates.order"),
])  # fmt: skip
def test_module(path: str, name: str) -> None:
    """A module is the file and at most two packages; code without a file has a name that stays."""
    assert module(path) == name


LIBRARY_PATHS = {
    "/app/.venv/lib/python3.12/site-packages/flask/app.py": "site-packages",
    "C:/app/venv/Lib/site-packages/flask/app.py": "site-packages",
    "/usr/lib/python3/dist-packages/flask/app.py": "dist-packages",
    "/app/lib/Flask-2.0-py3.8.egg/flask/app.py": "egg",
    "/root/.pex/installed_wheels/ab12/flask-2.0-py3-none-any.whl/flask/app.py": "wheel",
    "/app/shop/_vendor/six.py": "vendored",
    "/usr/lib/python3.11/json/decoder.py": "standard",
    "/home/ci/.pyenv/versions/3.11.7/lib/python3.11/json/decoder.py": "standard",
    "/opt/conda/envs/shop/lib/python3.11/json/decoder.py": "standard",
    "/home/ci/.local/share/uv/python/cpython-3.12.1-linux-gnu/lib/python3.12/a.py": "standard",
    "/opt/homebrew/Cellar/python@3.11/3.11.4/Frameworks/Python.framework/Versions/3.11/lib/"
    "python3.11/runpy.py": "standard",
    "C:/Python311/Lib/json/decoder.py": "standard",
    "C:/Users/ann/AppData/Local/Programs/Python/Python311/Lib/runpy.py": "standard",
    "C:/ProgramData/Anaconda3/envs/shop/Lib/json/decoder.py": "standard",
    "/opt/pypy3.9/lib/pypy3.9/json/decoder.py": "standard",
    "/opt/python/lib/python3.13t/threading.py": "layer",
    "/usr/lib/python311.zip/json/decoder.py": "standard",
    "/var/runtime/bootstrap.py": "runtime",
    "/var/task/requests/api.py": "package requests",
    "flask/app.py": "package flask",
    "asyncio/runners.py": "standard",
    "pandas/_libs/index.pyx": "Cython",
    "<frozen importlib._bootstrap>": "frozen",
    "<string>": "no file",
}  # fmt: skip


@pytest.mark.parametrize("path", LIBRARY_PATHS)
def test_library_paths(path: str) -> None:
    """Python, installed, vendored, bundled and compiled packages, and code without a file are not
    ours, and the reason says which it is."""
    in_app, reason = origin(path, "f")
    assert not in_app
    assert LIBRARY_PATHS[path] in reason


@pytest.mark.parametrize("path", [
    "/app/shop/orders.py", "shop/orders.py", "/var/task/shop/orders.py", "/tmp/ipykernel_1/2.py",
    "<stdin>", "<ipython-input-3-5ab1c2>", "/app/python3/orders.py", "/app/lib/orders.py",
    "/app/requests/views.py", "/app/shop.pyz/shop/orders.py",
])  # fmt: skip
def test_our_paths(path: str) -> None:
    """What is in no library's folder is ours, also a folder named like a package."""
    assert origin(path, "f")[0]


def test_cell() -> None:
    """The line that IPython writes into the name of a cell is no part of it."""
    text = '\n  File "/tmp/ipykernel_12/123.py", line 1, in <cell line: 4>\nKeyError: 1'
    assert read(text)[0].frames[0].name == "<cell>.<module>"


def test_compiled_function() -> None:
    """Cython names a function with its module; its file is not there."""
    frame = read('\n  File "index.pyx", line 153, in pandas._libs.index.Engine.get\nKeyError: 1')[0]
    assert not frame.frames[0].in_app


PIECES = st.sampled_from([
    "\n", "Traceback (most recent call last):", '  File "/app/a.py", line 3, in f', "    a = b()",
    "    ~~^^^", "  [Previous line repeated 3 more times]", "KeyError: 'x'", "a.B", ": ", "| ",
    "  + Exception Group Traceback (most recent call last):", "  | ", "    | ", '"""', "\x1b[1m",
    "  +-+---------------- 1 ----------------", "    +---------------- 2 ----------------",
    "    +------------------------------------", CAUSED, HANDLING, "1 validation error for A\nb",
    '  File "<string>", line 1', "SyntaxError: invalid syntax", "multiprocessing.RemoteTraceback:",
    '  File "', '", line 99999999999999999999, in ', "<lambda>", "The above exc", "\\", "/", "é",
])  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join))
def test_never_raises(text: str) -> None:
    """Any text made of pieces of tracebacks is read, twice the same, with numbers that fit."""
    chain = read("\n" + text)
    assert chain == read("\n" + text)
    assert all(0 <= (frame.line or 0) < 2**31 for one in chain for frame in one.frames)


def test_patterns_take_linear_time() -> None:
    """No pattern repeats without limit what itself may be repeated in more than one way."""
    import re._parser as parser  # type: ignore[import-not-found]  # the only one that parses

    found = [
        value
        for mod in (python, python_paths)
        for row in vars(mod).values()
        for value in (row if isinstance(row, tuple) else (row,))
        for value in (value if isinstance(value, tuple) else (value,))
        if isinstance(value, re.Pattern)
    ]
    assert len(found) > 15
    for pattern in found:
        assert backtracking_depth(parser.parse(pattern.pattern, pattern.flags)) <= 1, pattern
