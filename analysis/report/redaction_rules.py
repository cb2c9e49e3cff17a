"""What a redacted report may keep, and by which names it calls the rest."""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.report.redaction_fields import LABELS, Subject

_PLAIN_VERSION = re.compile(
    r"v?\d{1,8}(\.\d{1,8}){0,3}([-+.]?(rc|alpha|beta|dev|pre|post|snapshot|a|b|build)\.?\d{0,6})?"
    r"|[0-9a-f]{7,64}",
    re.IGNORECASE | re.ASCII,
)
_USUAL_ENVIRONMENTS = frozenset(
    (
        "prod",
        "production",
        "preprod",
        "staging",
        "stage",
        "test",
        "testing",
        "qa",
        "uat",
        "dev",
        "development",
        "local",
    )
)
_STANDARD_EXCEPTION = re.compile(
    r"(java|javax|kotlin|scala|System)(\.[A-Za-z]+)+(Exception|Error)|\d{1,3}", re.ASCII
)
_BUILTIN_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
) | {"Error", "RangeError", "ReferenceError", "AggregateError"}


@dataclass(frozen=True, slots=True)
class RedactedNames:
    """`keep` are kinds of names that stay; `names` says what certain names are called."""

    keep: frozenset[Subject] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)

    def stays(self, subject: Subject, text: str) -> bool:
        """Whether a name may be seen: its kind is kept, or it tells nothing of the company."""
        if subject in self.keep or not text:
            return True
        match subject:
            case Subject.VERSIONS:
                return _PLAIN_VERSION.fullmatch(text) is not None
            case Subject.ENDPOINTS:
                return text in ("(all)", "(other)")
            case Subject.ENVIRONMENTS:
                return text.lower() in _USUAL_ENVIRONMENTS
            case Subject.EXCEPTIONS:
                return text in _BUILTIN_EXCEPTIONS or bool(_STANDARD_EXCEPTION.fullmatch(text))
            case _:
                return False


def label(subject: Subject, number: int, text: str) -> str:
    """What the n-th name of its kind is called; an endpoint keeps its method."""
    method, _, rest = text.partition(" ")
    has_method = rest and method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
    return f"{method + ' ' if has_method else ''}{LABELS[subject]}-{number}"
