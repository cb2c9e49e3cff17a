"""Where frames of stack traces lie in a repository: Python, the JVM, JavaScript, Go, PHP, Ruby."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from analysis.repository.failing_frames import FailingFrame, FailingStack, failing_frames
from analysis.repository.git_command import opened
from analysis.repository.git_pattern import git_pattern
from analysis.repository.located_frames import Located, Locator
from analysis.repository.tracked_files import tracked_files
from analysis.repository.written_path import plain_path
from analysis.repository_settings import PathMapping
from receiver.fingerprints.frame import Frame
from receiver.fingerprints.rules import GroupingRules
from tests.recorded_stacks import recorded
from tests.source_repository import SourceRepository

LINES = "line\n" * 200


def located(
    folder: Path,
    files: Mapping[str, str] | Iterable[str],
    frames: Iterable[FailingFrame],
    mappings: tuple[PathMapping, ...] = (),
) -> Located:
    """Where the frames lie in a repository of these files, 200 lines each unless said."""
    texts = files if isinstance(files, Mapping) else dict.fromkeys(files, LINES)
    SourceRepository.create(folder).commit("All", texts)
    git = opened(folder)
    return Locator(git, "HEAD", tracked_files(git, "HEAD"), mappings).located(frames)


def frame(file: str, line: int | None = 4, module: str = "", function: str = "line") -> Frame:
    """A frame of our own code."""
    return Frame(module, function, True, "", file, line)


def places(found: Located) -> list[tuple[str, int | None]]:
    """Path and line of what was found."""
    return [(one.path, one.line) for one in found.frames]


def failing(*frames: Frame) -> list[FailingFrame]:
    """The frames, each with weight 1."""
    return [FailingFrame(one, 1.0) for one in frames]


@pytest.mark.parametrize(
    ("name", "language", "tracked", "expected"),
    [
        (
            "python/cancel-base",
            "python",
            ["services/shop/orders.py", "services/run.py", "lib/shop_orders.py"],
            ("services/shop/orders.py", 36),
        ),
        (
            "jvm/java.place-base",
            "java",
            ["server/src/main/java/com/example/shop/Orders.java", "other/java/Orders.java"],
            ("server/src/main/java/com/example/shop/Orders.java", 52),
        ),
        (
            "javascript/node/settle_text",
            "nodejs",
            ["src/payments.ts", "src/scenarios.ts", "test/payments.ts"],
            ("src/payments.ts", None),
        ),
        (
            "javascript/node/settle_text",
            "nodejs",
            ["dist/payments.js", "src/payments.ts"],
            ("dist/payments.js", 36),
        ),
        (
            "go/go/method",
            "go",
            ["stock/stock.go", "orders/orders.go", "internal/stock.go"],
            ("stock/stock.go", 10),
        ),
        (
            "php/base/otel/invalid_city",
            "php",
            ["src/Orders/Order.php", "src/Mail/Order.php"],
            ("src/Orders/Order.php", 40),
        ),
        (
            "ruby/base/invalid_city",
            "ruby",
            ["app/models/order.rb", "lib/order.rb"],
            ("app/models/order.rb", 34),
        ),
    ],
)
def test_recorded_stacks(
    tmp_path: Path, name: str, language: str, tracked: list[str], expected: tuple[str, int | None]
) -> None:
    """The first frame of a recorded stack leads to its file, and no other of that name."""
    stack = FailingStack(recorded(name), language, "new", 1)
    found = located(tmp_path / "shop", tracked, failing_frames([stack], GroupingRules()))
    assert expected in places(found)
    assert {path for path, _ in places(found)} <= {expected[0], *tracked[:2]}


@pytest.mark.parametrize(
    ("written", "tracked"),
    [
        ("webpack://shop/./src/cart.ts?3f2a", "src/cart.ts"),
        ("webpack:///./src/cart.ts", "src/cart.ts"),
        ("webpack-internal:///(rsc)/./src/cart.ts", "(rsc)/src/cart.ts"),
        ("file:///srv/app/src/cart.mjs", "/srv/app/src/cart.mjs"),
        ("file:///C:/shop/src/cart.ts", "C:/shop/src/cart.ts"),
        ("https://shop.example/static/js/cart.js?v=2#x", "static/js/cart.js"),
        ("C:\\shop\\orders\\views.py", "C:/shop/orders/views.py"),
        ("/app/my%20orders/views.py", "/app/my orders/views.py"),
        ("/app/a/../b/./c.py", "/app/b/c.py"),
        ("../../../etc/passwd", "etc/passwd"),
        ("/tmp/app.pyz/shop/orders.py", "/tmp/app.pyz/shop/orders.py"),
    ],
)
def test_addresses(written: str, tracked: str) -> None:
    """Addresses, queries, drives and dots are no part of a path."""
    assert plain_path(frame(written)) == tracked


@pytest.mark.parametrize(
    "written",
    [
        "/go/src/github.com/acme/shop/orders/store.go",
        "github.com/acme/shop/orders/store.go",
        "github.com/acme/shop@v1.4.0/orders/store.go",
    ],
)
def test_go_modules(tmp_path: Path, written: str) -> None:
    """The module path of go.mod, with or without version, stands for its folder."""
    files = {
        "services/shop/go.mod": "module github.com/acme/shop\n\ngo 1.24\n",
        "services/shop/orders/store.go": LINES,
        "tools/orders/store.go": LINES,
    }
    found = located(tmp_path / "shop", files, failing(frame(written)))
    assert places(found) == [("services/shop/orders/store.go", 4)]


def test_kotlin_without_the_common_package(tmp_path: Path) -> None:
    """A Kotlin file lies in the folders of the end of its package, the class has another name."""
    one = frame("Orders.kt", 4, "com.acme.shop.OrdersKt", "place")
    found = located(tmp_path / "shop", ["app/src/shop/Orders.kt", "web/Orders.kt"], failing(one))
    assert places(found) == [("app/src/shop/Orders.kt", 4)]


def test_own_package_installed(tmp_path: Path) -> None:
    """A frame in site-packages is ours when the whole path below lies in the repository."""
    stack = FailingStack(
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.12/site-packages/shop/orders.py", line 3, in place\n'
        '  File "/usr/lib/python3.12/site-packages/requests/api.py", line 3, in get\n'
        "ValueError: no\n",
        "python",
        "new",
        1,
    )
    frames = failing_frames([stack], GroupingRules())
    found = located(tmp_path / "shop", ["src/shop/orders.py", "web/api.py"], frames)
    assert places(found) == [("src/shop/orders.py", 3)]


def test_ambiguous_paths_are_said(tmp_path: Path) -> None:
    """A path that fits two files leads to neither; both are named, and how to say which."""
    found = located(
        tmp_path / "shop",
        ["checkout/app/views.py", "payment/app/views.py"],
        failing(frame("/app/views.py")),
    )
    assert found.frames == ()
    assert "checkout/app/views.py, payment/app/views.py" in found.caveats[0]
    assert "[[repository.mappings]]" in found.caveats[0]


def test_clear_paths_settle_ambiguous_ones(tmp_path: Path) -> None:
    """When another frame shows where the service lies, its ambiguous frames lie there too."""
    files = ["checkout/src/main.py", "payment/src/main.py", "checkout/src/carts/sums.py"]
    found = located(
        tmp_path / "shop", files, failing(frame("/app/main.py"), frame("/app/carts/sums.py"))
    )
    assert sorted(places(found)) == [("checkout/src/carts/sums.py", 4), ("checkout/src/main.py", 4)]
    assert found.caveats == ()


def test_mappings_win(tmp_path: Path) -> None:
    """An explicit mapping decides; one that leads to no file is passed over."""
    mappings = (PathMapping("/app/", "nowhere/"), PathMapping("/app/", "payment/app"))
    found = located(
        tmp_path / "shop",
        ["checkout/app/views.py", "payment/app/views.py"],
        failing(frame("/app/views.py")),
        mappings,
    )
    assert places(found) == [("payment/app/views.py", 4)]


def test_a_name_alone_is_not_enough(tmp_path: Path) -> None:
    """A file of the same name in other folders, too short, or without the function is not it."""
    files = {"web/tools.py": "def help(): ...\n", "main.py": "def run(): ...\n"}
    frames = failing(
        frame("/app/private/tools.py", 1, "", "help"),
        frame("/app/main.py", 1, "", "serve"),
        frame("/app/main.py", 90, "", "run"),
        frame("/app/main.py", 1, "", "run"),
    )
    found = located(tmp_path / "shop", files, frames)
    assert places(found) == [("main.py", 1)]
    assert any("private/tools.py" in one for one in found.caveats)


def test_bundles_are_said(tmp_path: Path) -> None:
    """A minified bundle leads nowhere; the reader learns that source maps are not read."""
    found = located(
        tmp_path / "shop",
        ["src/cart.ts"],
        failing(frame("https://shop.example/assets/index-CAMDbZZd.js")),
    )
    assert found.frames == ()
    assert "source maps are not read" in found.caveats[0]


def test_hostile_paths_stay_text(tmp_path: Path) -> None:
    """A path from a span cannot leave the repository, nor bring escapes into a message."""
    found = located(
        tmp_path / "shop",
        ["src/cart.ts"],
        failing(frame("/etc/passwd"), frame("\x1b[31m--output=x.py"), frame("a\0b.py")),
    )
    assert found.frames == ()
    assert all(one.isprintable() for one in found.caveats)


@pytest.mark.parametrize(
    ("pattern", "usable"),
    [
        ("**/x/**/y/**/z*w", False),
        ("*a*b*c*d", False),
        ("a" * 1_001, False),
        ("**/x/**/y/**", True),
        ("/services/*/src/**/*.py", True),
    ],
)
def test_patterns_that_take_long_are_none(pattern: str, usable: bool) -> None:
    """A pattern with so many stars that one path could take minutes is not used."""
    assert (git_pattern(pattern) is not None) is usable


def test_as_many_rules_as_anybody_writes(tmp_path: Path) -> None:
    """Of ever more rules for vendored files the first thousand are read, and only the files of a
    name that a frame has are compared with them."""
    rules = "".join(f"lib{n}/** linguist-vendored\n" for n in range(3_000))
    made = SourceRepository.create(tmp_path / "shop")
    made.commit("All", {".gitattributes": rules, "lib7/a.py": LINES, "src/a.py": LINES})
    files = tracked_files(opened(made.folder), "HEAD")
    assert len(files.vendored_rules) == 1_000
    assert files.matching(("src", "a.py")) == (2, ["src/a.py"])
    assert files.matching(("lib7", "a.py")) == (1, ["src/a.py"])
