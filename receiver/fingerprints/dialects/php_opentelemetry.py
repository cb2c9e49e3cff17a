"""Stacks of PHP as OpenTelemetry's SDK writes them: like Java's, with dots for backslashes.

A file has its name but no directory, so packages are told by namespace.
"""

import re
from collections.abc import Iterable

from receiver.fingerprints.dialects.bounds import EXCEPTIONS_MAX, LINES_MAX
from receiver.fingerprints.dialects.php_names import BUILTIN, without_hashes
from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.source_path import module_name

NAMESPACES = (
    "Symfony.", "Illuminate.", "Laravel.", "Doctrine.", "Composer.", "Psr.", "Monolog.",
    "GuzzleHttp.", "OpenTelemetry.", "Slim.", "Twig.", "Laminas.", "Zend.", "Cake.",
    "CodeIgniter.", "Nette.", "League.", "Amp.", "React.", "Swoole.", "Hyperf.", "Predis.",
    "PDO.", "Redis.", "Drupal.Core.", "PHPUnit.", "Grpc.", "Google.", "Aws.", "Nyholm.",
    "Http.", "Sentry.", "Livewire.", "Filament.", "Spatie.", "Barryvdh.", "Carbon.", "Ramsey.",
    "Ratchet.", "Yii.", "yii.", "Phalcon.", "ApiPlatform.", "Sonata.",
    "EasyCorp.", "Stripe.", "PhpAmqpLib.", "Elastic.", "MongoDB.", "Mezzio.", "Sabre.", "Pest.",
    "Revolt.", "FastRoute.", "DI.", "Tideways.", "Datadog.", "DDTrace.",
)  # fmt: skip
OURS = "no namespace of the list of packages"

# PHP gives an anonymous class the path of its file, after a NUL, and a number.
ANONYMOUS = re.compile(r"@anonymous[^\n($@]{0,1024}\$[0-9a-f]++")
# "at Class.method(File.php:12)"; the name of a closure has brackets of its own.
FRAME = re.compile(r"\n[ \t]++at ([^\n]++)(?<=\))")
SECTION = re.compile(r"\nCaused by: ")
TYPE = re.compile(r"\s*+([A-Za-z_][\w.]*+)(?:@anonymous)?(?=[:\n]|\Z)(?:: ?)?([^\n]*+)")


def read(text: str) -> list[Raised]:
    """The exception and its previous ones, in the order of the text; nothing without frames."""
    plain = ANONYMOUS.sub("@anonymous", text) if "@" in text else text
    chain = [_raised(section) for section in SECTION.split(plain)[:EXCEPTIONS_MAX]]
    return chain if any(raised.frames for raised in chain) else []


def _raised(section: str) -> Raised:
    named = TYPE.match(section)
    name = named[1].replace(".", "\\") if named else None
    message = (named[2].strip() or None) if named else None
    return Raised(name, distinct_frames(_frames(_calls(section))), message)


def _calls(section: str) -> list[tuple[str, str]]:
    """The function and the place of each line."""
    lines = (line[:-1].rpartition("(") for line in FRAME.findall(section)[:LINES_MAX])
    return [(name, place) for name, _, place in lines if name]


def _frames(found: list[tuple[str, str]]) -> Iterable[Frame]:
    for at, (written, place) in enumerate(found):
        name = _name(written)
        file, _, line = place.rpartition(":")
        if not line.isdecimal():
            file, line = place, ""
        same = at + 1 < len(found) and found[at + 1][1] == place
        if not line or (same and _name(found[at + 1][0]) != name and "{" not in name):
            reason = BUILTIN
        else:
            library = name.startswith(NAMESPACES)
            reason = f"namespace {name.partition('.')[0]} is a package" if library else ""
        module, _, function = name.rpartition(".")
        module = without_hashes(module.replace(".", "\\"))
        if not module or "@anonymous" in module:
            module = ".".join(filter(None, (module_name(file) if line else "", module)))
        known = file if line else None
        yield Frame(
            module, function, not reason, reason or OURS, known, int(line[:9]) if line else None
        )


def _name(written: str) -> str:
    """`App.Orders.Order.{closure}` of a closure in a namespace, whose name repeats it, and of
    PHP 8.4's `{closure:App.Orders.Order::place():12}`."""
    at = written.find("{closure")
    if at < 0:
        return written
    owner = written[:at].rstrip(".")
    half = len(owner) // 2
    for cut in range(half, 0, -1):  # App.Orders.Checkout.App.Orders
        if owner.startswith(owner[-cut:] + ".") and owner[-cut - 1 : -cut] == ".":
            return f"{owner[: -cut - 1]}.{{closure}}"
    return f"{owner}.{{closure}}" if owner else "{closure}"
