"""The versions of Python and of the libraries that are installed."""

import platform
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from analysis.doctor.check import Check, failed, ok, warning

PYTHON_MIN = (3, 11)
_SHOWN = ("duckdb", "grpcio", "ptars", "pyarrow", "protobuf")
_REQUIREMENT = re.compile(r"([\w.-]+)\s*(>=|==)\s*([\w.]+)$")


def check_versions() -> Iterator[Check]:
    """Whether Python is new enough, and every library as this deploylens wants it."""
    seen = f"{platform.python_implementation()} {platform.python_version()}"
    wanted = ".".join(map(str, PYTHON_MIN))
    if sys.version_info >= PYTHON_MIN:
        yield ok("python", seen)
    else:
        yield failed("python", seen, f"Install Python {wanted} or later.")
    try:
        requirements = requires("deploylens") or []
    except PackageNotFoundError:
        step = "Install it with pip, so that the versions of its libraries are checked."
        yield warning("libraries", "deploylens runs from its source", step)
        return
    wrong = list(unmet(requirements))
    if wrong:
        step = "Install deploylens again into an environment of its own."
        yield failed("libraries", "; ".join(wrong), step)
    else:
        yield ok("libraries", ", ".join(f"{name} {version(name)}" for name in _SHOWN))


def unmet(requirements: Iterable[str]) -> Iterator[str]:
    """What is installed otherwise than required, in words; requirements are `name>=1` or
    `name==1`, others are not looked at."""
    for requirement in requirements:
        parsed = _REQUIREMENT.fullmatch(requirement)
        if parsed is None:
            continue
        name, relation, wanted = parsed.groups()
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield f"{name} is not installed, {relation}{wanted} is wanted"
            continue
        if relation == "==" and installed != wanted:
            yield f"{name} is {installed}, exactly {wanted} is wanted"
        elif relation == ">=" and _numbers(installed) < _numbers(wanted):
            yield f"{name} is {installed}, {wanted} or later is wanted"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])
