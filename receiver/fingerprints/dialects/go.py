"""Stacks of one goroutine as Go's `runtime.Stack` and a crashing program write them."""

import re

from receiver.fingerprints.frame import Frame, Raised

# First elements of the standard library's import paths; modules of other people have a dot there.
STANDARD = frozenset((
    "archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto",
    "database", "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash",
    "html", "image", "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net",
    "os", "panic", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort",
    "strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode",
    "unique", "unsafe", "vendor", "weak", "appengine_internal",
))  # fmt: skip
# Where the go command keeps what it downloads: the module cache names a version, vendor a folder.
LIBRARY_PATH = re.compile(r"/pkg/mod/|/vendor/|@v[0-9]|^/usr/(?:local|lib)/go[^/]*/src/")
# For programs built from vendored sources with -trimpath, where the path says nothing.
LIBRARY_PACKAGES = ("go.opentelemetry.io/", "google.golang.org/", "golang.org/x/", "k8s.io/")

GOROUTINE = re.compile(r"\ngoroutine [0-9]++ ")
FRAME = re.compile(
    r"\n(?:created by )?([^\s(]++(?:\([^)\n]*\)[^\s(]++)?)[^\n]*+\n"
    r"[ \t]++((?:[A-Za-z]:)?[^\n:]++):[0-9]"
)
PANICS = frozenset(("panic", "runtime.gopanic"))
# Numbers of function literals follow their order in the source.
LITERAL = re.compile(
    r"\.(?:func|gowrap|deferwrap|init)\.?[0-9]++(?:\.[0-9]++)*+|-fm$|-range[0-9]++"
)


def read(text: str) -> list[Raised]:
    """The first goroutine of the text, from the statement that panicked.

    What stands above `panic` is the deferred function that recovered and reported. A span that ends
    while a panic passes recovers it and panics again, so the lowest `panic` is the first.
    """
    goroutines = [match.start() for match in GOROUTINE.finditer(text)][:2]
    section = text[: goroutines[1]] if len(goroutines) > 1 else text
    found = FRAME.findall(section)
    raised = max((at for at, (name, _) in enumerate(found) if name in PANICS), default=-1)
    frames = (_frame(*names) for names in dict.fromkeys(found[raised + 1 :] or found))
    return [Raised(None, tuple(dict.fromkeys(frames)))] if found else []


def _frame(name: str, path: str) -> Frame:
    slash = name.rfind("/") + 1
    last, _, function = name[slash:].partition(".")
    package = name[:slash] + last
    library = (
        package.partition("/")[0] in STANDARD
        or package.startswith(LIBRARY_PACKAGES)
        or bool(LIBRARY_PATH.search(path))
    )
    return Frame(package, LITERAL.sub(".func", "." + function)[1:] or last, not library)
