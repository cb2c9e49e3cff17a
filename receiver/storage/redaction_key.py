"""The key of the hashes that stand for secrets: one a store, in a file beside it.

It is not in the store, so whoever gets a copy of the store alone cannot try values until a hash
fits.
"""

import os
import secrets
from pathlib import Path

from receiver.errors import CredentialsUnusable
from receiver.flatten.redaction import Redaction
from receiver.flatten.redaction_rules import RedactionRules

_KEY_BYTES = 32


def open_redaction(rules: RedactionRules, store: Path) -> Redaction:
    """The redaction for this store; makes its hash key if the rules want one and there is none.

    Raises CredentialsUnusable.
    """
    return Redaction(rules, _hash_key(store) if rules.mode == "hash" else b"")


def redaction_key_path(store: Path) -> Path:
    """The file beside the store; links to the store are followed."""
    real = store.resolve()
    return real.with_name(real.name + ".redaction-key")


def _hash_key(store: Path) -> bytes:
    path = redaction_key_path(store)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise CredentialsUnusable(
            f"the hash key {path} cannot be read as {_KEY_BYTES} bytes in hex. Restore it; without"
            " it, remove the file: then a new one is made, and new hashes differ from stored ones."
        )
    return key
