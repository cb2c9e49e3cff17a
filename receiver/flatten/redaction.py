"""Secret attribute values replaced before anything else reads them.

A value of a secret key becomes `REDACTED`, or a keyed hash that is the same for the same value. Of
URLs and connection strings only the secret parts are replaced: user and password, and the values of
secret parameters, as the semantic conventions want it for `url.full`. Numbers and booleans are
never touched. Only distinct values come here, and Python sees only those that hold a secret.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten.redaction_rules import RedactionRules, SecretKeys

REDACTED = "REDACTED"
PLAIN, URL, SECRET = 0, 1, 2
Marks = npt.NDArray[np.int8]

_URL_KEYS = frozenset(
    {
        "db.connection_string",
        "http.request.header.referer",
        "http.response.header.location",
        "http.target",
        "http.url",
        "url.full",
        "url.original",
        "url.query",
    }
)
_KEYS_REMEMBERED_MAX = 16_384
_KEY_CHARACTERS_MAX = 256
_HASH_DIGITS = 16
# What is longer is replaced whole, so that nobody can make the search long.
_URL_CHARACTERS_MAX = 8_192
# In RE2, which Arrow runs: every text in which something might be secret.
_MAY_BE_SECRET = (
    r"(?i)(?:authorization|cookie|passw|pwd|passphrase|token|secret|credential|key|sig"
    r"|%[0-9a-f]{2})[^=&;?#]*="
)
_USER_INFO = r"//[^/?#\s]*@|:[\s\S]*@"
_USER = re.compile(r"//([^/?#\s]*)@")
# Where a user begins whose password has characters that it should not have, or who stands in front
# of an address without a scheme, as Go's MySQL driver writes it. A port is no password.
_ODD_USER = re.compile(
    r"""
    (?: //(?! [^/?#\s:@=&;\[]* : \d{1,5} [/?#] ) | ^(?! (?: [a-z][\w+.-]* : )+ // ) )
    (?! REDACTED:REDACTED@ )
    (?= [^/?#\s:@=&;\[]* : )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PARAMETER = re.compile(r"(?:^|(?<=[?&;#]))(?P<name>[^=&;?#]++)=(?P<value>[^&;#]++)")
# Connection strings may have spaces between parameters and in values, and values in quotes.
_SPACED = re.compile(r"[\s'\"]")
_SPACED_PARAMETER = re.compile(
    r"""
    (?: ^ | (?<=[?&;\#\s]) )
    (?P<name> [^=&;?\#\s]++ ) =
    (?P<value> '[^']*' | "[^"]*" | [^&;\#]*? (?= [&;\#] | \s[\w.]{1,64}= | $ ) )
    """,
    re.VERBOSE,
)


class Redaction:
    """Replaces secrets by the rules."""

    def __init__(self, rules: RedactionRules, hash_key: bytes = b"") -> None:
        """Hashes with this key if the rules say so."""
        self._keys = SecretKeys(rules)
        self._hash_key = hash_key if rules.mode == "hash" else None
        self._off = rules.mode == "off"
        self._suspicious = f"{_MAY_BE_SECRET}|{_USER_INFO}" if self._keys.known_only else "=|@"
        self._remembered: dict[str, int] = {}
        self._parameters: dict[str, bool] = {}

    def marks(self, keys: Sequence[str]) -> Marks:
        """By key: PLAIN, URL for values with secrets inside, or SECRET."""
        return np.array([self.mark(key) for key in keys], dtype=np.int8)

    def mark(self, key: str) -> int:
        """The same for one key."""
        mark = self._remembered.get(key)
        if mark is None:
            mark = self._mark(key)
            if len(self._remembered) < _KEYS_REMEMBERED_MAX and len(key) < _KEY_CHARACTERS_MAX:
                self._remembered[key] = mark
        return mark

    def column(self, texts: pa.Array, marks: Marks) -> pa.Array:
        """Texts with their secrets replaced; `marks` has one for each, NULL and "" stay."""
        if not marks.any():
            return texts
        filled = pc.fill_null(pc.greater(pc.utf8_length(texts), 0), False)
        secret = filled.to_numpy(zero_copy_only=False) & (marks == SECRET)
        rows = np.flatnonzero(secret | self._with_secrets_inside(texts, marks))
        if len(rows) == 0:
            return texts
        mask = np.zeros(len(texts), dtype=np.bool_)
        mask[rows] = True
        found = zip(texts.take(pa.array(rows)).to_pylist(), marks[rows].tolist(), strict=True)
        replaced = [self.text(text, mark) for text, mark in found]
        return pc.replace_with_mask(texts, pa.array(mask), pa.array(replaced, pa.string()))

    def text(self, text: str, mark: int) -> str:
        """One text with its secrets replaced."""
        if mark == PLAIN or not text:
            return text
        return self._hidden(text) if mark == SECRET else self._url(text)

    def _mark(self, key: str) -> int:
        if self._off:
            return PLAIN
        if self._keys.holds(key):
            return SECRET
        return URL if key.lower() in _URL_KEYS else PLAIN

    def _with_secrets_inside(self, texts: pa.Array, marks: Marks) -> npt.NDArray[np.bool_]:
        result = np.zeros(len(texts), dtype=np.bool_)
        rows = np.flatnonzero(marks == URL)
        if len(rows):
            hits = pc.match_substring_regex(texts.take(pa.array(rows)), self._suspicious)
            result[rows] = pc.fill_null(hits, False).to_numpy(zero_copy_only=False)
        return result

    def _url(self, text: str) -> str:
        if len(text) > _URL_CHARACTERS_MAX:
            return REDACTED
        if "@" in text:
            text = _without_odd_user(_USER.sub(_user, text))
        pattern = _SPACED_PARAMETER if _SPACED.search(text) else _PARAMETER
        return pattern.sub(self._parameter, text)

    def _parameter(self, found: re.Match[str]) -> str:
        name, value = found.groups()
        if not value or not self._is_secret_parameter(name):
            return found[0]
        return f"{name}={self._hidden(value)}"

    def _is_secret_parameter(self, name: str) -> bool:
        secret = self._parameters.get(name)
        if secret is None:
            secret = self._keys.holds_parameter(unquote(name))
            if len(self._parameters) < _KEYS_REMEMBERED_MAX and len(name) < _KEY_CHARACTERS_MAX:
                self._parameters[name] = secret
        return secret

    def _hidden(self, text: str) -> str:
        if self._hash_key is None:
            return REDACTED
        digest = hmac.digest(self._hash_key, text.encode(), hashlib.sha256)
        return f"hmac-sha256:{digest.hex()[:_HASH_DIGITS]}"


def _user(found: re.Match[str]) -> str:
    return f"//{REDACTED}:{REDACTED}@" if ":" in found[1] else f"//{REDACTED}@"


def _without_odd_user(text: str) -> str:
    """Takes out everything up to the last `@`, for no other sign ends such a password."""
    end = text.rfind("@")
    found = _ODD_USER.search(text, 0, max(end, 0))
    return f"{text[: found.end()]}{REDACTED}:{REDACTED}{text[end:]}" if found else text


NO_REDACTION = Redaction(RedactionRules(mode="off"))
