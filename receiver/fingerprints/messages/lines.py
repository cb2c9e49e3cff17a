"""The lines of a message that count, one space between words."""

import re
import unicodedata

LINES_MAX = 8

# Colours of a terminal, marks of direction and characters without width.
INVISIBLE = re.compile("\x1b\\[[0-9;]*[A-Za-z]|[\x00\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
OTHER_DIGIT = re.compile(r"(?![0-9])\d")
POINTER = re.compile(r"[~^ ]+")
WORDS = re.compile(r"[^\W_]|<\*>")
HTML = re.compile(r"<(?:!doctype html|html)\b.*", re.IGNORECASE | re.DOTALL)
TITLE = re.compile(r"<(title|h1)\b[^<>]*>([^<>]{0,200})<", re.IGNORECASE)
# From here on a message repeats its stack, or shows the object that was looked at.
END = re.compile(
    r"""
    (?: at[ ](?:async[ ]|new[ ])?[\w.$<>/@-]+[ ]?\(.*\)$ | at[ ]\S+:[0-9]+:[0-9]+$
      | File[ ]".*",[ ]line[ ] | goroutine[ ][0-9<] | Traceback[ ]\(most | \#[0-9]+[ ]\S+\(
      | Require[ ]stack: | On[ ]instance | stack[ ]backtrace: )
    """,
    re.VERBOSE,
)
# Advice, which names the version of a library, and values that were bound.
ADVICE = (
    "For further information visit ", "For more information check", "(Background on this error at",
    "[parameters: ", "[generated in", "[cached since", "Hint: ", "HINT: ", "debug_error_string",
    "See https://", "ORA-06512: ",
)  # fmt: skip


def message_lines(text: str) -> str:
    """Up to eight distinct lines: the first seven and the last, without advice and stack frames."""
    if not text.isascii():
        text = OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)
    if "\x1b" in text or "\x00" in text or not text.isascii():
        text = INVISIBLE.sub("", text)
    if "<" in text:
        text = HTML.sub(_title, text)
    lines = text.splitlines()
    if len(lines) == 1:
        return " ".join(text.split())
    kept: dict[str, None] = {}
    for line in (" ".join(line.split()) for line in lines):
        if kept and END.match(line):
            break
        if "^" in line and len(kept) > 1 and POINTER.fullmatch(line):
            kept.popitem()  # the line of source or of input that the marks point at
        if WORDS.search(line) and not line.startswith(ADVICE):
            kept[line] = None
    distinct = list(kept)
    return "\n".join([*distinct[: LINES_MAX - 1], *distinct[LINES_MAX - 1 :][-1:]])


def _title(match: re.Match[str]) -> str:
    title = TITLE.search(match[0])
    return "HTML page " + title[2] if title else match[0]
