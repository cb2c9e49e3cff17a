"""One rule that replaces values in a message, and the record of what it replaced."""

import re
from collections.abc import Callable
from typing import NamedTuple

VALUE = "<*>"
AFTER = r"\1" + VALUE


class Replaced(NamedTuple):
    """A piece of a message that does not count, and the rule that says so, in words for people."""

    text: str
    rule: str


Trace = list[Replaced] | None
Replacement = str | Callable[[re.Match[str]], str]


class Rule:
    """A pattern, what stands for its matches, and why, in words.

    A rule replaces in the same way whether or not somebody asks what it replaced.
    """

    __slots__ = ("_pattern", "_replacement", "words")

    def __init__(self, words: str, pattern: str, replacement: Replacement = VALUE) -> None:
        """Compiles the pattern, which may be written in several lines with comments."""
        self.words = words
        self._pattern = re.compile(pattern, re.VERBOSE)
        if isinstance(replacement, str) and "\\" in replacement:
            template = replacement  # a function, because sub() reads a template at every call

            def replacement(match: re.Match[str]) -> str:
                return match.expand(template)

        self._replacement = replacement

    def apply(self, text: str, trace: Trace) -> str:
        """The text with every match replaced; each change goes into `trace`, if there is one."""
        if trace is None:
            return self._pattern.sub(self._replacement, text)
        return self._pattern.sub(lambda match: self._recorded(match, trace), text)

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches anywhere."""
        return self._pattern.search(text) is not None

    def _recorded(self, match: re.Match[str], trace: list[Replaced]) -> str:
        with_what = self._replacement
        new = match.expand(with_what) if isinstance(with_what, str) else with_what(match)
        if new != match[0]:
            trace.append(Replaced(match[0], self.words))
        return new
