"""Where a script lies: its module without what a build or a host adds, and whether it is ours."""

import re

DIRECTORIES_MAX = 2

# Why a script is not ours, tried from above.
LIBRARIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "no file: built in",
        re.compile(r"^$|^(?:native|unknown|index [0-9]++)$|^[<\[](?!.*[\]>)]/)|^[^/\\.:]++$"),
    ),
    (
        "part of the JavaScript runtime",
        re.compile(
            r"^(?:node|bun|deno|ext|internal|chrome|resource|self-hosted)(?::|$)"
            r"|^(?:file://)?/var/runtime/"
            r"|^(?:internal/|(?:timers|events|module|net|fs|vm|_?stream\w*|domain)\.js$)"
            r"|InternalBytecode\.js$|^evalmachine\.<anonymous>$"
        ),
    ),
    ("browser extension", re.compile(r"^[a-z-]*extension://")),
    ("under node_modules", re.compile(r"(?:^|[/\\])(?:node_modules|bower_components)[/\\]")),
    ("package kept by Yarn", re.compile(r"[/\\]\.yarn[/\\]|[/\\]\.pnp\.[cm]?js|^npm:|^jsr:")),
    (
        "public package host",
        re.compile(
            r"^https?://(?:deno\.land|jsr\.io|esm\.sh|esm\.run|unpkg\.com|cdn\.skypack\.dev"
            r"|(?:[a-z]++\.)?jsdelivr\.net|cdnjs\.cloudflare\.com|ajax\.googleapis\.com"
            r"|code\.jquery\.com|(?:www|ssl)\.(?:googletagmanager|google-analytics)\.com)/"
        ),
    ),
    (
        "run-time of the bundler",
        re.compile(
            r"webpack/(?:bootstrap|runtime)|\(webpack\)|/@vite/|/@react-refresh|\[turbopack\]"
            r"|turbopack-[^/]*\.js|^__parcel|/_next/static/chunks/webpack-"
        ),
    ),
    (
        "bundle of installed packages",
        re.compile(
            r"(?:^|[/\\])(?:[a-z]{1,10}[~-])?(?:vendors?|framework|polyfills?|runtime|zone|jquery"
            r"|react|react-dom|vue|angular)(?:[~_.-][^/\\]*)?\.(?:js|mjs)$"
        ),
    ),
)

# Folders in which builds and servers put scripts; they are no part of a script's name.
ROOTS = frozenset((
    "_app", "_next", "_nuxt", "app:", "asset", "assets", "bin", "build", "builds", "bundle",
    "bundles", "chunk", "chunks", "cjs", "client", "code", "cpu", "current", "deploy", "dist", "es",
    "esm", "home", "htdocs", "html", "immutable", "js", "lib", "libs", "local", "node_modules",
    "opt", "out", "output", "public", "release", "releases", "repo", "repos", "root", "scripts",
    "server", "source", "sources", "src", "srv", "static", "target", "tmp", "umd", "usr", "var",
    "vendor", "work", "workspace", "www",
))  # fmt: skip
# How many folders of an absolute path hold the program, whatever they are called.
BASES = {"home": 3, "Users": 3, "srv": 2, "opt": 2, "tmp": 2, "root": 2, "data": 2, "mnt": 2,
         "var": 2, "usr": 3, "workspace": 2, "private": 3}  # fmt: skip
# Folders that people name; of Next.js also [id] and (shop).
NAMED = re.compile(r"[\[(@]?[A-Za-z_.][A-Za-z_.-]*+[0-9]?[\])]?")
RELATIVE = frozenset((".", "..", ""))

SCHEME = re.compile(r"([a-z][a-z+-]*+):(/*+)")
LAYER = re.compile(r"^\([a-z-]++\)/")
# An inline script has the address of its page, which holds ids.
SCRIPT = re.compile(
    r"\.(?:[cm]?[jt]sx?|vue|svelte|astro|jsbundle|bundle|wasm|hbc|coffee|mdx)$", re.IGNORECASE
)
PAGE = "<page>"
FILES = ("file", "webpack", "webpack-internal", "app", "ng", "turbopack")

# What bundlers add for the sake of caches: main.3f2a9b1c.js, index-BxK3d9_a.js. Base64 at the end,
# hex anywhere.
CONTENT_HASH = re.compile(
    r"[-.](?=[a-z_-]{0,7}[A-Z0-9])[A-Za-z0-9_-]{8}$"
    r"|(?:[.~-]|__)(?=[a-f]*+[0-9])[0-9a-f]{6,}+(?=[.~_-]|$)"
)
# A name that is all hash: BxK3d9_a.js. In a name of words case and digits change less often.
ALL_HASH = re.compile(r"[0-9a-f]{16,}+|(?=[A-Z]*+[0-9])[0-9A-Z]{8}")
BASE64 = re.compile(r"(?=[^0-9]*+[0-9])[A-Za-z0-9_-]{8}")
RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[_-]")
RUNS_MIN = 5
NUMBER = re.compile(r"(?<![A-Za-z0-9])[0-9]++(?![A-Za-z0-9])")
HASH = "<hash>"
BUNDLE = re.compile(r"\.min$|\.(?:bundle|chunk)$")


def why_library(file: str) -> str | None:
    """Why a script is not of our own code; None where it is."""
    path = file.partition("?")[0]
    return next((reason for reason, mark in LIBRARIES if mark.search(path)), None)


def module(file: str) -> tuple[str, bool]:
    """The script's name after at most two named folders, and whether a bundler wrote it.

    `/srv/shop/src/orders/form.ts`, `/app/dist/orders/form.js` and
    `webpack:///./src/orders/form.ts?4f2a` are `orders/form`; `/assets/index-BxK3d9_a.js` of any
    host is `index`. The walk upwards ends at a root such as `src`, at a folder with a number in its
    name, and at the folder that holds the program.
    """
    directories, name = _path(file.replace("\\", "/"))
    if not SCRIPT.search(name) and file.startswith("http"):
        return PAGE, False
    stem, dot, _ = name.rpartition(".")
    stable, bundled = _without_hash(stem if dot else name)
    if name.endswith((".bundle", ".jsbundle")):
        return stable, True  # of React Native; the device decides on the folder
    names = [stable]
    for directory in reversed(directories[-DIRECTORIES_MAX:]):
        if directory in ROOTS or directory in RELATIVE or not NAMED.fullmatch(directory):
            break
        names.append(directory)
    return "/".join(reversed(names)), bundled


def _path(file: str) -> tuple[list[str], str]:
    """The folders below the one that holds the program, and the script's name."""
    file = file.partition("?")[0].partition("#")[0]
    scheme = SCHEME.match(file)
    if scheme and len(scheme[1]) > 1:
        if scheme[1] in ("blob", "data", "javascript"):
            return [], scheme[1]
        path = file[scheme.end() :]
        if scheme[1] not in ("file", "webpack-internal") and len(scheme[2]) == 2:
            path = path.partition("/")[2]  # after the host, or the name of webpack's project
        elif scheme[1] == "file":
            path = "/" + path
    else:
        path = file
    path = LAYER.sub("", path.removeprefix("/@fs"))
    parts = path.split("/")
    name = parts.pop()
    return parts[_base(parts) :], name


def _base(directories: list[str]) -> int:
    """How many folders at the beginning of an absolute path only say where a program is put."""
    if not directories:
        return 0
    if directories[0].endswith(":"):  # C:/
        return 2
    if directories[0] or len(directories) < 2:
        return 0
    if directories[1].endswith(":"):  # file:///C:/
        return 3
    return 1 + BASES.get(directories[1], 1)


def _without_hash(stem: str) -> tuple[str, bool]:
    """The stem without a bundler's hash or number, and whether a bundler named it."""
    if ALL_HASH.fullmatch(stem) or (BASE64.fullmatch(stem) and len(RUNS.findall(stem)) >= RUNS_MIN):
        return HASH, True
    stable = NUMBER.sub("#", CONTENT_HASH.sub("", stem))
    stable = BUNDLE.sub("", stable)
    return stable, stable != stem
