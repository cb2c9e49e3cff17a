"""Prints three tracebacks of one order that fails: explicit cause, context, recursion."""

import json
import traceback
from collections.abc import Callable


class OrderError(Exception):
    """An order could not be placed."""


def read_setting(settings: dict[str, str], name: str) -> str:
    return settings[name]


def place_order(settings: dict[str, str]) -> str:
    try:
        return read_setting(settings, "DATABASE_URL")
    except KeyError as missing:
        raise OrderError("order 4711 could not be placed") from missing


def parse_order(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return int("not a number")


def descend(depth: int) -> int:
    if depth == 0:
        raise OrderError("too deep")
    return descend(depth - 1)


def main() -> None:
    failures: tuple[Callable[[], object], ...] = (
        lambda: place_order({}),
        lambda: parse_order("{"),
        lambda: descend(9),
    )
    for failing in failures:
        try:
            failing()
        except Exception:  # every kind is wanted here
            print(traceback.format_exc(), end="\f")


main()
