"""Stacks of nine languages become exceptions and frames, in time linear in the text."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints import message, source_path, stacktrace
from receiver.fingerprints.stacktrace import (
    READERS,
    TEXT_LENGTH_MAX,
    Frame,
    Raised,
    read,
    recognise,
)

CORPUS = Path(__file__).parent / "data" / "stacktraces"
DETECT = CORPUS / "detect_exceptions"

# How telemetry.sdk.language names what the corpus's file names begin with.
LANGUAGES = {
    "client": "webjs", "complex": "java", "csharp": "dotnet", "dart": "dart", "frontend": "nodejs",
    "go": "go", "java": "java", "loadgenerator": "python", "nested": "java", "node": "nodejs",
    "php": "php", "python": "python", "rails": "ruby", "ruby": "ruby", "rust": "rust",
}  # fmt: skip

STACKS = {
    path.stem: (LANGUAGES[path.stem.partition("_")[0]], path.read_text("utf-8"))
    for path in sorted(CORPUS.glob("*/*.txt"))
    if path.stem != "arbitrary_text"
}

# Texts of SDKs and runtimes of which the corpus has none, written after their documentation.
STACKS |= {
    "php_opentelemetry": ("php", (
        "App.Orders.OrderException: order 7 failed\n"
        "\tat App.Orders.OrderService.place(OrderService.php:41)\n"
        "\tat Symfony.Component.HttpKernel.HttpKernel.handleRaw(HttpKernel.php:163)\n"
        "\tat {main}(index.php:5)\n"
        "Caused by: PDOException: gone away\n"
        "\tat PDO.prepare(Database.php:17)\n"
        "\tat App.Database.query(Database.php:17)\n"
        "\t... 3 more"
    )),
    "php_chained": ("php", (
        "PDOException: gone away in /app/src/Database.php:17\n"
        "Stack trace:\n"
        "#0 /app/src/Database.php(17): PDO->prepare('SELECT (1)')\n"
        "#1 /app/src/OrderService.php(40): App\\Database->query('SELECT (1)')\n"
        "#2 {main}\n\n"
        "Next App\\OrderException: order 7 failed in /app/src/OrderService.php:42\n"
        "Stack trace:\n"
        "#0 /app/vendor/symfony/HttpKernel.php(163): App\\OrderService->place(Object(Order))\n"
        "#1 /app/public/index.php(5): Symfony\\HttpKernel->handle()\n"
        "#2 {main}"
    )),
    "ruby_cause": ("ruby", (
        "app/models/order.rb:12:in 'Order#place': order 7 failed (OrderError)\n"
        "\tfrom app/models/order.rb:20:in 'block in Order.place_all'\n"
        "\tfrom /usr/local/bundle/gems/rack-3.0/lib/rack/server.rb:5:in 'Rack::Server#call'\n"
        "lib/stock.rb:3:in 'Stock#take': none left (Stock::Empty)\n"
        "\tfrom app/models/order.rb:10:in 'Order#place'\n"
        "\t ... 2 levels..."
    )),
    "dotnet_aggregate": ("dotnet", (
        "System.AggregateException: One or more errors occurred. (no stock) (refused)\n"
        " ---> Shop.StockException: no stock\n"
        "   at Shop.Stock.<>c__DisplayClass4_0.<<TakeAsync>b__0>d.MoveNext() in /s/A.cs:line 9\n"
        "   at Shop.Stock.TakeAsync[T](List`1 items) in /src/Stock.cs:line 12\n"
        "   --- End of inner exception stack trace ---\n"
        "   at System.Threading.Tasks.Task.WaitAll(Task[] tasks)\n"
        "   at Shop.Order.<Place>g__Both|3_0() in /src/Order.cs:line 30\n"
        " ---> (Inner Exception #1) Shop.PaymentException: refused\n"
        "   at Shop.Payment..ctor(Int32 amount) in /src/Payment.cs:line 4<---\n"
    )),
    "webjs_gecko": ("webjs", (
        "place@https://shop.example/static/js/orders.3f2a9b1c.js:1:2345\n"
        "t@https://shop.example/static/js/vendor.77aa01bc.chunk.js:2:99\n"
        "promise callback*e.exports@https://shop.example/static/js/orders.3f2a9b1c.js:1:99\n"
        "@https://shop.example/node_modules/react/index.js:1:5\n"
    )),
    "webjs_bundle": ("webjs", (
        "TypeError: e is undefined\n"
        "    at a (https://shop.example/assets/index-BxK3d9_a.js:1:2345)\n"
        "    at new OrderForm (webpack:///./src/orders/form.ts?4f2a:12:7)\n"
        "    at Object.4711 (https://shop.example/_next/static/chunks/4711.js:1:99)\n"
    )),
    "kotlin_proxies": ("java", (
        "java.lang.IllegalStateException: no stock\n"
        "\tat com.shop.StockKt$take$2$1.invokeSuspend(Stock.kt:14)\n"
        "\tat kotlinx.coroutines.DispatchedTask.run(DispatchedTask.kt:108)\n"
        "\tat com.shop.OrderService$$SpringCGLIB$$0.place(<generated>)\n"
        "\tat java.base/jdk.internal.reflect.GeneratedMethodAccessor91.invoke(Unknown Source)\n"
        "\tat com.shop.OrderController$$Lambda$712/0x00000008012a3c40.apply(Unknown Source)\n"
        "\tat app//com.shop.Main.main(Main.kt:3)"
    )),
}  # fmt: skip

# A backtrace that is recorded without a panic has no headline.
STACKS["rust_plain"] = ("rust", STACKS["rust_1"][1].partition("stack backtrace:\n")[2])

# The chain of a stack: the type, then in-app frames as "module.function", nearest the raise first.
CHAINS: dict[str, list[tuple[str | None, list[str]]]] = {
    "python_chained_1": [
        ("OrderError", ["chained.place_order", "chained.<lambda>", "chained.main"]),
        ("KeyError", ["chained.read_setting", "chained.place_order"]),
    ],
    "python_chained_3": [
        ("OrderError", ["chained.descend", "chained.<lambda>", "chained.main"]),
    ],
    "python_group_1": [
        ("ExceptionGroup", ["group.checkout", "group.main"]),
        ("LookupError", ["group.reserve"]),
        ("ValueError", ["group.charge"]),
        ("ZeroDivisionError", ["group.charge"]),
    ],
    "loadgenerator_products": [
        ("requests.exceptions.ConnectionError", []),
        ("urllib3.exceptions.MaxRetryError", []),
        ("urllib3.exceptions.NameResolutionError", []),
        ("socket.gaierror", []),
    ],
    "node_2": [
        ("Error", ["shop.OrderService.load", "shop.OrderService.place", "shop.service.total.items",
                   "shop.<anonymous>"]),
        ("Error", ["shop.OrderService.load", "shop.OrderService.place", "shop.service.total.items",
                   "shop.<anonymous>"]),
    ],
    "frontend_cart": [("Error", ["pages/api/cart.<anonymous>"])],
    "webjs_gecko": [
        (None, ["js/orders.place", "js/vendor.chunk.<minified>", "js/orders.e.exports"]),
    ],
    "webjs_bundle": [
        ("TypeError", ["index.<minified>", "orders/form.new OrderForm", "static/chunks/#.#"]),
    ],
    "java_1": [
        ("com.example.shop.Shop$OrderException",
         ["com.example.shop.Shop.place", "com.example.shop.Shop.lambda$main$",
          "com.example.shop.Shop.main"]),
        ("java.io.IOException", ["com.example.shop.Shop.load", "com.example.shop.Shop.place"]),
    ],
    "java_3": [
        ("java.lang.RuntimeException",
         ["com.example.shop.Shop.lambda$main$", "com.example.shop.Shop.main"]),
        ("java.lang.IllegalArgumentException", ["com.example.shop.Shop.close"]),
    ],
    "java_7": [("java.lang.StackOverflowError", ["com.example.shop.Shop.descend"])],
    "kotlin_proxies": [
        ("java.lang.IllegalStateException",
         ["com.shop.StockKt$take$$.invokeSuspend", "com.shop.OrderController.apply",
          "com.shop.Main.main"]),
    ],
    "go_1": [(None, ["main.(*Order).total", "main.main.func", "main.report", "main.main"])],
    "go_trimpath_4": [(None, ["main.main.func", "main.report", "main.main"])],
    "go_http": [(None, ["main.doPanic"])],
    "rust_1": [
        (None, ["<shop::Item as shop::Priced>.price", "shop::total.{closure}", "shop.total",
                "shop::main.{closure}", "shop.main"]),
    ],
    "rust_release_2": [(None, ["shop.index", "shop.main"])],
    "csharp_async_exc": [
        ("System.InvalidOperationException",
         ["ExampleApp2.AsyncExceptionExample.LowestLevelMethod",
          "ExampleApp2.AsyncExceptionExample.ThirdLevelMethod",
          "ExampleApp2.AsyncExceptionExample.SecondLevelMethod",
          "ExampleApp2.AsyncExceptionExample.TopLevelMethod"]),
    ],
    "dotnet_aggregate": [
        ("System.AggregateException", ["Shop.Order.Place.Both"]),
        ("Shop.StockException", ["Shop.Stock.TakeAsync.<lambda>", "Shop.Stock.TakeAsync"]),
        ("Shop.PaymentException", ["Shop.Payment.ctor"]),
    ],
    "ruby_cause": [
        ("OrderError", ["models/order.Order#place", "models/order.Order.place_all"]),
        ("Stock::Empty", ["stock.Stock#take", "models/order.Order#place"]),
    ],
    "rails_exc": [(None, [])],
    "php_chained": [
        ("App\\OrderException", ["App\\OrderService.place", "public/index.{main}"]),
        ("PDOException", ["PDO.prepare", "App\\Database.query", "OrderService.{main}"]),
    ],
    "php_opentelemetry": [
        ("App.Orders.OrderException", ["App.Orders.OrderService.place", ".{main}"]),
        ("PDOException", ["App.Database.query"]),
    ],
    "dart_argument_err": [
        (None, ["dartFile.main.<anonymous closure>", "dartFile.printError", "dartFile.main"]),
    ],
}  # fmt: skip

MODULES = [
    importlib.import_module(f"receiver.fingerprints.dialects.{name}")
    for name in ("dart", "dotnet", "go", "java", "javascript", "php", "python", "ruby", "rust")
] + [message, source_path, stacktrace]
PATTERNS = {
    f"{module.__name__}.{name}.{number}": item
    for module in MODULES
    for name, value in vars(module).items()
    for number, row in enumerate(value if name in ("MARKS", "REWRITES") else [(value,)])
    for item in row
    if isinstance(item, re.Pattern)
}

# Repeated to a megabyte: what a pattern begins with, without what it ends with. After a "~": the
# beginning, once.
HOSTILE = (
    "\n", " ", "a", "(", "<", "::<", "@", "a@", "at a(", "\n\tat a", "\n\tat a(b", "at (", "a.",
    '\n  File "', '\n  File "a", line 1, in a', "\nTraceback (most recent call last):", "    | ",
    "+-", "\ngoroutine 1 [x]:\n", "\na(\n\ta:1", "\n   0: a::b", "{closure", "$$Lambda", "$1",
    "\nCaused by: a", "---> a ", "--- End of inner exception stack trace ---\n", "`1[",
    "\n#0 a(1): ", "in a:1\n", "\nNext A", "\nb:1:in `c': x (T)", ":1:in `", "block in ",
    "\n[cause]: A", "\x00",
    "{~   0: ", "a~   0: ", "::<~   0: ", "-~    at a (/x/", "_~a:1:in `", "[~   at ", "$~\tat ",
    "a~\tat ", "/a~    at a (/x/", "<~   at ", "(~a(", "-a~    at a (/x/", " ~\n    at ",
)  # fmt: skip


def named(chain: list[Raised]) -> list[tuple[str | None, list[str]]]:
    """A chain as the tables above write it."""
    return [
        (one.type, [f"{frame.module}.{frame.function}" for frame in one.frames if frame.in_app])
        for one in chain
    ]


@pytest.mark.parametrize("name", CHAINS)
def test_chain(name: str) -> None:
    """A stack has the recorded exception first, its causes after it, and our own frames marked."""
    language, text = STACKS[name]
    assert named(read(text, language)) == CHAINS[name]


@pytest.mark.parametrize("name", STACKS)
def test_language_from_text(name: str) -> None:
    """A stack is read the same whether the language is told, unknown or told wrongly."""
    language, text = STACKS[name]
    told = read(text, language)
    assert any(raised.frames for raised in told)
    assert READERS[recognise(text) or ""] is READERS[language]
    assert read(text, None) == read(text, "cpp") == told


def test_no_stack() -> None:
    """Prose, an empty text and a message are no stack."""
    for text in ((DETECT / "arbitrary_text.txt").read_text(), "", "TypeError: no", "a@b.example"):
        assert not any(raised.frames for raised in read(text, None))
        assert not any(raised.frames for raised in read(text, "nodejs"))


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/app/shop/orders/views.py", "shop/orders/views"),
        ("/home/ci/build-4711/shop/orders/views.py", "shop/orders/views"),
        ("/srv/releases/20240102/shop/orders/views.py", "shop/orders/views"),
        ("C:\\build\\shop\\orders\\views.py", "shop/orders/views"),
        ("/app/main.py", "main"),
        ("/opt/shop-1.2.3/main.py", "main"),
        ("api/v2/orders.service.ts", "api/v2/orders.service"),
        ("views.py", "views"),
        (".hidden", ".hidden"),
        ("", ""),
    ],
)
def test_module_of_a_path(path: str, module: str) -> None:
    """A module is its file after two directories at most, wherever the build put them."""
    assert source_path.module_name(path) == module


@pytest.mark.parametrize(
    ("path", "function", "in_app"),
    [
        ("/app/shop/views.py", "get", True),
        ("/usr/local/lib/python3.12/json/decoder.py", "decode", False),
        ("/app/.venv/lib/python3.12/site-packages/flask/app.py", "full_dispatch_request", False),
        ("C:\\Python311\\Lib\\json\\decoder.py", "decode", False),
        ("<frozen importlib._bootstrap>", "_find_and_load", False),
        ("src/gevent/event.py", "gevent._gevent_cevent.AsyncResult.get", False),
        ("src/shop/event.py", "get", True),
    ],
)
def test_in_app_of_python(path: str, function: str, in_app: bool) -> None:
    """Python's library, installed packages, generated and compiled code are not ours."""
    (raised,) = read(f'  File "{path}", line 3, in {function}\nKeyError: 1', "python")
    assert [frame.in_app for frame in raised.frames] == [in_app]


def test_comprehension_is_no_frame() -> None:
    """A list comprehension is its function, as Python 3.12 has it, before 3.12 too."""
    lines = ['  File "/app/a.py", line 3, in total', '  File "/app/a.py", line 3, in <listcomp>']
    assert read("\n".join(lines), "python")[0].frames == (Frame("a", "total", True),)


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_text(piece: str) -> None:
    """Of a megabyte 64 KiB are read: Python's end, the beginning of all others."""
    piece, _, beginning = piece.partition("~")
    text = beginning + piece * (1_000_000 // len(piece))
    for language in ("java", "nodejs", "go", "dotnet", "ruby", "php", "rust", "dart", None):
        assert read(text, language) == read(text[:TEXT_LENGTH_MAX] + " other", language)
    if recognise(text) in ("python", None):
        assert read(text, "python") == read("other " + text[-TEXT_LENGTH_MAX:], "python")


def test_long_python_stack() -> None:
    """The raise at the end of a long traceback is kept."""
    text = STACKS["python_chained_1"][1]
    assert read("x" * 1_000_000 + "\n" + text, "python") == read(text, "python")


def test_many_frames() -> None:
    """Of one exception 500 distinct frames are kept, of one chain 50 exceptions."""
    frames = "".join(f"\tat com.shop.A{number}.b(A.java:1)\n" for number in range(1_000))
    assert len(read("a.B: c\n" + frames, "java")[0].frames) == 500
    causes = "".join(f"Caused by: a.B{number}: c\n" for number in range(100))
    assert len(read("a.B: c\n\tat com.shop.A.b(A.java:1)\n" + causes, "java")) == 50


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_no_nested_backtracking(pattern: re.Pattern[str]) -> None:
    """No pattern repeats without limit what itself may be repeated in more than one way."""
    parser: Any = importlib.import_module("re._parser")
    assert backtracking_depth(parser.parse(pattern.pattern, pattern.flags)) <= 1


def backtracking_depth(node: Any) -> int:
    """How deep unlimited repeats lie in one another; a possessive one that holds none is none."""
    depth = 0
    for operation, argument in node:
        inner = max((backtracking_depth(child) for child in children(argument)), default=0)
        if "REPEAT" in str(operation) and argument[1] > 100:
            possessive = str(operation) == "POSSESSIVE_REPEAT"
            inner += bool(inner) if possessive else 1
        depth = max(depth, inner)
    return depth


def children(argument: Any) -> list[Any]:
    """The patterns within a pattern's operation."""
    if type(argument).__name__ == "SubPattern":
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [found for item in argument for found in children(item)]
    return []


@settings(deadline=None)
@given(st.text(), st.sampled_from([*READERS, None, "swift"]))
def test_never_raises(text: str, language: str | None) -> None:
    """Any text is read, in any language."""
    read(text, language)
