"""Writes tests/data/grouping/*.jsonl: `python record_groups.py FOLDER [LANGUAGE ...]`.

Needs ruby, php, mono, mcs, cargo, mix; for .NET Core the environment variable DOTNET, a folder with
`dotnet` and `shared`. Each program runs as it is and after changes that no person calls another
error: lines moved and a closure added above, another folder, another id, a newer framework.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import documented
from group_corpus import Corpus, copied, run

# Assemblies that are machine code, or that need Windows.
WINDOWS = re.compile(r"Native|WindowsRuntime")
LINES = "lines moved and a closure added by an edit"
FOLDER = "built in another folder"
IDS = "another id, another depth of the recursion"
FRAMEWORK = "a newer framework: its frames moved"


def spread(corpus: Corpus, names: list[str], variants: dict[str, str], base: str = "base") -> None:
    """Every exception once as it is and once after each second change, in turn."""
    told = list(variants.items())
    for at, name in enumerate(names):
        for step in (0, 1):
            variant, why = told[(at + step) % len(told)]
            corpus.pair(f"{base}/{name}", f"{variant}/{name}", True, why)


def apart(corpus: Corpus, pairs: list[tuple[str, str, str]], *variants: str) -> None:
    """Exceptions of two kinds are not one, whatever changed besides."""
    for at, (one, other, why) in enumerate(pairs):
        corpus.pair(f"base/{one}", f"{variants[at % len(variants)]}/{other}", False, why)


RUBY_APART = [
    ("invalid_city", "invalid_user", "one validation is about the city, one about the user"),
    ("refund_nil", "ship_nil", "another method of ours calls nothing"),
    ("not_found", "not_found_user", "what is not found is another thing"),
    ("not_found", "payment", "the same message from another method"),
    ("caused_io", "caused_key", "another cause under the same error"),
    ("caused_key", "rescued", "the cause itself, recorded alone, is another class"),
    ("empty", "recursive", "another method and message of one class"),
    ("lambda", "ensured", "a lambda and a method"),
    ("class_method", "rescued", "another missing key, another method"),
    ("define_method", "lambda", "another place and message"),
    ("timeout", "json", "another class"),
    ("block", "refund_nil", "another method of nil, elsewhere"),
    ("struct", "ship_nil", "another method of another class on nil"),
    ("singleton", "empty", "another method of the same class"),
    ("refined", "lambda", "another message elsewhere"),
    ("endless", "recursive", "a stack that overflows is no error of ours"),
    ("invalid_city", "class_method", "another class and method"),
    ("thread", "struct", "another method of nil, in a thread"),
    ("caused_io", "empty", "an error with a cause and one without"),
    ("ensured", "recursive", "another method, another message"),
    ("json", "invalid_user", "another class"),
    ("missing", "block", "another method is missing"),
    ("payment", "singleton", "another message elsewhere"),
    ("evaluated", "struct", "evaluated text fails elsewhere"),
]


def ruby(folder: Path) -> None:
    """Ruby 3.1, and what 3.4 writes."""
    corpus = Corpus("ruby", "ruby")
    extra = "_extra = ->(one) { one }"
    changes: dict[str, tuple[str, str, bool, dict[str, str]]] = {
        "base": ("/app", "rack-2.2.3", False, {}),
        "moved": ("/app", "rack-2.2.3", True, {}),
        "folder": ("/srv/shop/releases/20260102030405", "rack-2.2.3", False, {}),
        "ids": ("/app", "rack-2.2.3", False, {
            "ID": "98100", "DEPTH": "9", "COMPILED": "_3344556677889900112_45620"}),
        "gem": ("/app", "rack-3.0.1", False, {}),
        "colours": ("/app", "rack-2.2.3", False, {"HIGHLIGHT": "1"}),
        "bottom": ("/app", "rack-2.2.3", False, {"ORDER": "bottom"}),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for variant, (place, gem, moved, settings) in changes.items():
            app = copied("ruby", root, place, extra, moved)
            gems = root / "usr/local/bundle/ruby/3.1.0"
            gems.mkdir(parents=True, exist_ok=True)
            if not (gems / "gems").exists():
                (app / "gems").rename(gems / "gems")
            words = ["ruby", "-I", str(gems / "gems" / gem / "lib"), str(app / "main.rb")]
            corpus.add_run(
                variant,
                run(words, app, root, **settings),
                f"recorded: Ruby 3.1, ruby/main.rb, {variant}",
            )
    names = [name[5:] for name in corpus.occurrences if name.startswith("base/")]
    names = [name for name in names if name != "endless"]
    spread(corpus, names, {"moved": LINES, "folder": FOLDER, "ids": IDS, "gem": FRAMEWORK})
    for name in ("caused_io", "block", "template", "invalid_city"):
        corpus.pair(f"base/{name}", f"colours/{name}", True, "written with colours for a terminal")
        corpus.pair(f"base/{name}", f"bottom/{name}", True, "written with the raise last")
    corpus.pair("base/recursive", "ids/recursive", True, IDS)
    apart(corpus, RUBY_APART, "base", "moved", "gem")
    documented.ruby(corpus)
    corpus.write(folder)


PHP_APART = [
    ("invalid_city", "invalid_user", "one validation is about the city, one about the user"),
    ("refund_null", "ship_null", "another method of ours calls nothing"),
    ("not_found", "not_found_user", "what is not found is another thing"),
    ("not_found", "payment", "the same message from another method"),
    ("caused_json", "caused_setting", "another cause under the same error"),
    ("caused_json", "json", "the cause itself, recorded alone, is another class"),
    ("twice", "caused_json", "one more error around it"),
    ("empty", "recursive", "another method and message of one class"),
    ("closure", "divide", "another function of PHP fails"),
    ("static", "magic", "another class"),
    ("anonymous", "usort", "an anonymous class and a closure"),
    ("type_error", "argument_count", "too few arguments are not a wrong type"),
    ("generator", "trait", "another method, another message"),
    ("plain_function", "magic", "another missing method, another place"),
    ("callback", "ship_null", "another method of ours calls nothing"),
]


def php(folder: Path) -> None:
    """PHP 8.2 in its own form and in OpenTelemetry's, and what 8.4 writes."""
    corpus = Corpus("php", "php")
    extra = "$extra = function ($one) { return $one; };"
    changes: dict[str, tuple[str, str, bool, dict[str, str]]] = {
        "base": ("/app", "vendor-5", False, {}),
        "moved": ("/app", "vendor-5", True, {}),
        "folder": ("/var/www/shop/releases/42", "vendor-5", False, {}),
        "ids": ("/app", "vendor-5", False, {"ID": "98100", "DEPTH": "9", "COMPILED": "other"}),
        "vendor": ("/app", "vendor-6", False, {}),
    }
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for variant, (place, vendor, moved, settings) in changes.items():
            app = copied("php", root, place, extra, moved)
            (app / vendor).rename(app / "vendor")
            words = ["php", str(app / "public/index.php")]
            corpus.add_run(
                variant,
                run(words, app, root, **settings),
                f"recorded: PHP 8.2, php/public/index.php, {variant}",
            )
    names = [name[5:] for name in corpus.occurrences if name.startswith("base/")]
    native = [name for name in names if name.startswith("native/")]
    spread(corpus, native, {"moved": LINES, "folder": FOLDER, "ids": IDS, "vendor": FRAMEWORK})
    # OpenTelemetry's form has no path, so a package that it does not know counts as ours.
    otel = [name for name in names if name.startswith("otel/")]
    for at, name in enumerate(otel):
        variant, why = (("moved", LINES), ("folder", FOLDER), ("ids", IDS))[at % 3]
        corpus.pair(f"base/{name}", f"{variant}/{name}", True, why)
    for at, (one, other, why) in enumerate(PHP_APART):
        for form in ("native", "otel"):
            variant = ("base", "moved", "ids")[at % 3]
            corpus.pair(f"base/{form}/{one}", f"{variant}/{form}/{other}", False, why)
    documented.php(corpus)
    corpus.write(folder)


DOTNET_APART = [
    ("invalid_city", "invalid_user", "one validation is about the city, one about the user"),
    ("refund_null", "ship_null", "another method of ours has nothing"),
    ("not_found", "not_found_user", "what is not found is another thing"),
    ("not_found", "payment", "the same message from another method"),
    ("wrapped_format", "wrapped_key", "another cause under the same error"),
    ("wrapped_format", "parse", "the cause itself, recorded alone, is another class"),
    ("wrapped_twice", "wrapped_format", "one more error around it"),
    ("empty", "recursive", "another method and message of one class"),
    ("lambda", "closure", "lambdas of two methods"),
    ("async", "async_generic", "another asynchronous method"),
    ("async_wait", "parallel", "one task failed, or two in another way"),
    ("aggregate", "parallel", "other tasks failed"),
    ("iterator", "nested", "another method, another message"),
    ("constructor", "invalid_user", "another class of exception"),
    ("operator", "indexer", "another member of the class"),
    ("property", "refund_null", "another member has nothing"),
    ("type_initializer", "dictionary", "another class of exception"),
    ("generic", "static", "another method, another message"),
    ("explicit_interface", "extension", "another method, another message"),
    ("dictionary", "parse", "another class of exception"),
    ("cast", "property", "another class of exception"),
    ("async_wrapped", "wrapped_twice", "another cause under the same error"),
]  # fmt: skip


def dotnet(folder: Path) -> None:
    """Mono with and without line numbers, .NET Core 3.1, and what others write."""
    corpus = Corpus("dotnet", "dotnet")
    extra = "Func<int, int> extra = one => one + 1; extra(1);"
    changes = {
        "base": ("/app", "1", False, {}),
        "moved": ("/app", "1", True, {}),
        "folder": ("/home/ci/build-4711/shop", "1", False, {}),
        "ids": ("/app", "1", False, {"ID": "98100", "DEPTH": "9"}),
        "framework": ("/app", "2", False, {}),
    }
    core = Path(os.environ.get("DOTNET", "/usr/share/dotnet"))
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for variant, (place, version, moved, settings) in changes.items():
            app = copied("dotnet", root, place, extra, moved)
            sources = [
                str(app / f"{name}.cs")
                for name in ("Program", "Order", "Checkout", f"Pipeline.{version}")
            ]
            run(["mcs", "-debug", "-out:shop.exe", *sources], app, root)
            for name, words in (
                ("mono", ["mono", "--debug", "shop.exe"]),
                ("plain", ["mono", "shop.exe"]),
            ):
                printed = run(words, app, root, **settings)
                corpus.add_run(
                    f"{variant}/{name}",
                    printed,
                    f"recorded: Mono 6.8, dotnet/Program.cs, {variant}, {name}",
                )
            printed = on_core(app, root, core, sources, settings)
            corpus.add_run(
                f"{variant}/core", printed, f"recorded: .NET Core 3.1, dotnet/Program.cs, {variant}"
            )
    names = [name[10:] for name in corpus.occurrences if name.startswith("base/core/")]
    for at, name in enumerate(name for name in names if not name.startswith("overload")):
        for step, form in enumerate(("core", "mono")):
            told = (("moved", LINES), ("ids", IDS), ("folder", FOLDER), ("framework", FRAMEWORK))
            variant, why = told[(at + step) % 4]
            corpus.pair(f"base/{form}/{name}", f"{variant}/{form}/{name}", True, why)
    for name in ("refund_null", "static", "async", "closure", "recursive", "generic", "operator"):
        corpus.pair(
            f"base/mono/{name}", f"base/plain/{name}", True, "built without debug information"
        )
    for at, (one, other, why) in enumerate(DOTNET_APART):
        form, variant = ("core", "mono")[at % 2], ("base", "moved", "ids")[at % 3]
        corpus.pair(f"base/{form}/{one}", f"{variant}/{form}/{other}", False, why)
    documented.dotnet(corpus)
    corpus.write(folder)


def on_core(app: Path, root: Path, core: Path, sources: list[str], settings: dict[str, str]) -> str:
    """What the program prints on .NET Core: compiled against its assemblies."""
    assemblies = next((core / "shared/Microsoft.NETCore.App").iterdir())
    references = [
        f"-r:{path}" for path in assemblies.glob("System*.dll") if not WINDOWS.search(path.name)
    ]
    run(["mcs", "-nostdlib", "-noconfig", *references, *sources, "-out:shop.dll"], app, root)
    version = assemblies.name.rpartition(".")[0] + ".0"
    framework = {"name": "Microsoft.NETCore.App", "version": version}
    settings_of_runtime = {"System.Globalization.Invariant": True}
    (app / "shop.runtimeconfig.json").write_text(
        json.dumps(
            {"runtimeOptions": {"framework": framework, "configProperties": settings_of_runtime}}
        )
    )
    printed: str = run([str(core / "dotnet"), "shop.dll"], app, root, **settings)
    return printed


ERLANG_APART = [
    ("invalid_city", "invalid_user", "one validation is about the city, one about the user"),
    ("refund_nil", "ship_nil", "another function of ours has nothing"),
    ("not_found", "not_found_user", "what is not found is another thing"),
    ("not_found", "pay", "the same message from another function"),
    ("closure", "stream", "functions of two functions"),
    ("no_clause", "undefined", "another class"),
    ("case_clause", "match", "another class"),
    ("setting", "refund_nil", "another missing key, elsewhere"),
    ("parse", "invalid_user", "another function and message"),
    ("recursive", "find", "another function and message"),
    ("thrown", "left", "thrown, and left by exit"),
    ("protocol", "not_implemented", "another class"),
    ("erl_place", "erl_take", "another class"),
    ("erl_refund", "erl_ship", "another function of ours misses the key"),
    ("erl_find", "erl_missing", "what is not found is another thing"),
    ("erl_status", "case_clause", "the same in another module"),
    ("erl_local", "erl_descend", "another function and reason"),
    ("erl_total", "closure", "the same in another module"),
    ("wrapped", "find", "another class"),
    ("erl_parse", "parse", "the same in another module"),
]


def erlang(folder: Path) -> None:
    """Elixir 1.14 on OTP 25: OpenTelemetry's two forms, a logger's and the shell's."""
    corpus = Corpus("erlang", "erlang")
    changes = {
        "base": ("/app", "1", False, {}),
        "moved": ("/app", "1", True, {}),
        "folder": ("/home/ci/build-4711/shop", "1", False, {}),
        "ids": ("/app", "1", False, {"ID": "98100", "DEPTH": "9"}),
        "runner": ("/app", "2", False, {}),
    }
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for variant, (place, version, moved, settings) in changes.items():
            app = copied("erlang", root, place, "", moved)
            add_closures(app, moved)
            work = app / "deps/finch/lib"
            work.mkdir(parents=True)
            (app / f"deps_runner_{version}.ex").rename(work / "runner.ex")
            (app / "finch_mix.exs").rename(work.parent / "mix.exs")
            printed = run(["mix", "run", "main.exs"], app, root, MIX_ENV="prod", **settings)
            printed = printed[printed.index("api/") :]
            corpus.add_run(variant, printed, f"recorded: Elixir 1.14, erlang/main.exs, {variant}")
    names = [name[9:] for name in corpus.occurrences if name.startswith("base/api/")]
    told = {"moved": LINES, "folder": FOLDER, "ids": IDS, "runner": FRAMEWORK}
    for at, form in enumerate(("api", "logger", "list", "shell")):
        for number, name in enumerate(names[at % 2 :: 2]):
            variant = list(told)[(number + at) % 4]
            corpus.pair(f"base/{form}/{name}", f"{variant}/{form}/{name}", True, told[variant])
    for at, (one, other, why) in enumerate(ERLANG_APART):
        for form in ("api", "logger") if at % 2 else ("api", "shell"):
            variant = ("base", "moved", "ids")[at % 3]
            corpus.pair(f"base/{form}/{one}", f"{variant}/{form}/{other}", False, why)
    documented.erlang(corpus)
    corpus.write(folder)


def add_closures(app: Path, moved: bool) -> None:
    """One more anonymous function before those that fail, in both languages."""
    if moved:
        for path, before, code in (
            (
                "lib/orders.ex",
                "    Enum.map(lines",
                "    extra = fn one -> one end\n    extra.(1)\n",
            ),
            (
                "src/shop_orders.erl",
                "    lists:map(",
                "    Extra = fun(One) -> {One} end, {1} = Extra(1),\n",
            ),
        ):
            file = app / path
            file.write_text(file.read_text().replace(before, code + before, 1))


RUST_APART = [
    ("invalid_city", "invalid_user", "one validation is about the city, one about the user"),
    ("refund_none", "ship_none", "another function of ours has nothing"),
    ("not_found", "not_found_user", "what is not found is another thing"),
    ("not_found", "payment", "the same message from another function"),
    ("io", "setting", "another cause under the same error"),
    ("io", "bail", "another function, no cause"),
    ("index", "overflow", "another function and message"),
    ("generic", "generic_special", "another type's function"),
    ("generic", "drop", "another function and message"),
    ("boxed_closure", "closure", "another closure"),
    ("unwrap_err", "expect", "another function and message"),
    ("async", "io", "the same cause reached by an asynchronous function"),
    ("async_panic", "refund_none", "another function has nothing"),
    ("recursive", "bail", "another function and message"),
    ("spawned", "bail", "another function and message"),
    ("trait_object", "generic_special", "another type's function"),
]


def rust(folder: Path) -> None:
    """rustc with line numbers, without, and optimised; tokio and anyhow from the registry."""
    corpus = Corpus("rust", "rust")
    extra = "let extra = |one: u64| one + 1; std::hint::black_box(extra(1));"
    changes: dict[str, tuple[str, bool, list[str], str, dict[str, str]]] = {
        "base": ("/app", False, [], "debug", {}),
        "moved": ("/app", True, [], "debug", {}),
        "folder": ("/home/ci/build-4711/shop", False, [], "debug", {}),
        "release": ("/app", False, ["--release"], "release", {}),
        "ids": ("/app", False, [], "debug", {"ID": "98100", "DEPTH": "9"}),
    }
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for variant, (place, moved, options, kind, settings) in changes.items():
            app = copied("rust_shop", root, place, extra, moved)
            target = root / "target"
            run(["cargo", "build", "-q", *options], app, root, CARGO_TARGET_DIR=str(target))
            printed = run([str(target / kind / "shop")], app, root, RUST_BACKTRACE="1", **settings)
            home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
            printed = printed.replace(home, "/usr/local/cargo")
            corpus.add_run(
                variant, printed, f"recorded: Rust 1.95, rust_shop/src/main.rs, {variant}"
            )
    names = [name[5:] for name in corpus.occurrences if name.startswith("base/")]
    told = {"moved": LINES, "folder": FOLDER, "release": "optimised", "ids": IDS}
    for at, name in enumerate(names):
        variant = list(told)[at % 4]
        corpus.pair(f"base/{name}", f"{variant}/{name}", True, told[variant])
    for name in (
        "refund_none",
        "closure",
        "io",
        "generic",
        "async",
        "boxed_closure",
        "async_panic",
    ):
        corpus.pair(f"base/{name}", f"release/{name}", True, "optimised")
    apart(corpus, RUST_APART, "base", "moved", "release")
    documented.rust(corpus)
    corpus.write(folder)


LANGUAGES: dict[str, Callable[[Path], None]] = {
    "ruby": ruby, "php": php, "dotnet": dotnet, "erlang": erlang, "rust": rust,
}  # fmt: skip

if __name__ == "__main__":
    for language in sys.argv[2:] or LANGUAGES:
        LANGUAGES[language](Path(sys.argv[1]))
