"""Signs what is sent, as Standard Webhooks 1.0.0 says (github.com/standard-webhooks).

The signature is an HMAC-SHA256 of id, time of the attempt and body, so that a receiver can tell a
body that was changed and one that is played again.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from analysis.announcing.targets import TargetUnusable

_PREFIX = "whsec_"
_BYTES_MIN, _BYTES_MAX = 24, 64


def signing_keys(text: str) -> tuple[bytes, ...]:
    """The keys of a secret: base64 of 24 to 64 bytes, with or without `whsec_`; several, by line or
    blank, while one takes the place of another. Raises TargetUnusable without repeating them."""
    return tuple(_key(word) for word in text.split())


def signed(keys: Sequence[bytes], event_id: str, sent_at_s: int, body: bytes) -> Mapping[str, str]:
    """The three headers of an attempt; the one with the signatures only where there are keys."""
    headers = {"webhook-id": event_id, "webhook-timestamp": str(sent_at_s)}
    content = f"{event_id}.{sent_at_s}.".encode() + body
    if keys:
        digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
        shown = (f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
        headers["webhook-signature"] = " ".join(shown)
    return headers


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise TargetUnusable(
            "the signing secret is not base64. Make one with:"
            ' echo "whsec_$(openssl rand -base64 32)"'
        ) from None
    if not _BYTES_MIN <= len(key) <= _BYTES_MAX:
        raise TargetUnusable(
            f"the signing secret has {len(key)} bytes; it has {_BYTES_MIN} to {_BYTES_MAX}."
        )
    return key
