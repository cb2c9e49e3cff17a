"""Text from a span, made harmless for a terminal.

Whoever sends telemetry chooses its text: an escape sequence could clear the screen or rewrite the
line above, a bidirectional override could show another word. What cannot be printed is shown as its
escape; everything else stays as it is.
"""


def shown(text: str) -> str:
    r"""The text on one line, with every unprintable character as its escape: `\n`, `\x1b`,
    `\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def shown_lines(text: str) -> str:
    """The same with its line breaks kept, and tabs as spaces: for stack traces and messages."""
    lines = text.replace("\r\n", "\n").expandtabs(4).split("\n")
    return "\n".join(shown(line) for line in lines)


def shortened(text: str, length_max: int) -> str:
    """The text, cut with an ellipsis when it is longer."""
    return text if len(text) <= length_max else text[: length_max - 1] + "…"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
