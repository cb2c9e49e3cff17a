"""Stacks of every language become exceptions and frames, in time linear in the text."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints import dialects, language_marks, messages, source_path, stacktrace
from receiver.fingerprints.stacktrace import READERS, TEXT_LENGTH_MAX, Raised, read, recognise
from tests.grouping_corpus import occurrences

CORPUS = Path(__file__).parent / "data" / "stacktraces"
DETECT = CORPUS / "detect_exceptions"
GROUPING = CORPUS.parent / "grouping"

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
    "rust_1": [
        (None, ["<shop::Item as shop::Priced>.price", "shop.total", "shop.main"]),
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
        ("OrderError", ["models/order.place", "models/order.place_all"]),
        ("Stock::Empty", ["stock.take", "models/order.place"]),
    ],
    "rails_exc": [(None, [])],
    "php_chained": [
        ("App\\OrderException", ["App\\OrderService.place", "public/index.{main}"]),
        ("PDOException", ["App\\Database.query", "OrderService.{main}"]),
    ],
    "php_opentelemetry": [
        ("App\\Orders\\OrderException", ["App\\Orders\\OrderService.place", "index.{main}"]),
        ("PDOException", ["App\\Database.query"]),
    ],
    "dart_argument_err": [
        (None, ["dartFile.main.<anonymous closure>", "dartFile.printError", "dartFile.main"]),
    ],
}  # fmt: skip

MODULES = [
    importlib.import_module(f"{package.__name__}.{path.stem}")
    for package in (dialects, messages)
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py"))
] + [language_marks, source_path, stacktrace]


def patterns(value: object) -> Iterator[re.Pattern[str]]:
    """The patterns in a table of any shape."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from patterns(item)


PATTERNS = {
    f"{module.__name__}.{name}.{number}": pattern
    for module in MODULES
    for name, value in vars(module).items()
    for number, pattern in enumerate(patterns(value))
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


TOLD = ("python", "java", "nodejs", "go", "dotnet", "ruby", "php", "rust", "dart", "erlang", "cpp")


@pytest.mark.parametrize("name", STACKS)
def test_language_from_text(name: str) -> None:
    """A stack is read the same whether the language is told, unknown or told wrongly."""
    language, text = STACKS[name]
    told = read(text, language)
    assert any(raised.frames for raised in told)
    assert READERS[recognise(text) or ""] is READERS[language]
    assert all(read(text, other) == told for other in (None, *TOLD))


@pytest.mark.parametrize("corpus", sorted(path.stem for path in GROUPING.glob("*.jsonl")))
def test_language_of_the_corpus(corpus: str) -> None:
    """The same holds for every stack of the corpus of exceptions."""
    wrong = []
    for one in occurrences().values():
        if one.stacktrace and one.language and one.name.startswith(corpus + "/"):
            told = read(one.stacktrace, one.language)
            others = (read(one.stacktrace, other) for other in (None, *TOLD))
            if any(other != told for other in others):
                wrong.append(one.name)
    assert not wrong


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
        ("/srv/shop/orders.py", "orders"),
        ("/srv/shop-api/orders.py", "orders"),
        ("/srv/shop/releases/20240102030405/app/models/order.rb", "models/order"),
        ("/home/runner/work/shop/shop/orders/views.py", "shop/orders/views"),
        ("/home/vsts/work/1/s/orders/views.py", "orders/views"),
        ("/home/app/shop/orders/views.py", "shop/orders/views"),
        ("/usr/src/app/orders.py", "orders"),
        ("/var/www/html/orders/views.php", "orders/views"),
        ("\\\\server\\share\\shop\\orders\\views.py", "shop/orders/views"),
        ("\\\\?\\C:\\inetpub\\wwwroot\\shop\\orders\\views.py", "orders/views"),
        ("file:///app/orders/my%20views.py", "orders/my views"),
        ("file:///C:/build/shop/orders/views.py", "shop/orders/views"),
        ("views.py", "views"),
        (".hidden", ".hidden"),
        ("", ""),
    ],
)
def test_module_of_a_path(path: str, module: str) -> None:
    """A module is its file after two directories at most, wherever the build put them."""
    assert source_path.module_name(path) == module


def test_another_file() -> None:
    """Two files of ours in one place differ, and so do two folders beside one another."""
    paths = (
        "/app/orders/views.py",
        "/app/orders/models.py",
        "/app/users/views.py",
        "/app/views.py",
    )
    assert len({source_path.module_name(path) for path in paths}) == len(paths)


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_text(piece: str) -> None:
    """Of a megabyte 64 KiB are read, of its beginning and its end; what is between is not."""
    piece, _, beginning = piece.partition("~")
    text = beginning + piece * (1_000_000 // len(piece))
    middle = text[:TEXT_LENGTH_MAX] + "x" * 70_000 + text[-TEXT_LENGTH_MAX:]
    longer = text[:TEXT_LENGTH_MAX] + "y" * 80_000 + text[-TEXT_LENGTH_MAX:]
    for language in (*TOLD, None):
        assert read(middle, language) == read(longer, language)


def test_long_python_stack() -> None:
    """The raise at the end of a long traceback is kept."""
    text = STACKS["python_chained_1"][1]
    read_whole, read_long = read(text, "python"), read("x" * 1_000_000 + "\n" + text, "python")
    assert [raised.type for raised in read_long] == [raised.type for raised in read_whole]


def test_cause_of_a_long_stack() -> None:
    """The cause at the end of a long stack is kept, and the raise at its beginning."""
    frames = "".join(f"\tat com.shop.A{number % 50}.b(A.java:1)\n" for number in range(10_000))
    text = f"a.B: c\n{frames}Caused by: a.D: e\n\tat com.shop.E.f(E.java:1)\n"
    chain = read(text, "java")
    assert [raised.type for raised in chain] == ["a.B", "a.D"]
    assert chain[1].frames[0].name == "com.shop.E.f"


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


FRAGMENTS = (
    *(piece.replace("~", "") for piece in HOSTILE), *"()[]{}<>:;,.'`\"|/\\$@#-+*~ \t\n\r\x00\x1b",
    "\n   at ", " in ", ":line ", "12", "Shop.Order", "<Place>d__1", "[[", "]]", "`1", "---> ",
    "\n --- End", "\n#0 ", "(1): ", "{closure:", "{main}", "\nNext ", "\nCaused by:\n",
    "panicked at ",
    "\nstack backtrace:\n", "\n   0: ", "<a as b>", "::h0123456789abcdef", "_ZN4", "{{closure}}",
    "\n    (shop 0.1.0) ", "anonymous fn/1 in ", "A.b/1", "'-a/1-fun-0-'", "[{a,b,", "{file,\"",
    "** (",
    ":1:in `", "block in ", "(eval at ", "\nTraceback (most recent call last):", "\x1b[1m", "%2F",
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS)).map("".join), st.sampled_from([*READERS, None]))
def test_fragments(text: str, language: str | None) -> None:
    """Text made of what stacks are made of is read in any language, and never raises."""
    for raised in read(text, language):
        assert len(raised.frames) <= 500


@settings(deadline=None)
@given(st.text(), st.sampled_from([*READERS, None, "swift"]))
def test_never_raises(text: str, language: str | None) -> None:
    """Any text is read, in any language."""
    read(text, language)
