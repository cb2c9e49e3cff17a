"""The keys that senders have to show, from a file or from the environment; several at once.

A key file has one key a line, bare or as `name = key`; empty lines and lines that begin with `#`
are skipped. What is kept in memory is a keyed digest of each key, never the key, so no traceback,
representation or log line can show one.
"""

import hashlib
import hmac
import logging
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from receiver.errors import CredentialsUnusable
from receiver.transport.watched_files import WatchedFiles

KEY_CHARACTERS_MIN = 16
NO_GOOD_KEY = (
    "this receiver asks for an API key, and the request shows none that it knows. Send the header"
    " `authorization: Bearer KEY` or `x-api-key: KEY`, in exporters with"
    " OTEL_EXPORTER_OTLP_HEADERS."
)
_LOG = logging.getLogger(__name__)
_NAMED = re.compile(r"(?P<name>.*?\S)\s+=\s+(?P<key>\S.*)")
_NAMED_WITHOUT_SPACES = re.compile(r"[^=]+=+[^=\s].*")
_KEY = re.compile(r"[\x21-\x7e]+")
_BEARER = "bearer "


class ApiKeys:
    """Says whether a request shows one of the keys.

    A file is read again when it changes. One that has become unreadable or wrong is reported once
    and leaves the keys as they were.
    """

    def __init__(self, file: Path | None = None, listed: str = "") -> None:
        """Reads the file, and the keys in `listed`, separated by commas or line ends.

        Raises CredentialsUnusable, which never shows a key.
        """
        self._file = file
        self._salt = secrets.token_bytes(32)
        self._watched = WatchedFiles([file] if file else [])
        self._listed = self._digests(_listed_keys(listed))
        self._from_file = self._digests(_file_keys(file)) if file else ()
        if file:
            _warn_if_others_can_read(file)

    def __bool__(self) -> bool:
        """Whether there is any key, so that one has to be shown."""
        return bool(self._file or self._listed)

    def accept(self, headers: Iterable[tuple[str, str | bytes]]) -> bool:
        """Whether any `authorization: Bearer KEY` or `x-api-key: KEY` among the headers is good.

        Names are in lower case. Every key is compared, each in constant time.
        """
        self._refresh()
        expected = (*self._listed, *self._from_file)
        good = False
        for name, value in headers:
            shown = _shown_key(name, value)
            if shown is not None:
                digest = self._digest(shown)
                for one in expected:
                    good |= hmac.compare_digest(digest, one)
        return good

    def _refresh(self) -> None:
        if self._file is None or not self._watched.changed():
            return
        try:
            self._from_file = self._digests(_file_keys(self._file))
        except CredentialsUnusable as error:
            _LOG.error("%s The keys that were read before stay in force.", error)
        else:
            _LOG.info("read %d API keys again from %s", len(self._from_file), self._file)

    def _digests(self, keys: Iterable[str]) -> tuple[bytes, ...]:
        return tuple(self._digest(key.encode()) for key in keys)

    def _digest(self, key: bytes) -> bytes:
        return hmac.digest(self._salt, key, hashlib.sha256)


def any_key(file: Path | None, listed: str) -> str | None:
    """One of the keys as it is, for who sends to this receiver; None if there is none.

    Raises CredentialsUnusable, which never shows a key.
    """
    keys = _listed_keys(listed) or (_file_keys(file) if file else [])
    return keys[0] if keys else None


def _shown_key(name: str, value: str | bytes) -> bytes | None:
    """The key that a header shows, None if it shows none."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if name == "x-api-key":
        return text.strip().encode()
    if name == "authorization" and text[: len(_BEARER)].lower() == _BEARER:
        return text[len(_BEARER) :].strip().encode()
    return None


def _file_keys(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CredentialsUnusable(
            f"the API key file {path} cannot be read: {error.strerror}."
            " Check the path, and that this user may read it."
        ) from None
    except UnicodeDecodeError:
        raise CredentialsUnusable(f"the API key file {path} is not text.") from None
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            keys.append(_line_key(stripped, f"line {number} of the API key file {path}"))
    if not keys:
        raise CredentialsUnusable(
            f"the API key file {path} holds no key. Write one a line, for example what"
            " `openssl rand -hex 32` prints; without --api-key-file no key is asked for."
        )
    return keys


def _line_key(line: str, place: str) -> str:
    named = _NAMED.fullmatch(line)
    if named is None and _NAMED_WITHOUT_SPACES.fullmatch(line):
        raise CredentialsUnusable(
            f"{place} is unclear: a key with `=` inside, or a name and a key? Write `name = key`"
            " with spaces around the `=`."
        )
    return _checked(named["key"] if named else line, place)


def _listed_keys(listed: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[,\n]", listed)]
    return [
        _checked(part, f"entry {number} of DEPLOYLENS_API_KEYS")
        for number, part in enumerate(parts, start=1)
        if part
    ]


def _checked(key: str, place: str) -> str:
    """The key, if it can stand in a header and is long enough not to be guessed."""
    if not _KEY.fullmatch(key):
        raise CredentialsUnusable(
            f"{place} is not a key: it holds a space or a character beyond ASCII. A key is letters,"
            " digits and punctuation, bare or as `name = key`."
        )
    if len(key) < KEY_CHARACTERS_MIN:
        raise CredentialsUnusable(
            f"{place} is too short: {len(key)} characters, at least {KEY_CHARACTERS_MIN} are"
            " needed. `openssl rand -hex 32` makes a good one."
        )
    return key


def _warn_if_others_can_read(path: Path) -> None:
    mode = path.stat().st_mode
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        _LOG.warning(
            "the API key file %s can be read by other users of this host (mode %o)."
            " `chmod 600` keeps the keys to its owner.",
            path,
            stat.S_IMODE(mode),
        )
