"""Which attributes hold secrets, told by their keys, and what becomes of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from itertools import pairwise

REDACTION_MODES = ("drop", "hash", "off")

# One word of a key, as `client_secret`, `clientSecret` and `X-CLIENT-SECRET` have two and more.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_SECRET_WORD = re.compile(
    r"authorization|credentials?|pwd|passphrase"
    r"|\w*(?:cookies?|passwords?|passwd|token|secrets?|apikeys?|accesskeys?|privatekeys?)"
)
_KEY_WORDS = frozenset({"key", "keys"})
_KINDS_OF_SECRET_KEY = frozenset({"api", "access", "private"})
# A key that ends so tells something about a secret, as `gen_ai.token.type` does.
_ABOUT = frozenset(
    {
        *("age", "algorithm", "arn", "budget", "count", "duration", "enabled", "endpoint", "error"),
        *(
            "expiration",
            "expires",
            "expiry",
            "index",
            "issuer",
            "kind",
            "length",
            "limit",
            "method",
        ),
        *("name", "policy", "present", "scheme", "size", "status", "ttl", "type", "uri", "url"),
        *("usage", "valid", "version"),
    }
)
# Query parameters that sign a request; `url.full` of the semantic conventions names them.
_SIGNATURES = frozenset({"sig", "signature"})


@dataclass(frozen=True, slots=True)
class RedactionRules:
    """What is done to secret values, and which keys are secret besides those known as such.

    `mode` is one of REDACTION_MODES. `keys` and `keep` are globs over whole keys, in any case;
    `keep` wins.
    """

    mode: str = "drop"
    keys: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


class SecretKeys:
    """Tells secret keys from others."""

    def __init__(self, rules: RedactionRules) -> None:
        """Follows the rules; with mode `off` no key is secret."""
        self._off = rules.mode == "off"
        self._more, self._kept = _globs(rules.keys), _globs(rules.keep)

    def holds(self, key: str) -> bool:
        """Whether the value of an attribute of this key is secret."""
        return self._holds(key, is_secret_name)

    def holds_parameter(self, name: str) -> bool:
        """Whether the value of a query parameter of this name is secret."""
        return self._holds(name, lambda one: is_secret_name(one) or _signs(one))

    @property
    def known_only(self) -> bool:
        """Whether no keys were added to those known as secret."""
        return not self._more

    def _holds(self, key: str, known: Callable[[str], bool]) -> bool:
        if self._off or any(pattern.match(key) for pattern in self._kept):
            return False
        return any(pattern.match(key) for pattern in self._more) or known(key)


def is_secret_name(name: str) -> bool:
    """Whether a name speaks of a secret by one of its words: `http.request.header.set-cookie`.

    `tokens` is no such word, for language models count them.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT:
        return False
    pairs = pairwise(words)
    return any(_SECRET_WORD.fullmatch(word) for word in words) or any(
        second in _KEY_WORDS and first in _KINDS_OF_SECRET_KEY for first, second in pairs
    )


def _signs(name: str) -> bool:
    return bool(_SIGNATURES.intersection(word.lower() for word in _WORD.findall(name)))


def _globs(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(translate(pattern), re.IGNORECASE) for pattern in patterns)
