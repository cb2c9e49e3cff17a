"""Stacks of Erlang and Elixir become exceptions and frames."""

import pytest

from receiver.fingerprints.dialects.erlang_names import split_function
from receiver.fingerprints.frame import Frame
from receiver.fingerprints.stacktrace import read
from tests.recorded_stacks import recorded

STANDARD = "application {} is part of Erlang or Elixir"
OURS = "application that is no package of the list"
SCENARIOS = ("setting", "closure", "erl_total", "stream", "erl_local", "recursive", "protocol")


@pytest.mark.parametrize("name", SCENARIOS)
def test_four_forms(name: str) -> None:
    """OpenTelemetry's text, its list, a logger's and the shell's text name the same functions."""
    forms = []
    for form in ("api", "logger", "list", "shell"):
        for variant in ("base", "moved", "folder", "ids", "runner"):
            try:
                text = recorded(f"erlang/{variant}/{form}/{name}")
            except KeyError:
                continue
            (raised,) = read(text, "erlang")
            forms.append(next(frame.name for frame in raised.frames if frame.in_app))
            break
    assert len(forms) >= 2
    assert len(set(forms)) == 1


def test_logger() -> None:
    """A logger's text has the class and the message."""
    text = (
        "** (KeyError) key :database_url not found in: %{}\n"
        "    :erlang.map_get(:database_url, %{})\n"
        "    (shop 0.1.0) lib/orders.ex:48: Shop.Orders.setting/1\n"
        "    (finch 0.16.0) lib/finch.ex:2: anonymous fn/1 in Finch.run/1\n"
        '    (elixir 1.14.0) lib/enum.ex:1658: Enum."-map/2-lists^map/1-0-"/2\n'
        "    (stdlib 4.2) lists.erl:1315: :lists.map/2\n"
    )
    (raised,) = read(text, None)
    assert (raised.type, raised.message) == ("KeyError", "key :database_url not found in: %{}")
    assert raised.frames == (
        Frame("erlang", "map_get/2", False, "module erlang is part of a library"),
        Frame("Shop.Orders", "setting/1", True, OURS, "lib/orders.ex", 48),
        Frame("Finch", "run/1.<lambda>", False, "package finch of hex.pm", "lib/finch.ex", 2),
        Frame("Enum", "map/2", False, STANDARD.format("elixir"), "lib/enum.ex", 1658),
        Frame("lists", "map/2", False, STANDARD.format("stdlib"), "lists.erl", 1315),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            '[{shop_orders,place,2,[{file,"src/shop_orders.erl"},{line,12}]},{lists,map,2,[]}]',
            ["shop_orders.place/2", "lists.map/2"],
        ),
        (
            '[{shop_orders,place,[<<"a,b">>,[1,2]],[{file,"x.erl"},{line,1}]}]',
            ["shop_orders.place/2"],
        ),
        ("[{shop_orders,place,2,[{file,...},{...}]},{...}|...]", ["shop_orders.place/2"]),
        ("[{shop_orders,place,...},{...}|...]", ["shop_orders.place"]),
        (
            "[{'Elixir.Shop.Orders','-total/1-fun-0-',2,[{file,\"lib/orders.ex\"},{line,21}]}]",
            ["Shop.Orders.total/1.<lambda>"],
        ),
    ],
)
def test_list(text: str, names: list[str]) -> None:
    """A bare list is read, also where OpenTelemetry cut it after 50 characters."""
    (raised,) = read(text, None)
    assert [frame.name for frame in raised.frames] == names


@pytest.mark.parametrize(
    ("folder", "in_app"),
    [
        ("src", True),
        ("/build/rel/lib/shop-1.2.0/src", True),
        ("/app/_build/prod/lib/shop/src", True),
        ("/app/_build/default/lib/shop-1.2.0+build.7/src", True),
        ("/app/_build/default/lib/epgsql/src", False),
        ("/opt/shop/lib/epgsql-4.7.1/src", False),
        ("/opt/kerl/25/lib/stdlib-4.0/src", False),
        ("/app/_build/default/plugins/rebar3_hex/src", False),
        ("/app/deps/shop/src", False),
    ],
)
def test_folder_of_an_application(folder: str, in_app: bool) -> None:
    """The folder that rebar3 and releases build an application in names it."""
    text = f"  in function  shop_stock:take/2 ({folder}/shop_stock.erl, line 20)"
    (raised,) = read(text, "erlang")
    (frame,) = raised.frames
    assert (frame.name, frame.in_app) == ("shop_stock.take/2", in_app)


def test_code_that_phoenix_writes() -> None:
    """What Phoenix and Plug write into our modules, some versions of them, is not ours; an
    `action` that raises is."""
    place = "    (shop 0.1.0) lib/shop_web/{}.ex:{}: ShopWeb.{}\n"
    show = place.format("order_controller", 9, "OrderController.show/2")
    written = (
        ("order_controller", 1, "OrderController.action/2"),
        ("order_controller", 3, "OrderController.phoenix_controller_pipeline/2"),
        ("router", 1, "Router.__pipe_through0__/1"),
        ("endpoint", 1, "Endpoint.plug_builder_call/2"),
        ("endpoint", 1, 'Endpoint."call (overridable 3)"/2'),
        ("endpoint", 1, "Endpoint.call/2"),
    )
    below = "".join(place.format(*one) for one in written)
    for text in (show, show + below):
        (raised,) = read(text, "elixir")
        ours = [frame.name for frame in raised.frames if frame.in_app]
        assert ours == ["ShopWeb.OrderController.show/2"]
    (raised,) = read(below + place.format("auth", 4, "Auth.call/2"), "elixir")
    ours = [frame.name for frame in raised.frames if frame.in_app]
    assert ours == ["ShopWeb.OrderController.action/2", "ShopWeb.Auth.call/2"]


def test_terminating_process() -> None:
    """What a GenServer says when it ends holds the exception and its frames."""
    text = (
        "GenServer Shop.Cart terminating\n** (RuntimeError) no stock\n"
        "    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.handle_call/3\n"
        "    (stdlib 4.2) gen_server.erl:1149: :gen_server.try_handle_call/4\n"
        "Last message (from #PID<0.1.0>): :take\nState: %{a: 1}"
    )
    (raised,) = read(text, None)
    assert (raised.type, raised.message) == ("RuntimeError", "no stock")
    assert [frame.name for frame in raised.frames if frame.in_app] == ["Shop.Cart.handle_call/3"]


@pytest.mark.parametrize(
    ("name", "module", "function"),
    [
        ("Shop.Orders.place/2", "Shop.Orders", "place/2"),
        (":shop_orders.take(:none)", "shop_orders", "take/1"),
        ("'Elixir.Shop.Orders':place/2", "Shop.Orders", "place/2"),
        ("anonymous fn/1 in Shop.Orders.place/2", "Shop.Orders", "place/2.<lambda>"),
        ("shop_orders:'-total/1-lc$^0/1-0-'/1", "shop_orders", "total/1"),
        (':shop_orders."-local/1-Loop/1-0-"/2', "shop_orders", "local/1.Loop"),
        (":erlang.+(nil, 0)", "erlang", "+/2"),
        ('Shop.Orders.place(%{a: [1, 2], b: "x,(y"}, 3)', "Shop.Orders", "place/2"),
        ("map_get/2", "", "map_get/2"),
        (":erlang.//2", "erlang", "//2"),
        ("Shop.Orders.go!/1", "Shop.Orders", "go!/1"),
    ],
)
def test_name(name: str, module: str, function: str) -> None:
    """A function has its arity, also where its arguments are written; lambdas have no number."""
    assert split_function(name) == (module, function)
