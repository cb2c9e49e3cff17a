"""Stacks of PHP: `Throwable::__toString`, a fatal error's text, and the form OpenTelemetry sends.

OpenTelemetry's PHP SDK formats like Java, with file names but no directories, so classes are told
apart by namespace there and by path elsewhere.
"""

import re

from receiver.fingerprints.dialects import java
from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.source_path import module_name

NAMESPACES = (
    "Symfony.", "Illuminate.", "Laravel.", "Doctrine.", "Composer.", "Psr.", "Monolog.",
    "GuzzleHttp.", "OpenTelemetry.", "Slim.", "Twig.", "Laminas.", "Zend.", "Cake.",
    "CodeIgniter.", "Nette.", "League.", "Amp.", "React.", "Swoole.", "Hyperf.", "Predis.",
    "PDO.", "Redis.", "Drupal.Core.", "PHPUnit.", "Grpc.", "Google.", "Aws.", "Nyholm.",
    "Http.", "Sentry.",
)  # fmt: skip
LIBRARY_PATH = re.compile(r"/vendor/|/wp-includes/|^\[")

# "in /path/file.php:5" or "at /path/file.php:5)", the place of the throw, right before the frames.
THROWN = re.compile(
    r"\b(?:in|at) ([^\s:]++(?::\\[^\s:]*+)?):[0-9]++\)?\n(?:Stack trace:|\[stacktrace\])"
)
FRAME = re.compile(
    r"\n#[0-9]++ (?:(\[internal function\]|[^\n(]++)(?:\([0-9]++\))?: ([^\n(]++)|\{main\})"
)
# Begins the exception that was thrown because of the one above it.
NEXT = re.compile(r"\n[ \t]*+Next(?= [A-Za-z_\\])")
TYPE = re.compile(
    r"[\n ](?:PHP )?(?:Fatal error: ++)?(?:Uncaught )?(?:exception ')?"
    r"([A-Za-z_\\][\w\\]*+)(?=:|'| in )"
)


def read(text: str) -> list[Raised]:
    """The exception and its previous ones, which PHP's own form writes first."""
    chain = [_raised(section) for section in reversed(NEXT.split(text))]
    if any(raised.frames for raised in chain):
        return chain
    return java.read_sections(text, NAMESPACES)


def _raised(section: str) -> Raised:
    named, thrown = TYPE.match(section), THROWN.search(section)
    places, functions = [thrown[1] if thrown else ""], []
    for match in FRAME.finditer(section):
        functions.append(match[2] or "{main}")
        places.append(match[1] or "")
    # A line says which function was called and from where: its own code is where the line above is.
    frames = map(_frame, functions, places)
    return Raised(named[1] if named else None, tuple(dict.fromkeys(frames)))


def _frame(name: str, path: str) -> Frame:
    owner, arrow, function = name.replace("::", "->").rpartition("->")
    if "@anonymous" in owner:
        owner = owner[: owner.index("@anonymous")] + "@anonymous"
    module = owner if arrow else module_name(path)
    return Frame(module, function, not LIBRARY_PATH.search(path))
