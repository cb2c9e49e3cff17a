"""A stack's text apart from the message that stands in it.

Runtimes write the message into the text, after the class: `KeyError: 'x'`. With an id in it every
text is another one; without it, the texts of one way to fail are the same, and are read and stored
once.
"""

# A traceback ends with the exception that was recorded; every other runtime begins with it.
RAISE_LAST = "Traceback (most recent call last)"
HEAD_LENGTH = 256
_BEFORE = (": ", ": '", ":\n")


def split_message(stacktrace: str, message: str | None) -> tuple[str, int | None]:
    """The text without the message, and the offset in characters at which it stood.

    `text[:at] + message + text[at:]` is the text again; None where the message was not found, and
    nothing was cut. The recorded exception's own line is meant: the last that fits in a traceback
    of Python, else the first.
    """
    at = message_place(stacktrace, message)
    if at is None or not message:
        return stacktrace, None
    return stacktrace[:at] + stacktrace[at + len(message) :], at


def message_place(stacktrace: str, message: str | None) -> int | None:
    """The offset in characters at which the message stands, whole, None where it is not found; a
    word that only begins so is not it."""
    if not message:
        return None
    last = stacktrace.find(RAISE_LAST, 0, HEAD_LENGTH) >= 0
    search = stacktrace.rfind if last else stacktrace.find
    for before in _BEFORE:
        found = search(before + message)
        if found >= 0:
            at = found + len(before)
            after = stacktrace[at + len(message) : at + len(message) + 1]
            if not (after.isalnum() and message[-1].isalnum()):
                return at
    return None


def with_message(text: str, message: str | None, at: int | None) -> str:
    """What `split_message` was given."""
    return text if at is None else f"{text[:at]}{message or ''}{text[at:]}"
