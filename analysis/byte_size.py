"""Sizes in bytes as people write them: `20GB`, `64MiB`, `1.5 TB`, `4096`."""

import re
from decimal import Decimal

_UNITS = {
    unit.lower(): base**power
    for base, units in ((1000, ("KB", "MB", "GB", "TB")), (1024, ("KiB", "MiB", "GiB", "TiB")))
    for power, unit in enumerate(units, start=1)
} | {"": 1, "b": 1}
_SIZE = re.compile(r"\s*([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{0,3})\s*", re.ASCII)


def parse_byte_size(text: str) -> int:
    """The number of bytes, more than 0; KB, MB, GB, TB are decimal, KiB, MiB, GiB, TiB binary.

    A part of a byte is dropped. Upper and lower case are the same. Raises ValueError naming what
    was seen.
    """
    match = _SIZE.fullmatch(text)
    size = _UNITS.get(match[2].lower()) if match else None
    if match is None or size is None:
        raise ValueError(
            f"{text!r} is not a size in bytes, for example 20GB or 64MiB."
            " Units are KB, MB, GB, TB (thousands) and KiB, MiB, GiB, TiB (1024)"
        )
    number = int(Decimal(match[1]) * size)
    if number == 0:
        raise ValueError(f"{text!r} is no size: give at least one byte, for example 20GB or 64MiB")
    return number
