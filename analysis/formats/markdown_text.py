"""Untrusted text inside Markdown, so that it stays text: no HTML, links, mentions or broken tables.

A code span is the one place where GitHub, GitLab and the rest interpret nothing, so text with
anything but harmless characters goes into one. (CommonMark 0.31, sections 4.5 and 6.1; GFM 4.10.)
"""

import re

from analysis.safe_text import shown, shown_lines

_WORD = r"[^\W_]+(?:_[^\W_]+)*"
_HARMLESS = re.compile(rf"[/({{]?{_WORD}(?:[ .,;/()%+?{{}}-]+{_WORD})*[.)%}}]?")
_TICKS = re.compile("`+")


def inline(text: str) -> str:
    """Text within a line: as it is when harmless, else as a code span."""
    return text if _harmless(text) else code(text)


def cell(text: str) -> str:
    """Text for a table cell. A `|` ends a cell even in a code span, so it stands between two."""
    if not text or _harmless(text):
        return text
    return "&#124;".join(code(part) if part else "" for part in text.split("|"))


def code(text: str) -> str:
    """A code span that holds the text on one line."""
    line = shown(text)
    ticks = "`" * (1 + _longest_run(line))
    if line.startswith("`") or line.endswith("`") or (line.strip() and line[0] == line[-1] == " "):
        line = f" {line} "
    return ticks + (line or " ") + ticks


def fenced(text: str) -> str:
    """A code block that holds the text, whatever is in it."""
    lines = shown_lines(text).rstrip("\n")
    fence = "`" * max(3, 1 + _longest_run(lines))
    return f"{fence}text\n{lines}\n{fence}"


def _harmless(text: str) -> bool:
    return (
        text.isprintable()
        and _HARMLESS.fullmatch(text) is not None
        and "www." not in text.lower()  # GitHub links it wherever a word begins
    )


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
