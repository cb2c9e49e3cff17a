"""Stacks as Dart's `StackTrace.toString` writes them."""

import re

from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.source_path import module_name

LIBRARY = re.compile(
    r"^dart:|^package:(?:flutter|flutter_\w++|http|dio|bloc|provider|stack_trace)/"
)

FRAME = re.compile(r"\n#[0-9]++ ++([^\n(]++)\(([^)\n]++)\)")


def read(text: str) -> list[Raised]:
    """One stack; Dart keeps no causes."""
    found = dict.fromkeys(FRAME.findall(text))
    frames = tuple(dict.fromkeys(_frame(function, place) for function, place in found))
    return [Raised(None, frames)] if frames else []


def _frame(function: str, place: str) -> Frame:
    place = place.rstrip("0123456789:")
    return Frame(module_name(place), function.rstrip(), not LIBRARY.match(place))
