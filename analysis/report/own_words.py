"""The words of our own sentences, as own_words.txt lists them.

A sentence of a report is made of these, of numbers, and of names. Whatever is none of them came
from somewhere else. The list is taken from the code that writes the sentences, by a test.
"""

from functools import cache
from importlib import resources

FILE_NAME = "own_words.txt"


@cache
def own_words() -> frozenset[str]:
    """Every word, in lower case."""
    text = (resources.files("analysis.report") / FILE_NAME).read_text(encoding="utf-8")
    return frozenset(text.split())
