"""Stacks in formats of versions that are not at hand, written after their documentation."""

import re

from group_corpus import Corpus

RUBY_34 = "by hand, from knowledge of the form (class names and quotes)"
PHP_84 = "by hand, from knowledge of the form (closure names)"
PHP_MANUAL = "by hand, from knowledge of the form"
DOTNET = "by hand, from knowledge of the form"
ROSLYN = "by hand, from knowledge of the form (names the compiler generates)"
EYRE = "by hand, from knowledge of the form (the report's format)"
RUST_LOG = "by hand, from knowledge of the form (without a backtrace)"
OTEL_ERLANG = "documented: open-telemetry/opentelemetry-erlang, otel_span.erl (50 characters)"

# Which class defines the methods of the program, as Ruby 3.4 writes them.
RUBY_OWNERS = {
    "validate": "Order#", "refund": "Order#", "ship": "Order#", "total": "Order#",
    "descend": "Order#", "find": "Order.", "place": "Checkout#", "load": "Checkout#",
    "setting": "Checkout#", "rule": "Checkout#", "render": "Pages#", "record": "Object#",
    "main": "Object#", "call": "Rack::Handler#", "serve": "Rack::Handler#", "each": "Array#",
    "map": "Enumerable#", "each_with_index": "Enumerable#", "read": "IO.", "fetch": "Hash#",
    "public_send": "Kernel#",
}  # fmt: skip


def ruby(corpus: Corpus) -> None:
    """What Ruby 3.4 writes of the same program: 'Order#place' for `place'."""
    for name in (
        "refund_nil", "block", "caused_io", "caused_key", "lambda", "recursive", "invalid_city",
        "class_method", "template",
    ):  # fmt: skip
        told = corpus.occurrences[f"base/{name}"]
        text = re.sub(
            r":in `((?:block (?:\(\d levels\) )?in )?)([^']*)'", _qualified, told["stacktrace"]
        )
        text = text.replace("nil:NilClass", "nil").replace("method `", "method '")
        lines = [
            line for line in text.split("\n") if ":in 'rescue in " not in line or ": order" in line
        ]
        text = "\n".join(lines).replace("'rescue in place'", "'Checkout#place'")
        message = told["message"].replace("nil:NilClass", "nil").replace("method `", "method '")
        corpus.add(f"ruby34/{name}", [told["type"], message, text], RUBY_34)
        corpus.pair(f"base/{name}", f"ruby34/{name}", True, "Ruby 3.4 names classes in stacks")
    corpus.pair("ruby34/refund_nil", "base/ship_nil", False, "another method, another Ruby")
    corpus.pair("ruby34/caused_io", "ruby34/caused_key", False, "another cause, in Ruby 3.4")


def _qualified(match: re.Match[str]) -> str:
    return f":in '{match[1]}{RUBY_OWNERS.get(match[2], '')}{match[2]}'"


def php(corpus: Corpus) -> None:
    """What PHP 8.4 writes of the same program: a closure is named after its function and line."""
    closures = (
        (
            "closure",
            r"App\Orders\Order->App\Orders\{closure}",
            r"App\Orders\Order->{closure:App\Orders\Order::total():49}",
        ),
        (
            "usort",
            r"App\Orders\Checkout::App\Orders\{closure}",
            r"App\Orders\Checkout::{closure:App\Orders\Checkout::sorted():69}",
        ),
    )
    for name, before, after in closures:
        told = corpus.occurrences[f"base/native/{name}"]
        text = told["stacktrace"].replace(before, after)
        text = text.replace(": {closure}()", ": {closure:main():66}()")
        corpus.add(f"php84/native/{name}", [told["type"], told["message"], text], PHP_84)
        corpus.pair(f"base/native/{name}", f"php84/native/{name}", True, "PHP 8.4 names closures")
        form = corpus.occurrences[f"base/otel/{name}"]
        dots = (
            before.replace("->", ".").replace("::", ".").replace("\\", "."),
            re.split("->|::", after, maxsplit=1),
        )
        text = form["stacktrace"].replace(dots[0], f"{dots[1][0]}.{dots[1][1]}".replace("\\", "."))
        corpus.add(f"php84/otel/{name}", [form["type"], form["message"], text], PHP_84)
        corpus.pair(f"base/otel/{name}", f"php84/otel/{name}", True, "PHP 8.4 names closures")
    corpus.pair("php84/native/closure", "php84/native/usort", False, "closures of two classes")
    told = corpus.occurrences["base/native/caused_json"]
    fatal = (
        "PHP Fatal error:  Uncaught "
        + told["stacktrace"]
        + "\n  thrown in /app/src/Orders/Checkout.php on line 16"
    )
    corpus.add(
        "fatal/caused_json",
        [told["type"], told["message"], fatal],
        PHP_MANUAL,
    )
    corpus.pair("base/native/caused_json", "fatal/caused_json", True, "as a fatal error writes it")


GERMAN = (
    "System.NullReferenceException: Der Objektverweis wurde nicht auf eine Objektinstanz festgelegt.\n"  # noqa: E501 - the text of a stack
    "   bei Shop.Order.{method}(Object[] {what}) in C:\\build\\Shop\\Order.cs:Zeile {line}.\n"
    "   bei Shop.Program.<>c__DisplayClass1_0.<Main>b__{number}() in C:\\build\\Shop\\Program.cs:Zeile 40.\n"  # noqa: E501 - the text of a stack
    "   bei Shop.Program.Record(String name, Action work) in C:\\build\\Shop\\Program.cs:Zeile 15."
)
JAPANESE = (
    "Shop.OrderException: 注文に失敗しました ---> "
    "System.FormatException: 入力文字列の形式が正しくありません。\n"
    "   場所 System.Number.ParseInt32(String s, NumberStyles style, NumberFormatInfo info)\n"
    "   場所 Shop.Checkout.{inner}(String text) 場所 C:\\build\\Shop\\Checkout.cs:行 {line}\n"
    "   --- 内部例外スタック トレースの終わり ---\n"
    "   場所 Shop.Checkout.Place(Order order, String how) "
    "場所 C:\\build\\Shop\\Checkout.cs:行 {line}"
)
NET9 = (
    "Shop.OrderException: order {id} refused\n"
    "   at Shop.Checkout.{frame} in /src/Checkout.cs:line {line}\n"
    "   at Shop.Checkout.<>c__DisplayClass{n}_0.<<LambdaAsync>b__{n}>d.MoveNext() in /src/Checkout.cs:line 80\n"  # noqa: E501 - the text of a stack
    "--- End of stack trace from previous location ---\n"
    "   at Shop.Repository`1.Get[TKey](List`1 keys, Func`2 map) in /_/src/Repository.cs:line {line}\n"  # noqa: E501 - the text of a stack
    "   at Program.<<Main>$>g__Run|0_{n}(String[] args) in /src/Program.cs:line 3\n"
    "   at lambda_method{id}(Closure, Object)"
)


def dotnet(corpus: Corpus) -> None:
    """Texts of other languages and of Roslyn, whose names Mono's compiler does not make."""
    for key, method, what, line, number in (
        ("german/refund", "Refund", "payment", 64, "4"),
        ("german/refund_moved", "Refund", "payment", 81, "6"),
        ("german/ship", "Ship", "parcel", 70, "4"),
    ):
        text = GERMAN.format(method=method, what=what, line=line, number=number)
        fields = ["System.NullReferenceException", text.partition(": ")[2].partition("\n")[0], text]
        corpus.add(key, fields, DOTNET)
    corpus.pair("german/refund", "german/refund_moved", True, "lines moved, German text")
    corpus.pair("german/refund", "german/ship", False, "another method, German text")
    for key, inner, line in (
        ("japanese/parse", "Parse", 30),
        ("japanese/parse_moved", "Parse", 44),
        ("japanese/count", "Count", 30),
    ):
        corpus.add(
            key,
            ["Shop.OrderException", "注文に失敗しました", JAPANESE.format(inner=inner, line=line)],
            DOTNET,
        )
    corpus.pair("japanese/parse", "japanese/parse_moved", True, "lines moved, Japanese text")
    for key, frame, ident, at, line in (
        ("roslyn/async", "<ChargeAsync>d__4.MoveNext()", 4711, 4, 61),
        ("roslyn/async_moved", "<ChargeAsync>d__9.MoveNext()", 98100, 9, 77),
        ("roslyn/async_named", "ChargeAsync(Order order)", 12, 4, 61),
        ("roslyn/generic", "<ChargeAsync>d__4`1.MoveNext()", 13, 4, 61),
        ("roslyn/other", "<CloseAsync>d__4.MoveNext()", 4711, 4, 61),
        ("roslyn/local", "<ChargeAsync>g__Both|4_0(Order order)", 4711, 4, 61),
        ("roslyn/lambda", "<>c.<ChargeAsync>b__4_0(Order order)", 4711, 4, 61),
        ("roslyn/lambda_moved", "<>c__DisplayClass9_1.<ChargeAsync>b__3(Order order)", 5, 9, 70),
    ):
        text = NET9.format(frame=frame, id=ident, n=at, line=line)
        corpus.add(key, ["Shop.OrderException", f"order {ident} refused", text], ROSLYN)
    for other, why in (
        ("async_moved", "a closure and an async method added above"),
        ("async_named", "a newer runtime names the method itself"),
        ("generic", "the method became generic"),
    ):
        corpus.pair("roslyn/async", f"roslyn/{other}", True, why)
    corpus.pair("roslyn/lambda", "roslyn/lambda_moved", True, "the lambda uses a variable now")
    corpus.pair("roslyn/async", "roslyn/other", False, "another asynchronous method")
    corpus.pair("roslyn/local", "roslyn/other", False, "a local function of another method")
    corpus.pair("roslyn/lambda", "roslyn/other", False, "a lambda of another method")


def erlang(corpus: Corpus) -> None:
    """OpenTelemetry's Erlang API cuts the list of a stack after 50 characters."""
    for key, text in (
        ("cut/place", "[{shop_orders,place,2,[{file,...},{...}]},{...}|...]"),
        ("cut/place_again", "[{shop_orders,place,2,[{file,[...]}|...]},{...}|...]"),
        ("cut/total", "[{shop_orders,total,1,[{file,...},{...}]},{...}|...]"),
        ("cut/short", "[{shop_orders,place,...},{...}|...]"),
    ):
        corpus.add(key, ["error:badarith", "", text], OTEL_ERLANG)
    corpus.pair("cut/place", "cut/place_again", True, "cut at another character")
    corpus.pair("cut/place", "cut/total", False, "another function")
    corpus.pair("cut/short", "cut/total", False, "another function")


REPORT = (
    "Error: \n   0: order {id} failed\n   1: {cause}\n\nLocation:\n   src/orders.rs:{line}\n\n"
    "  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ BACKTRACE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n"
    "                                ⋮ 8 frames hidden ⋮\n"
    "   9: shop::orders::Checkout::{function}::h{hash}\n      at /app/src/orders.rs:{line}\n"
    "  10: shop::main::h{hash}\n      at /app/src/main.rs:{line}\n"
    "                                ⋮ 12 frames hidden ⋮"
)


def rust(corpus: Corpus) -> None:
    """Reports of color-eyre, and panics of programs that write no backtrace."""
    for key, ident, cause, function, line, digits in (
        (
            "eyre/load",
            4711,
            "No such file or directory (os error 2)",
            "load",
            120,
            "0123456789abcdef",
        ),
        (
            "eyre/load_again",
            98100,
            "No such file or directory (os error 2)",
            "load",
            131,
            "fedcba9876543210",
        ),
        (
            "eyre/setting",
            4711,
            "environment variable not found",
            "setting",
            127,
            "0123456789abcdef",
        ),
        ("eyre/denied", 4711, "Permission denied (os error 13)", "load", 120, "0123456789abcdef"),
    ):
        text = REPORT.format(id=ident, cause=cause, function=function, line=line, hash=digits)
        corpus.add(key, ["eyre::Report", f"order {ident} failed", text], EYRE)
    corpus.pair("eyre/load", "eyre/load_again", True, "lines moved, built again")
    corpus.pair("eyre/load", "eyre/setting", False, "another cause")
    corpus.pair("eyre/load", "eyre/denied", False, "another cause at the same place")
    for key, file, line, message in (
        ("bare/orders", "src/orders.rs", 71, "called `Option::unwrap()` on a `None` value"),
        ("bare/orders_moved", "src/orders.rs", 84, "called `Option::unwrap()` on a `None` value"),
        ("bare/stock", "src/stock.rs", 71, "called `Option::unwrap()` on a `None` value"),
    ):
        text = f"thread 'main' panicked at {file}:{line}:17:\n{message}\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"  # noqa: E501 - the text of a stack
        corpus.add(key, ["panic", message, text], RUST_LOG)
    old = "thread 'main' panicked at 'called `Option::unwrap()` on a `None` value', src/orders.rs:71:17"  # noqa: E501 - the text of a stack
    corpus.add(
        "bare/orders_old", ["panic", "called `Option::unwrap()` on a `None` value", old], RUST_LOG
    )
    corpus.pair("bare/orders", "bare/orders_moved", True, "lines moved")
    corpus.pair("bare/orders", "bare/orders_old", True, "before Rust 1.73")
    corpus.pair("bare/orders", "bare/stock", False, "another file of ours")
