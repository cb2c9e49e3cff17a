"""The path of a source file as a stack frame tells it, in the forms in which it may be tracked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from receiver.fingerprints.frame import Frame
from receiver.fingerprints.source_path import ROOTS

# `webpack://shop/./src/a.ts?3f2a`, `webpack-internal:///./src/a.ts`, `file:///app/a.js`.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{2,3}")
_SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte")
_DRIVE = re.compile(r"/?[A-Za-z]:/")
# `github.com/acme/shop@v1.4.0/orders/store.go`, as -trimpath writes a module.
_GO_VERSION = re.compile(r"@v[0-9][^/]*")
_PACKAGES = re.compile(r".*/(?:site-packages|dist-packages)/")
_BUILT = ("dist", "build", "lib", "out", "output", ".next", "esm", "cjs")
_SOURCES = {
    ".js": (".ts", ".tsx", ".jsx", ".js", ".mts", ".vue", ".svelte"),
    ".mjs": (".mts", ".ts", ".mjs"),
    ".cjs": (".cts", ".ts", ".cjs"),
    ".jsx": (".tsx", ".jsx"),
}
_JVM = (".java", ".kt", ".kts", ".scala", ".groovy", ".clj", ".cljc")
_SEGMENTS_MAX = 60


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """Segments of a path, the outermost first. `has_line`: the frame's line is one of this file,
    not of one that was built from it."""

    segments: tuple[str, ...]
    has_line: bool = True

    @property
    def is_at_top(self) -> bool:
        """Whether no folder of a program stands before the file: `main.py`, `/src/app/main.py`, but
        not `/app/orders/main.py`."""
        return len(self.segments) < 2 or self.segments[-2] in ROOTS

    @property
    def text(self) -> str:
        """The path as one text."""
        return "/".join(self.segments)


def plain_path(frame: Frame) -> str:
    """The path without address, query, `./` and backslashes; '' where the frame names no file.

    Of a frame of the JVM or PHP that names only a file: its package as folders, then the file.
    """
    file = frame.file or ""
    if file.endswith((*_JVM, ".php")) and "/" not in file and "\\" not in file:
        return "/".join((*_package(frame.module), file))
    path = file.replace("\\", "/")
    if match := _SCHEME.match(path):
        path = path[match.end() :].partition("#")[0]
        if match[0].lower().startswith("file:"):
            path = "/" + path
        elif not match[0].endswith(":///"):
            path = path.partition("/")[2]  # the host, or the name of the bundle
    asked = path.partition("?")[0]
    if asked.endswith(_SCRIPTS):
        path = asked
    path = unquote(path) if "%" in path else path
    path = path[1:] if _DRIVE.match(path) and path[0] == "/" else path
    kept = [one for one in path.split("/") if one not in ("", ".")]
    parts = list[str]()
    for one in kept[:_SEGMENTS_MAX]:
        if one == ".." and parts:
            parts.pop()
        elif one != "..":
            parts.append(one)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def written_forms(path: str) -> Iterator[WrittenPath]:
    """The path itself, then the source it may have been built from."""
    segments = tuple(one for one in _GO_VERSION.sub("", path).split("/") if one)
    if not segments:
        return
    yield WrittenPath(segments)
    name = PurePosixPath(segments[-1])
    for at, folder in reversed(list(enumerate(segments[:-1]))):
        if folder in _BUILT and name.suffix in _SOURCES:
            for suffix in _SOURCES[name.suffix]:
                below = (*segments[at + 1 : -1], name.stem + suffix)
                yield WrittenPath((*segments[:at], "src", *below), suffix == name.suffix)
                yield WrittenPath((*segments[:at], *below), suffix == name.suffix)


def installed_path(frame: Frame) -> str | None:
    """The path below `site-packages`, None elsewhere."""
    path = (frame.file or "").replace("\\", "/")
    match = _PACKAGES.match(path)
    return path[match.end() :] if match else None


def _package(module: str) -> tuple[str, ...]:
    """The folders of `com.acme.shop.Orders.Line`: all before the first name of a class; of
    `App\\Orders\\Order`, where folders are named like classes, all but the last."""
    if "\\" in module:
        return tuple(name for name in module.split("\\")[:-1] if name not in ("", ".."))
    names = module.replace("/", ".").replace("$", ".").split(".")[:-1]
    first = next((at for at, name in enumerate(names) if name[:1].isupper()), len(names))
    return tuple(name for name in names[:first] if name)
