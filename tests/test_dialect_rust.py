"""Backtraces of Rust become exceptions and frames."""

import pytest

from receiver.fingerprints.dialects.rust_names import crate_of, split_name
from receiver.fingerprints.frame import Frame
from receiver.fingerprints.stacktrace import read
from tests.recorded_stacks import recorded

OURS = "crate that is not in a registry's folder"


def test_panic() -> None:
    """The machinery of a panic and the hook that reports it are no frames; std's are not ours."""
    (raised,) = read(recorded("rust/base/refund_none"), "rust")
    assert raised.message == "called `Option::unwrap()` on a `None` value"
    assert raised.frames[0][:4] == (
        "core::option",
        "unwrap_failed",
        False,
        "standard library of Rust",
    )
    ours = [frame for frame in raised.frames if frame.in_app]
    assert ours[0] == Frame(
        "shop::orders::Order", "refund", True, OURS, "./src/orders.rs", ours[0].line
    )
    assert [frame.name for frame in ours] == [
        "shop::orders::Order.refund",
        "shop.panicked",
        "shop.main",
    ]


def test_optimised() -> None:
    """An optimised build without debug information has the same frames of ours."""
    for name in ("closure", "boxed_closure", "io", "async_panic", "generic"):
        debug, release = (
            [
                [f.name for f in raised.frames if f.in_app]
                for raised in read(recorded(f"rust/{kind}/{name}"), "rust")
            ]
            for kind in ("base", "release")
        )
        assert debug == release


def test_anyhow() -> None:
    """The messages of anyhow's causes are causes without frames."""
    error, cause = read(recorded("rust/base/io"), "rust")
    assert error.message == "order 4711 failed"
    assert [frame.name for frame in error.frames if frame.in_app][:2] == [
        "shop::orders::Checkout.load", "shop::orders::Checkout.place",
    ]  # fmt: skip
    assert (cause.message, cause.frames) == ("No such file or directory (os error 2)", ())


def test_report_of_eyre() -> None:
    """color-eyre numbers the messages of the chain, and its backtrace begins further down."""
    error, cause = read(recorded("rust/eyre/load"), None)
    assert (error.message, cause.message) == (
        "order 4711 failed",
        "No such file or directory (os error 2)",
    )
    assert [frame.name for frame in error.frames] == ["shop::orders::Checkout.load", "shop.main"]


@pytest.mark.parametrize("name", ["bare/orders", "bare/orders_old"])
def test_panic_without_backtrace(name: str) -> None:
    """Where a panic has no backtrace, its file stands for the frames."""
    (raised,) = read(recorded(f"rust/{name}"), None)
    assert raised.message == "called `Option::unwrap()` on a `None` value"
    assert raised.frames == (Frame("orders", "<panic>", True, OURS, "src/orders.rs", 71),)


@pytest.mark.parametrize(
    ("name", "module", "function", "crate"),
    [
        ("shop::total::<alloc::vec::Vec<shop::Item>>::{{closure}}", "shop", "total", "shop"),
        ("<shop::Item as shop::Priced>::price", "<shop::Item as shop::Priced>", "price", "shop"),
        (
            "<alloc::vec::Vec<T> as shop::Priced>::price",
            "<alloc::vec::Vec as shop::Priced>",
            "price",
            "shop",
        ),
        (
            "shop::<impl shop::Priced for shop::Item<T>>::price",
            "shop::<impl shop::Priced for shop::Item>",
            "price",
            "shop",
        ),
        ("shop::orders::Order::refund::h0123456789abcdef", "shop::orders::Order", "refund", "shop"),
        ("shop[8f3a2b1c]::orders::Order::refund", "shop::orders::Order", "refund", "shop"),
        (
            "_ZN4shop6orders5Order6refund17h0123456789abcdefE",
            "shop::orders::Order",
            "refund",
            "shop",
        ),
        ("core::ptr::drop_in_place<shop::orders::Guard>", "core::ptr", "drop_in_place", "core"),
        (
            "core::ops::function::FnOnce::call_once{{vtable.shim}}",
            "core::ops::function::FnOnce",
            "call_once",
            "core",
        ),
        ("shop::fetch::{async_fn_env#0}", "shop", "fetch", "shop"),
        ("shop::fetch::{closure#0}::{closure#1}", "shop", "fetch", "shop"),
        ("<F as shop::Handler<T>>::call", "<F as shop::Handler>", "call", "shop"),
        ("__rust_try", "", "__rust_try", None),
    ],
)
def test_name(name: str, module: str, function: str, crate: str | None) -> None:
    """Type arguments, hashes and closures are no part of a name; a type and its trait are."""
    assert split_name(name) == (module, function)
    assert crate_of(name) == crate


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        (
            "lettre::send",
            "/usr/local/cargo/registry/src/index-1/lettre-0.1.0/src/a.rs",
            "crate of a registry or a repository",
        ),
        (
            "lettre::send",
            "C:\\Users\\a\\.cargo\\registry\\src\\lettre-0.1.0\\src\\a.rs",
            "crate of a registry or a repository",
        ),
        ("tokio::runtime::enter", "./src/a.rs", "crate tokio is a library"),
        ("std::thread::start", "/rustc/abc/library/std/src/thread.rs", "standard library of Rust"),
    ],
)
def test_library(name: str, path: str, reason: str) -> None:
    """A library is told by its crate, or by the folder that cargo builds it in."""
    (raised,) = read(f"stack backtrace:\n   0: {name}\n             at {path}:3:4\n", "rust")
    module, _, function = name.rpartition("::")
    assert raised.frames == (Frame(module, function, False, reason, path, 3),)
