"""What was left out of a message, and by which rule."""

from receiver.fingerprints.explanation import Part
from receiver.fingerprints.messages.kind import Replaced, explain

_MESSAGES = frozenset({"message", "cause message"})


def replaced_values(part: Part) -> list[Replaced]:
    """Each piece that a rule replaced in a message, once, in the order of the rules; nothing for
    what is no message."""
    if part.kind not in _MESSAGES or not part.detail:
        return []
    return list(dict.fromkeys(explain(part.detail).replaced))
