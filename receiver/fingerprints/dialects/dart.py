"""Stacks as Dart's `StackTrace.toString` writes them."""

import re
from itertools import islice

from receiver.fingerprints.dialects.bounds import LINES_MAX
from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.source_path import module_name

LIBRARIES = (
    ("standard library of Dart", re.compile(r"^dart:")),
    (
        "package of Flutter or of the list of packages",
        re.compile(
            r"^package:(?:flutter|flutter_\w++|http|dio|bloc|provider|riverpod|stack_trace|async"
            r"|test|test_api|shelf|grpc|sqflite|hive|isar|get)/"
        ),
    ),
    ("package of the cache of pub", re.compile(r"/\.pub-cache/|/pub-cache/|/Pub/Cache/")),
)
OURS = "in no package of the list"

FRAME = re.compile(r"\n#[0-9]++ ++([^\n(]++)\(([^)\n]++)\)")
PLACE = re.compile(r"(.+?)(?::([0-9]{1,9}))?(?::[0-9]{1,9})?\Z")


def read(text: str) -> list[Raised]:
    """One stack; Dart keeps no causes, and writes the message elsewhere."""
    lines = dict.fromkeys(FRAME.findall(text))
    frames = distinct_frames(_frame(*found) for found in islice(lines, LINES_MAX))
    return [Raised(None, frames)] if frames else []


def _frame(function: str, place: str) -> Frame:
    told = PLACE.match(place[:4096])
    file, line = (told[1], told[2]) if told else (place, None)
    reason = next((why for why, pattern in LIBRARIES if pattern.search(file)), None)
    module = module_name(file)
    return Frame(
        module, function.rstrip(), not reason, reason or OURS, file, int(line) if line else None
    )
