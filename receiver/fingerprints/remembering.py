"""Remembers what a function of one or two short texts gave: the frames of a program recur."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar, TypeVarTuple

_ENTRIES_MAX = 16_384
_LENGTH_MAX = 300

Texts = TypeVarTuple("Texts")
Result = TypeVar("Result")


def remembered(function: Callable[[*Texts], Result]) -> Callable[[*Texts], Result]:
    """The same function, which computes a recent result once; long texts would fill the memory.

    It takes one text or two and gives something that nobody changes.
    """
    kept = lru_cache(maxsize=_ENTRIES_MAX)(function)

    @wraps(function)
    def remembering(*texts: *Texts) -> Result:
        return kept(*texts) if len(str(texts)) <= _LENGTH_MAX else function(*texts)

    return remembering
