"""Backtraces of Ruby become exceptions and frames."""

import pytest

from receiver.fingerprints.stacktrace import read
from tests.recorded_stacks import recorded

OURS = "not in a folder of gems or of Ruby"
CORE = "method of Ruby's core, called from this line"


def test_cause() -> None:
    """A cause follows with its own class, message and frames; `rescue in` is the method itself."""
    outer, cause = read(recorded("ruby/base/caused_key"), "ruby")
    assert (outer.type, outer.message) == ("OrderError", "order 4711 failed")
    place = outer.frames[0]
    assert place[:5] == ("services/checkout", "place", True, OURS, "/app/app/services/checkout.rb")
    assert (cause.type, cause.message) == ("KeyError", 'key not found: "DATABASE_URL"')
    assert [(f.name, f.in_app, f.reason) for f in cause.frames[:3]] == [
        ("services/checkout.fetch", False, CORE),
        ("services/checkout.setting", True, OURS),
        ("services/checkout.place", True, OURS),
    ]


def test_gems() -> None:
    """An installed gem is told by its folder."""
    (raised,) = read(recorded("ruby/base/refund_nil"), "ruby")
    gems = {(f.name, f.reason) for f in raised.frames if not f.in_app}
    assert gems == {("rack/handler.call", "installed gem"), ("rack/handler.serve", "installed gem")}


def test_raise_last() -> None:
    """A text that begins with the outermost call reads like one that begins with the raise."""
    for name in ("caused_io", "block", "template", "invalid_city"):
        told = read(recorded(f"ruby/bottom/{name}"), "ruby")
        assert told == read(recorded(f"ruby/base/{name}"), "ruby")


def test_colours() -> None:
    """Escapes for terminals change nothing."""
    told = read(recorded("ruby/colours/caused_io"), None)
    assert told == read(recorded("ruby/base/caused_io"), "ruby")


@pytest.mark.parametrize(
    ("frame", "module", "function", "in_app"),
    [
        ("app/models/order.rb:12:in 'Order#place'", "models/order", "place", True),
        ("app/models/order.rb:12:in 'Shop::Order.find'", "models/order", "find", True),
        ("app/models/order.rb:12:in 'Order::Line#price'", "models/order", "Line#price", True),
        ("app/models/order.rb:12:in `block (2 levels) in place'", "models/order", "place", True),
        ("main.rb:3:in 'Object#run'", "main", "run", True),
        ("main.rb:3:in `<top (required)>'", "main", "<main>", True),
        ("main.rb:3", "main", "<main>", True),
        ("C:/shop/app/models/order.rb:12:in `place'", "models/order", "place", True),
        ("/app/engines/billing/app/models/bill.rb:3:in `pay'", "models/bill", "pay", True),
        ("/app/gems/ours/lib/ours.rb:3:in `run'", "ours", "run", True),
        ("(eval):3:in `run'", "(eval)", "run", False),
        ("(eval at /app/x.rb:3):1:in 'run'", "x", "run", False),
        ("<internal:kernel>:187:in 'Kernel#loop'", "<internal:kernel>", "loop", False),
        ("/opt/.rbenv/versions/3.1.2/lib/ruby/3.1.0/json.rb:2:in `parse'", "json", "parse", False),
        (
            "/a/.asdf/installs/ruby/3.1/lib/ruby/gems/3.1.0/gems/x-1.0/lib/x.rb:2:in `y'",
            "x",
            "y",
            False,
        ),
        (
            "activerecord (7.0.4) lib/active_record/core.rb:3:in `find'",
            "active_record/core",
            "find",
            False,
        ),
        ("bin/rails:4:in `<main>'", "rails", "<main>", False),
        ("org/jruby/RubyKernel.java:1091:in `load'", "org/jruby/RubyKernel", "load", False),
        (
            "app/views/orders/show.html.erb:3:in `_app_views_orders_show_html_erb___123_456'",
            "views/orders/show.html",
            "_app_views_orders_show_html_erb",
            True,
        ),
    ],
)
def test_frame(frame: str, module: str, function: str, in_app: bool) -> None:
    """A frame has its file's module; the class only where the file is not named after it."""
    chain = read(f"x.rb:1:in `y': no (E)\n\tfrom {frame}\n", "ruby")
    told = chain[0].frames[1]
    assert (told.module, told.function, told.in_app) == (module, function, in_app)


@pytest.mark.parametrize("between", ["", "\tfrom /gems/rack-3.0.1/lib/rack/call.rb:7:in `call'\n"])
def test_function_written_in_c(between: str) -> None:
    """A function written in C stands at the line that called it, whatever is in between."""
    text = (
        "/app/shop/cart.rb:26:in `fetch': key not found (KeyError)\n"
        f"{between}\tfrom /app/shop/cart.rb:26:in `price'\n\tfrom /app/main.rb:9:in `<main>'"
    )
    (raised,) = read(text, "ruby")
    assert [frame.function for frame in raised.frames if frame.in_app] == ["price", "<main>"]
