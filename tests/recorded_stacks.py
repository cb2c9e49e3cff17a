"""Stacks of the corpus of exceptions, by their names."""

from functools import cache

from tests.grouping_corpus import Occurrence, occurrences


def recorded(name: str) -> str:
    """The text of a stack in `tests/data/grouping`; a KeyError where it is not there."""
    return _corpus()[name].stacktrace or ""


@cache
def _corpus() -> dict[str, Occurrence]:
    return occurrences()
