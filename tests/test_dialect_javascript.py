"""Stacks of JavaScript engines, bundlers and frameworks become frames that people recognise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.dialects import javascript, script_path
from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.stacktrace import read

OURS = "not in a library folder"
MODULES = "under node_modules"
RUNTIME = "part of the JavaScript runtime"
BUILT_IN = "no file: built in"
BUNDLER = "run-time of the bundler"
AWAITED = "waits for the result: async callers are there or not by chance"
CUT = "below a recursion, where a long stack is cut"

# A line of a stack, then module, function, reason and line of its frame.
LINES: tuple[tuple[str, tuple[str, str, str, int | None]], ...] = (
    # V8
    ("at place (/app/src/orders/form.js:12:5)", ("orders/form", "place", OURS, 12)),
    ("at /app/dist/orders/form.js:12:5", ("orders/form", "<anonymous>", OURS, 12)),
    ("at async place (/app/orders.js:12:5)", ("orders", "place", OURS, 12)),
    ("at new Order (/app/orders.js:1:1)", ("orders", "new Order", OURS, 1)),
    ("at new <anonymous> (/app/orders.js:1:1)", ("orders", "new <anonymous>", OURS, 1)),
    ("at Object.<anonymous> (/app/orders.js:1:1)", ("orders", "<anonymous>", OURS, 1)),
    ("at Order.place [as run] (/app/orders.js:1:1)", ("orders", "Order.place", OURS, 1)),
    ("at Timeout._onTimeout (/app/orders.js:1:1)", ("orders", "<anonymous>", OURS, 1)),
    ("at Timeout.tick [as _onTimeout] (/app/o.js:1:1)", ("o", "tick", OURS, 1)),
    ("at #count (/app/stock.js:7:29)", ("stock", "#count", OURS, 7)),
    ("at Stock.#count (/app/stock.js:7:29)", ("stock", "#count", OURS, 7)),
    ("at get total [as total] (/app/stock.js:7:1)", ("stock", "get total", OURS, 7)),
    ("at Stock.get total [as total] (/app/stock.js:7:1)", ("stock", "get total", OURS, 7)),
    ("at Stock.of (/app/stock.js:7:1)", ("stock", "Stock.of", OURS, 7)),
    ("at [Symbol.iterator] (/app/stock.js:7:1)", ("stock", "[Symbol.iterator]", OURS, 7)),
    ("at computed 17 (/app/stock.js:7:1)", ("stock", "computed #", OURS, 7)),
    ("at Array.map (<anonymous>)", ("<anonymous>", "Array.map", BUILT_IN, None)),
    ("at Promise.all (index 0)", ("index #", "Promise.all", BUILT_IN, None)),
    ("at async Promise.all (index 12)", ("index #", "Promise.all", BUILT_IN, None)),
    ("at new Promise (<anonymous>)", ("<anonymous>", "new Promise", BUILT_IN, None)),
    ("at map (native)", ("native", "map", BUILT_IN, None)),
    (
        "at ev (eval at applyRule (/app/src/rules.js:18:7), <anonymous>:1:22)",
        ("rules", "ev", OURS, 18),
    ),
    (
        "at ev (eval at g (eval at f (/app/rules.js:3:1), <anonymous>:1:1), <anonymous>:2:2)",
        ("rules", "ev", OURS, 3),
    ),
    (
        "at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
        ("internal/process/task_queues", "processTicksAndRejections", RUNTIME, 95),
    ),
    ("at wasm.place (wasm://wasm/shop-00d2c3aa:wasm-function[12]:0x34)",
     ("shop", "wasm.place", OURS, None)),
    ("at x (/app/a b (1)/src/x.js:1:1)", ("x", "x", OURS, 1)),
    ("at z (C:\\build\\shop\\src\\orders\\form.js:3:4)", ("orders/form", "z", OURS, 3)),
    ("at w (file:///C:/shop/src/orders/form.js:3:4)", ("orders/form", "w", OURS, 3)),
    ("at f (http://localhost:5000/app.js?v=1#top:25:7)", ("app", "f", OURS, 25)),
    ("at Object.callback (async http://localhost:5000/app.js:25:7)", ("app", "callback", OURS, 25)),
    # Bundlers
    ("at t (https://cdn1.shop.example/assets/index-BxK3d9_a.js:1:2345)",
     ("index", "<minified>", OURS, 1)),
    ("at Object.n [as onClick] (https://b.example/main.3f2a9b1c.chunk.js:1:9945)",
     ("main", "onClick", OURS, 1)),
    ("at e.placeOrder (https://b.example/main.3f2a9b1c.chunk.js:1:9945)",
     ("main", "placeOrder", OURS, 1)),
    ("at ena (https://b.example/main.3f2a9b1c.js:1:9945)", ("main", "<minified>", OURS, 1)),
    ("at Cart.add (https://b.example/main.3f2a9b1c.js:1:9945)", ("main", "Cart.add", OURS, 1)),
    ("at new t (https://b.example/main.3f2a9b1c.js:1:9945)", ("main", "new <minified>", OURS, 1)),
    ("at eo (https://b.example/_next/static/chunks/4711-ab12cd34.js:1:99)",
     ("#", "<minified>", OURS, 1)),
    ("at l (https://b.example/_next/static/chunks/app/orders/[id]/page-ab12cd34.js:1:99)",
     ("orders/[id]/page", "<minified>", OURS, 1)),
    ("at l (https://b.example/_app/immutable/chunks/BxK3d9_a.js:1:99)",
     ("<hash>", "<minified>", OURS, 1)),
    ("at g (webpack:///./src/orders/form.ts?4f2a:12:7)", ("orders/form", "g", OURS, 12)),
    ("at g (webpack://shop/./src/orders/form.ts:12:7)", ("orders/form", "g", OURS, 12)),
    ("at f (webpack-internal:///(rsc)/./app/orders/page.tsx:12:3)",
     ("app/orders/page", "f", OURS, 12)),
    ("at g (http://localhost:5173/src/form.tsx?t=1700000000:3:4)", ("form", "g", OURS, 3)),
    ("at Object../src/orders.ts (https://b.example/main.js:1:22)",
     ("main", "<module>", OURS, 1)),
    ("at Object.4711 (https://b.example/main.js:1:22)", ("main", "<module>", OURS, 1)),
    ("at __webpack_require__ (webpack/bootstrap:19:1)",
     ("webpack/bootstrap", "__webpack_require__", BUNDLER, 19)),
    ("at vt (https://b.example/static/js/vendor.77aa01bc.chunk.js:2:99)",
     ("vendor", "vt", "bundle of installed packages", 2)),
    ("at HTMLButtonElement.onclick (https://b.example/orders/4711:12:5)",
     ("<page>", "onclick", OURS, 12)),
    ("at k (chrome-extension://abcdef/content.js:1:1)",
     ("content", "k", "browser extension", 1)),
    ("at b (blob:https://b.example/5f0c2b1e-1111-2222-3333-444455556666:1:2)",
     ("blob", "b", OURS, 1)),
    # Packages and hosts
    ("at x (/app/node_modules/.pnpm/x@1.2.3/node_modules/x/index.js:1:1)",
     ("x/index", "x", MODULES, 1)),
    ("at h (http://localhost:5173/node_modules/.vite/deps/react-dom.js?v=1a2b:3:4)",
     (".vite/deps/react-dom", "h", MODULES, 3)),
    ("at y (/app/.yarn/cache/y-npm-1.2.3-abcdef/y/i.js:1:1)",
     ("y/i", "y", "package kept by Yarn", 1)),
    ("at https://deno.land/std@0.140.0/http/server.ts:3:4",
     ("http/server", "<anonymous>", "public package host", 3)),
    ("at Runtime.handler (file:///var/task/orders/index.mjs:3:4)",
     ("orders/index", "Runtime.handler", OURS, 3)),
    ("at Runtime.handleOnce (file:///var/runtime/index.mjs:3:4)",
     ("index", "Runtime.handleOnce", RUNTIME, 3)),
    # Hermes and React
    ("at placeOrder (address at index.android.bundle:1:234567)",
     ("index.android", "placeOrder", OURS, 1)),
    ("at ?anon_0_load (address at index.android.bundle:1:99)", ("index.android", "load", OURS, 1)),
    ("at run (address at InternalBytecode.js:1:99)", ("InternalBytecode", "run", RUNTIME, 1)),
    ("at div", ("<anonymous>", "div", BUILT_IN, None)),
    ("in OrderForm (at App.js:12)", ("App", "OrderForm", OURS, 12)),
)  # fmt: skip

GECKO: tuple[tuple[str, tuple[str, str, str, int | None]], ...] = (
    ("place@https://b.example/src/orders.js:3:4", ("orders", "place", OURS, 3)),
    ("place/<@https://b.example/src/orders.js:3:4", ("orders", "place.<anonymous>", OURS, 3)),
    ("f/</g<@https://b.example/src/orders.js:3:4", ("orders", "g", OURS, 3)),
    ("src/stock.ts/reserve/<@https://b.example/app.js:9:3",
     ("app", "reserve.<anonymous>", OURS, 9)),
    ("async*load@https://b.example/src/orders.js:3:4", ("orders", "load", OURS, 3)),
    ("setTimeout handler*f@https://b.example/src/orders.js:3:4", ("orders", "f", OURS, 3)),
    ("get total@https://b.example/src/stock.js:3:4", ("stock", "get total", OURS, 3)),
    ("global code@https://b.example/src/orders.js:9:1", ("orders", "<anonymous>", OURS, 9)),
    ("@https://b.example/src/orders.js line 3 > eval:1:5", ("orders", "<anonymous>", OURS, 3)),
    ("anonymous@https://b.example/app.js line 117 > Function:3:1",
     ("app", "<anonymous>", OURS, 117)),
    ("https://b.example/src/old.js:9:1", ("old", "<anonymous>", OURS, 9)),
    ("map@[native code]", ("[native code]", "map", BUILT_IN, None)),
    ("map@self-hosted:180:17", ("self-hosted", "map", BUILT_IN, 180)),
    ("value@index.android.bundle:1042:2531", ("index.android", "value", OURS, 1042)),
    ("PaymentError@https://b.example/app.js:27:11",
     ("app", "PaymentError", "constructor of the error", 27)),
)  # fmt: skip


def seen(frame: Frame) -> tuple[str, str, str, int | None]:
    """What the tables above hold of a frame."""
    return (frame.module, frame.function, frame.reason, frame.line)


def one(text: str) -> Raised:
    """The only exception of a text."""
    (raised,) = javascript.read("\n" + text)
    return raised


def functions(raised: Raised) -> list[str]:
    """The names of our own functions."""
    return [frame.name for frame in raised.frames if frame.in_app]


@pytest.mark.parametrize(("line", "frame"), LINES, ids=[line for line, _ in LINES])
def test_line_of_v8(line: str, frame: tuple[str, str, str, int | None]) -> None:
    """A line of V8, Bun or Hermes is a frame without what builds and hosts add."""
    (found,) = one(f"Error: x\n    {line}").frames
    assert seen(found) == frame
    assert found.in_app == (frame[2] == OURS)


@pytest.mark.parametrize(("line", "frame"), GECKO, ids=[line for line, _ in GECKO])
def test_line_of_firefox_and_safari(line: str, frame: tuple[str, str, str, int | None]) -> None:
    """A line of Firefox or Safari is a frame like one of V8."""
    (found,) = one(line).frames
    assert seen(found) == frame
    assert found.in_app == (frame[2] == OURS)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/opt/build-4711/shop/src/orders/form.ts", "/app/dist/orders/form.js"),
        ("/srv/shop/routes/orders.js", "/opt/storefront-2.0/routes/orders.js"),
        ("/srv/shop/index.js", "/app/index.js"),
        ("https://a.example/assets/main-72MD5D25.js", "http://localhost:80/js/main-Z0PQ1RS2.js"),
        ("/assets/index-BxK3d9_a.js", "/static/index.3f2a9b1c4d5e6f7a8b9c.min.js"),
        ("/_nuxt/BxK3d9_a.js", "/_nuxt/Qz9xK2-v.js"),
        ("webpack:///./src/orders/form.ts?4f2a", "/var/task/orders/form.js"),
    ],
)
def test_same_module(first: str, second: str) -> None:
    """A script keeps its module when it is built, put or served elsewhere."""
    assert script_path.module(first)[0] == script_path.module(second)[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/app/src/orders/index.ts", "/app/src/users/index.ts"),
        ("/app/src/OrderForm2.ts", "/app/src/OrderForm3.ts"),
        ("/app/src/orders-service.ts", "/app/src/orders-settings.ts"),
    ],
)
def test_other_module(first: str, second: str) -> None:
    """Scripts with names that people gave are told apart."""
    assert script_path.module(first)[0] != script_path.module(second)[0]


def test_async_callers_do_not_count() -> None:
    """Who awaits is on a stack or not; only the first of our functions counts there."""
    text = "Error: x\n at load (/app/a.js:1:1)\n at async place (/app/a.js:2:1)"
    assert [frame.reason for frame in one(text).frames] == [OURS, AWAITED]
    waiting = "\n at async f (/app/a.js:1:1)\n at async g (/app/a.js:1:1)"
    fetched = "Error: x\n at node:internal/a:1:1" + waiting
    assert functions(one(fetched)) == ["a.f"]
    place = "https://a.example/a.js:1:1"
    firefox = f"f@{place}\nasync*g@{place}\nh@{place}"
    assert functions(one(firefox)) == ["a.f"]


def deep(depth: int, *below: str) -> Raised:
    """An error in a function that was called `depth` times by itself; V8 keeps ten frames."""
    lines = ("at weigh (/app/a.js:2:1)", *["at weigh (/app/a.js:1:1)"] * depth, *below)
    return one("Error: x\n    " + "\n    ".join(lines[:10]))


def test_depth_of_a_recursion() -> None:
    """A recursion counts once, and its callers as they do without it."""
    callers = ("at pack (/app/a.js:8:1)", "at main (/app/a.js:9:1)")
    runtime = ("at Module._compile (node:internal/modules/cjs/loader:1521:14)",)
    for below in (callers, (*callers, *runtime)):
        for depth in range(7):
            assert functions(deep(depth, *below)) == ["a.weigh", "a.pack", "a.main"]
    assert functions(deep(7, *callers[:1], *runtime)) == ["a.weigh", "a.pack"]


def test_callers_of_a_recursion_that_was_cut_do_not_count() -> None:
    """Where ten frames end among our functions, the depth decides which callers are there."""
    callers = ("at pack (/app/a.js:8:1)", "at main (/app/a.js:9:1)")
    for depth in range(7, 12):
        assert functions(deep(depth, *callers)) == ["a.weigh"]
    assert [seen(frame)[1:3] for frame in deep(7, *callers).frames] == [
        ("weigh", OURS), ("pack", CUT), ("main", CUT)
    ]  # fmt: skip


@pytest.mark.parametrize("length", [0, 1, 3])
def test_frames_of_a_library_within_a_recursion(length: int) -> None:
    """How many frames of a library stand in a recursion changes nothing."""
    between = "\n    at Array.map (<anonymous>)" * length
    text = f"\n    at weigh (/app/a.js:1:1){between}" * 4 + "\n    at main (/app/a.js:9:1)"
    assert functions(one(f"Error: x{text}")) == ["a.weigh", "a.main"]


@pytest.mark.parametrize(
    ("places", "function"),
    [
        (("/app/server.js:4:501",), "req"),
        (("/app/server.js:4:501", "/app/other.js:4:900"), "req"),
        (("/app/server.js:4:501", "/app/server.js:240:900"), "req"),
        (("/var/task/index.js:1:9912", "/var/task/index.js:1:48211"), "<minified>"),
        (("https://b.example/app.js:2:9912",), "<minified>"),
        (("https://b.example/app.js:412:512",), "req"),
        (("/app/dist/server.min.js:1:80",), "<minified>"),
    ],
)
def test_minified_file(places: tuple[str, ...], function: str) -> None:
    """Whether names were shortened is told of a file as a whole, not by one column."""
    raised = one("Error: x" + "".join(f"\n    at req ({place})" for place in places))
    assert raised.frames[0].function == function


@pytest.mark.parametrize("lines", [("a", "b") * 5, ("b", "a") * 5])
def test_stack_too_deep(lines: tuple[str, ...]) -> None:
    """Which function of a recursion met the limit of the stack changes nothing."""
    text = "".join(f"\n    at {name} (/app/x.js:1:1)" for name in ("leaf", *lines))
    raised = one("RangeError: Maximum call stack size exceeded" + text)
    assert functions(raised) == ["x.a", "x.b"]


def test_causes_and_lists() -> None:
    """Causes follow the error; the errors of an aggregate come after them in a fixed order."""
    first = "    TypeError: b\n        at b (/app/a.js:1:1)"
    second = "    Error [E_A]: a\n        at a (/app/a.js:1:1) {\n      code: 'E'\n    }"
    texts = [
        "ValidationError: no\n    at place (/app/a.js:1:1) {\n  [cause]: SyntaxError: bad\n"
        f"      at JSON.parse (<anonymous>),\n  [errors]: [\n{one_},\n{other}\n  ],\n  code: 1\n}}"
        for one_, other in ((first, second), (second, first))
    ]
    chains = [javascript.read("\n" + text) for text in texts]
    assert chains[0] == chains[1]
    assert [(raised.type, raised.message) for raised in chains[0]] == [
        ("ValidationError", "no"), ("SyntaxError", "bad"), ("Error", "a"), ("TypeError", "b")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "kind", "message"),
    [
        ("TypeError: x is undefined", "TypeError", "x is undefined"),
        ("TypeError: ", "TypeError", None),
        ("Error", "Error", None),
        ("TypeError [ERR_INVALID_ARG_TYPE]: no", "TypeError", "no"),
        ("Uncaught (in promise) ShopError: no", "ShopError", "no"),
        ("Error: Cannot find module './a'\nRequire stack:\n- /app/a.js", "Error",
         "Cannot find module './a'\nRequire stack:\n- /app/a.js"),
        ("/app/a.js:3\n  x.y()\n    ^\n\nTypeError: no", "TypeError", "no"),
    ],
)  # fmt: skip
def test_type_and_message(head: str, kind: str, message: str | None) -> None:
    """Type and message are what stands above the frames."""
    raised = one(f"{head}\n    at place (/app/a.js:1:1)")
    assert (raised.type, raised.message) == (kind, message)


def test_logged_cause() -> None:
    """Loggers write causes after "caused by"."""
    text = "Error: x\n    at f (/app/a.js:1:1)\ncaused by: TypeError: y\n    at g (/app/b.js:1:1)"
    assert [raised.type for raised in read(text, "nodejs")] == ["Error", "TypeError"]


def test_compiled_await_is_not_ours() -> None:
    """What a compiler writes around a generator is not ours, though it lies in our file."""
    text = (
        "Error: x\n    at Order.<anonymous> (/app/a.js:9:1)\n    at Generator.next (<anonymous>)\n"
        "    at fulfilled (/app/a.js:5:58)\n    at __awaiter (/app/a.js:4:12)"
    )
    assert functions(one(text)) == ["a.Order.<anonymous>"]
    assert functions(one("Error: x\n    at step (/app/a.js:5:58)")) == ["a.step"]


PIECES = (
    "\n", "    at ", "async ", "new ", "[as x]", "(", ")", "eval at ", "<anonymous>", "/app/a.js",
    ":1", ":", "@", "*", "/<", " line 1 > eval", "[cause]: ", "[errors]: [", "Error",
    "TypeError: x",
    "},\n", "node:fs", "index 0", "wasm://", "-BxK3d9_a", "[", "]", "{", "$", "#", "?", "get ", ".",
    "caused by: ", "C:\\", "file:///", "webpack:///", "webpack-internal:///(rsc)/", "native", "%",
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_never_raises(text: str) -> None:
    """Any text made of the pieces of a stack is read, and no frame comes twice."""
    for raised in javascript.read("\n" + text):
        assert len(set(raised.frames)) == len(raised.frames)
        assert "\n" not in (raised.type or "")
