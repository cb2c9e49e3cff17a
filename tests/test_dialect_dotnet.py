"""Stacks of .NET, Mono and Unity become exceptions and frames."""

import pytest

from receiver.fingerprints.dialects.dotnet_names import split_name
from receiver.fingerprints.frame import Frame
from receiver.fingerprints.stacktrace import read
from tests.recorded_stacks import recorded

OURS = "no namespace of the list of libraries"


def test_wrapped_on_core() -> None:
    """An exception's own frames stand behind its cause's; both have their messages."""
    outer, cause = read(recorded("dotnet/base/core/wrapped_key"), "dotnet")
    assert (outer.type, outer.message) == ("Shop.OrderException", "order 4711 failed")
    assert outer.frames[0] == Frame("Shop.Checkout", "Place", True, OURS)
    assert cause.type == "System.Collections.Generic.KeyNotFoundException"
    assert cause.message == "The given key 'DATABASE_URL' was not present in the dictionary."
    assert cause.frames[:2] == (
        Frame(
            "System.Collections.Generic.Dictionary", "get_Item", False,
            "namespace System is a library",
        ),
        Frame("Shop.Checkout", "Setting", True, OURS),
    )  # fmt: skip


def test_mono_with_lines() -> None:
    """Mono writes the place without "line", and the hash of an assembly where it knows none."""
    (raised,) = read(recorded("dotnet/base/mono/refund_null"), "dotnet")
    assert raised.frames[0] == Frame("Shop.Order", "Refund", True, OURS, "/app/Order.cs", 64)
    (plain,) = read(recorded("dotnet/base/plain/refund_null"), "dotnet")
    assert plain.frames[0] == Frame("Shop.Order", "Refund", True, OURS)


def test_aggregate() -> None:
    """Every exception of an aggregate counts once, and the order of its tasks does not."""
    text = (
        "System.AggregateException: One or more errors occurred. (no stock) (refused)\n"
        " ---> Shop.StockException: no stock\n   at Shop.Stock.Take() in /src/Stock.cs:line 12\n"
        "   --- End of inner exception stack trace ---\n   at Shop.Order.Place()\n"
        " ---> (Inner Exception #1) Shop.B: refused\n   at Shop.B.Pay()<---\n\n"
        " ---> (Inner Exception #2) Shop.A: late\n   at Shop.A.Send()<---\n\n"
        " ---> (Inner Exception #3) Shop.B: refused again\n   at Shop.B.Pay()<---\n"
    )
    chain = read(text, "dotnet")
    assert [raised.type for raised in chain] == [
        "System.AggregateException", "Shop.StockException", "Shop.A", "Shop.B",
    ]  # fmt: skip
    swapped = text.replace(
        "#1) Shop.B: refused\n   at Shop.B.Pay", "#1) Shop.A: late\n   at Shop.A.Send"
    )
    swapped = swapped.replace(
        "#2) Shop.A: late\n   at Shop.A.Send", "#2) Shop.B: refused\n   at Shop.B.Pay"
    )
    assert read(swapped, "dotnet") == chain


@pytest.mark.parametrize(
    ("text", "file", "line"),
    [
        (
            "   bei Shop.Order.Place(String a) in C:\\src\\O (x86)\\O.cs:Zeile 12.",
            "C:\\src\\O (x86)\\O.cs",
            12,
        ),
        ("   à Shop.Order.Place(String a) dans C:\\src\\O.cs:ligne 12", "C:\\src\\O.cs", 12),
        ("   場所 Shop.Order.Place(String a) 場所 C:\\src\\O.cs:行 12", "C:\\src\\O.cs", 12),
        ("   在 Shop.Order.Place(String a) 位置 C:\\src\\O.cs:行号 12", "C:\\src\\O.cs", 12),
        ("   в Shop.Order.Place(String a) в /src/O.cs:строка 12", "/src/O.cs", 12),
        ("   en Shop.Order.Place(String a) en /src/O.cs:línea 12", "/src/O.cs", 12),
        ("   bij Shop.Order.Place(String a) in C:\\src\\O.cs:regel 12", "C:\\src\\O.cs", 12),
        ("   vid Shop.Order.Place(String a) i C:\\src\\O.cs:rad 12", "C:\\src\\O.cs", 12),
        ("   at Shop.Order.Place(String a) in /_/src/O.cs:line 12", "/_/src/O.cs", 12),
        ("   at Shop.Order.Place(String a) + 0x2d", None, None),
        ("  at Shop.Order.Place (System.String a) [0x0000a] in /src/O.cs:12 ", "/src/O.cs", 12),
        ("  at Shop.Order.Place (System.String a) [0x0000a] in <7f0c>:0 ", None, None),
        ("Shop.Order:Place (System.String) (at Assets/O.cs:12)", "Assets/O.cs", 12),
        ("Shop.Order.Place (System.String) (at Assets/O.cs:12)", "Assets/O.cs", 12),
    ],
)
def test_place(text: str, file: str | None, line: int | None) -> None:
    """A frame is read in the language of the machine, and of every runtime."""
    (raised,) = read(f"Shop.OrderException: no\n{text}", None)
    assert raised.frames == (Frame("Shop.Order", "Place", True, OURS, file, line),)


@pytest.mark.parametrize(
    ("head", "kind", "message"),
    [
        ("Microsoft.Data.SqlClient.SqlException (0x80131904): Violation of UNIQUE KEY",
         "Microsoft.Data.SqlClient.SqlException", "Violation of UNIQUE KEY"),
        ("System.Net.Sockets.SocketException (111): Connection refused",
         "System.Net.Sockets.SocketException", "Connection refused"),
        ("System.ComponentModel.Win32Exception (258): Unknown error 258",
         "System.ComponentModel.Win32Exception", "Unknown error 258"),
        ("Npgsql.PostgresException (0x80004005): 23505: duplicate key",
         "Npgsql.PostgresException", "23505: duplicate key"),
        ("MySqlConnector.MySqlException (0x80004005): ", "MySqlConnector.MySqlException", None),
        ("MySqlConnector.MySqlException (0x80004005)", "MySqlConnector.MySqlException", None),
        ("Shop.StockException: (none) left", "Shop.StockException", "(none) left"),
    ],
)  # fmt: skip
def test_code_after_the_class(head: str, kind: str, message: str | None) -> None:
    """The code of the system's and the databases' exceptions stands between class and message."""
    (alone,) = read(f"{head}\n   at Shop.Order.Place()", "dotnet")
    outer, cause = read(
        f"Shop.E: no\n ---> {head}\n   at Shop.Stock.Take()\n"
        "   --- Ende der internen Ausnahmestapelüberwachung ---\n   bei Shop.Order.Place()",
        "dotnet",
    )
    assert outer[0::2] == ("Shop.E", "no")
    assert alone[0::2] == cause[0::2] == (kind, message)


def test_localised_cause() -> None:
    """Where a cause's frames end is told by the indent, whatever language says so."""
    outer, cause = read(recorded("dotnet/japanese/parse"), None)
    assert (outer.message, cause.type) == ("注文に失敗しました", "System.FormatException")
    assert [frame.name for frame in outer.frames] == ["Shop.Checkout.Place"]
    assert [frame.name for frame in cause.frames if frame.in_app] == ["Shop.Checkout.Parse"]


@pytest.mark.parametrize(
    ("name", "module", "function"),
    [
        ("Shop.Cart.<PlaceAsync>d__12.MoveNext", "Shop.Cart", "PlaceAsync"),
        ("Shop.Cart.<PlaceAsync>d__12`1.MoveNext", "Shop.Cart", "PlaceAsync"),
        ("Shop.Repo`1.Get[TKey]", "Shop.Repo", "Get"),
        ("Shop.List`1[[System.Int32, mscorlib]].Add", "Shop.List", "Add"),
        ("Shop.Cart.<>c.<Place>b__3_0", "Shop.Cart.Place", "<lambda>"),
        ("Shop.Cart.<>c__DisplayClass4_0.<Place>b__0", "Shop.Cart.Place", "<lambda>"),
        ("Shop.Cart.<>c__DisplayClass4_0.<<Take>b__0>d.MoveNext", "Shop.Cart.Take", "<lambda>"),
        ("Shop.Order.<Place>g__Both|3_0", "Shop.Order.Place", "Both"),
        ("Shop.Cart.<<Place>g__Both|3_0>d.MoveNext", "Shop.Cart.Place", "Both"),
        ("Program.<Main>$", "Program", "Main"),
        ("Program.<<Main>$>g__Helper|0_0", "Program.Main", "Helper"),
        ("Shop.Order..ctor", "Shop.Order", "ctor"),
        ("Shop.Order..cctor", "Shop.Order", "cctor"),
        ("Shop.Order.op_Addition", "Shop.Order", "op_Addition"),
        ("Shop.Order.<Clone>$", "Shop.Order", "Clone"),
        ("Shop.C.<Shop.IOrders.All>d__3.MoveNext", "Shop.C.Shop.IOrders", "All"),
        ("Shop.Program+<Main>c__AnonStorey0.<>m__1D ", "Shop.Program.Main", "<lambda>"),
        ("Shop.Checkout+<Items>c__Iterator6.MoveNext ", "Shop.Checkout", "Items"),
        ("Program.place@3-1.Invoke", "Program", "place"),
        ("Shop.Orders.clo@12.Invoke", "Shop.Orders", "<lambda>"),
        ("Shop.Cart.VB$StateMachine_3_PlaceAsync.MoveNext", "Shop.Cart", "PlaceAsync"),
        ("Shop.Cart._Closure$__3-0._Lambda$__1", "Shop.Cart", "<lambda>"),
        ("async Task Shop.Checkout.PlaceAsync", "Shop.Checkout", "PlaceAsync"),
        ("lambda_method12", "", "lambda_method"),
    ],
)
def test_name(name: str, module: str, function: str) -> None:
    """What a compiler adds to a name goes; what people wrote stays."""
    assert split_name(name) == (module, function)
