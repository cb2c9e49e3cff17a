"""The URL of a receiver on another machine, and what is shown to it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ReceiverUrl:
    """`text` ends with a slash; `api_key` is never shown; `authorities` is a PEM file."""

    text: str
    api_key: str = field(default="", repr=False)
    authorities: Path | None = None

    def __str__(self) -> str:
        """The URL as people write it."""
        return self.text.removesuffix("/")


def receiver_url(text: str, api_key: str = "", authorities: str = "") -> ReceiverUrl:
    """The URL, checked; raises ValueError, which shows no key."""
    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and parts.port != 0
    except ValueError:
        raise ValueError("it is not a URL, as https://deploylens.example.com:4321") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a password; the key belongs into DEPLOYLENS_API_KEY")
    if not usable or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not a URL, as https://deploylens.example.com:4321")
    if not api_key.isascii() or not api_key.strip().isprintable():
        raise ValueError("DEPLOYLENS_API_KEY holds characters that no header can")
    path = Path(authorities) if authorities else None
    return ReceiverUrl(f"{text.strip().rstrip('/')}/", api_key.strip(), path)
