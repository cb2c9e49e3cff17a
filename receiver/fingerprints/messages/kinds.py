"""The kinds of many messages: those that differ only in a long number are read once."""

from receiver.fingerprints.messages.kind import parameterize, without_long_numbers

_REMEMBERED_LENGTH_MAX = 1_024


class MessageKinds:
    """The kind of each message, remembered for at most `kinds_max` short ones.

    During an incident most messages are one sentence with another id each. `characters` counts what
    the rules looked at so far.
    """

    def __init__(self, kinds_max: int = 8_192) -> None:
        """Knows no message yet."""
        self._kinds_max = kinds_max
        self._kinds: dict[str, str] = {}
        self.characters = 0

    def of(self, message: str) -> str:
        """What `parameterize` makes of the message; '' of none."""
        alike = without_long_numbers(message)
        kind = self._kinds.get(alike)
        if kind is None:
            self.characters += len(alike)
            kind = parameterize(alike)
            if len(alike) <= _REMEMBERED_LENGTH_MAX:
                if len(self._kinds) >= self._kinds_max:
                    self._kinds.clear()
                self._kinds[alike] = kind
        return kind
