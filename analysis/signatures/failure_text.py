"""What a failure says, cut to a bound and brought into the one form that patterns are for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.safe_text import shortened, shown
from analysis.signatures.facts import FailingGroup

TYPE_LENGTH_MAX = 300
MESSAGE_LENGTH_MAX = 2048
_QUOTE_LENGTH_MAX = 160
_NAMES_MAX = 5
_SAY_NOTHING = {"Error", "Exception", "Failure", ""}
_SEPARATOR = re.compile(r"[.:\\$/]")
# A message may begin with the class that was wrapped: `(psycopg.errors.UndefinedColumn) column`,
# `java.net.ConnectException: Connection refused`; so does the status description of a span.
_BEGINS_WITH_TYPE = re.compile(r"\(?([A-Za-z_][\w.$:\\]{2,200}?)(?::\s|\)\s|$)")
_NESTED = re.compile(r"nested exception is ([A-Za-z_][\w.$]{2,200})")


@dataclass(frozen=True, slots=True)
class FailureText:
    """The texts of one failure: `LastPartOfType: message` and the error of its span, the classes
    that it names, and its codes with their protocol."""

    texts: tuple[str, ...]
    types: frozenset[str]
    error: str
    codes: frozenset[tuple[str, str]]


def failure_text(group: FailingGroup) -> FailureText:
    """What patterns look at; nothing of it is longer than its bound."""
    named = (group.exception_type or "")[:TYPE_LENGTH_MAX].lstrip("*&.")
    message = (group.message or "")[:MESSAGE_LENGTH_MAX]
    error = (group.error or "")[:MESSAGE_LENGTH_MAX]
    exception = f"{_short(named)}: {message}" if named else message
    types = {named, *_inner_types(message), *_inner_types(error)} - {""}
    return FailureText(
        texts=tuple(text for text in dict.fromkeys((exception, error)) if text),
        types=frozenset(types | {last_part(name) for name in types}),
        error=error.strip(),
        codes=frozenset(_codes(group)),
    )


def last_part(type_name: str) -> str:
    """The class without its package, module or outer class."""
    return _SEPARATOR.split(type_name)[-1]


def _short(type_name: str) -> str:
    short = last_part(type_name)
    return type_name if short in _SAY_NOTHING else short


def quoted_line(text: str, at: int) -> str:
    """The line of the text that holds this position, harmless in a terminal, short, in quotes."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else None].strip()
    return f"“{shortened(shown(line.translate(_QUOTES)), _QUOTE_LENGTH_MAX)}”"


_QUOTES = str.maketrans("“”", '""')


def _inner_types(text: str) -> Iterator[str]:
    at = 0
    for _ in range(_NAMES_MAX):
        found = _BEGINS_WITH_TYPE.match(text, at)
        if not found:
            break
        yield found[1]
        at = found.end()
    for found in _NESTED.finditer(text):
        yield found[1]


def _codes(group: FailingGroup) -> Iterator[tuple[str, str]]:
    if group.http_status is not None:
        yield "http", str(group.http_status)
    if group.rpc_status is not None:
        yield "grpc", str(group.rpc_status)
    if group.db_status:
        yield "db", group.db_status[:TYPE_LENGTH_MAX].upper()
