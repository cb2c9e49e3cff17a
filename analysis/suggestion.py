"""The name that was probably meant, for errors about a name nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

_LENGTH_MAX = 200


def did_you_mean(seen: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` with a leading space, or nothing when no known name is close."""
    likely = [name for name in known if len(name) <= _LENGTH_MAX]
    close = get_close_matches(seen[:_LENGTH_MAX].lower(), likely, n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
