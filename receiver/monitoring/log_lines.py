"""What a receiver writes to its log: one line an event, as text for people or JSON for machines.

Much of what is logged was chosen by a sender. So nothing unprintable reaches a terminal or breaks a
line, long messages are cut, and a flood of one kind is bounded (`receiver.monitoring.log_bound`).
"""

import logging
import sys
import time
from typing import Any, TextIO

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from receiver.monitoring.log_bound import LogBound

_MESSAGE_CHARACTERS_MAX = 2000
_RESERVED = frozenset({*RESERVED_ATTRS, "message", "asctime"})


def configure_logging(log_format: str, level: str, stream: TextIO | None = None) -> LogBound:
    """Sends the log of this process to a stream, standard error by default.

    The format is one of LOG_FORMATS, the level one of LOG_LEVELS. Returns the bound, which at the
    end can tell what it kept back.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines() if log_format == "json" else _TextLines())
    bound = LogBound()
    handler.addFilter(bound)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    return bound


def escaped(text: str) -> str:
    """The text with every unprintable character as its escape: a line break, ANSI codes, what
    turns the direction of writing, half a surrogate pair."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


class _TextLines(logging.Formatter):
    """`TIME LEVEL logger: message key=value ...`, the time in UTC; only tracebacks have more
    lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of this record."""
        head = f"{_timestamp(record)} {record.levelname:<8}{record.name}: {_message(record)}"
        parts = [escaped(head), *(f"{key}={_value(value)}" for key, value in _fields(record))]
        lines = [" ".join(parts)]
        if record.exc_info:
            # Indented, for the text of an exception may hold what looks like a line of the log.
            text = self.formatException(record.exc_info)
            lines += [f"  {escaped(line)}" for line in text.split("\n")]
        return "\n".join(lines)


class _JsonLines(JsonFormatter):
    """One JSON object a line, ASCII only; fields of the event stand beside the usual four."""

    def __init__(self) -> None:
        super().__init__(
            ["timestamp", "level", "logger", "message"],
            rename_fields={"exc_info": "exception"},
            json_ensure_ascii=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line of this record."""
        record.timestamp = _timestamp(record)
        record.level = record.levelname.lower()
        record.logger = record.name
        return super().format(record)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:  # Any: of any event
        """Cuts long texts."""
        return {
            key: _cut(value) if isinstance(value, str) and key != "exception" else value
            for key, value in log_data.items()
        }


def _timestamp(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03}Z"


def _message(record: logging.LogRecord) -> str:
    return _cut(record.getMessage())


def _fields(record: logging.LogRecord) -> list[tuple[str, object]]:
    return [(key, value) for key, value in vars(record).items() if key not in _RESERVED]


def _value(value: object) -> str:
    text = _cut(str(value))
    return text if text and text.isprintable() and " " not in text else escaped(repr(text))


def _cut(text: str) -> str:
    more = len(text) - _MESSAGE_CHARACTERS_MAX
    return f"{text[:_MESSAGE_CHARACTERS_MAX]}... ({more} more)" if more > 0 else text
