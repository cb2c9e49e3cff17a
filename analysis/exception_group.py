"""A fingerprint as people write it, and the exceptions it names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.asking import Asking
from analysis.empty_states import NothingStored
from analysis.exit_code import UsageRefused
from analysis.safe_text import shortened, shown
from analysis.suggestion import did_you_mean

PREFIX_LENGTH_MIN = 6
_KEY = re.compile(r"[0-9a-f]{6,64}")
_LISTED_MAX = 8
_NEWEST_MAX = 5
_TYPE_LENGTH_MAX = 80
_MESSAGE_LENGTH_MAX = 100
_FRAME_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class ExceptionGroup:
    """All sightings of one strict fingerprint; the fields are columns of the saved query
    `exceptions_by_fingerprint`."""

    exception_type: str | None
    exception_message: str | None
    top_frame: str | None
    service_names: Sequence[str]
    sightings: int
    first_seen: str | None
    last_seen: str | None
    fingerprint: str
    fingerprint_loose: str
    fingerprint_version: int
    exception_source: str | None

    def __str__(self) -> str:
        """Type, message and top frame on one line, harmless in a terminal."""
        text = shortened(shown(self.exception_type or "(no type)"), _TYPE_LENGTH_MAX)
        if self.exception_message:
            text += f": {shortened(shown(self.exception_message), _MESSAGE_LENGTH_MAX)}"
        if self.top_frame:
            text += f", at {shortened(shown(self.top_frame), _FRAME_LENGTH_MAX)}"
        return text


@dataclass(frozen=True, slots=True)
class NamedException:
    """One key, strict or loose, and its strict groups, the one seen last first."""

    key: str
    loose: bool
    groups: tuple[ExceptionGroup, ...]

    def __str__(self) -> str:
        """What it is, in words for a person."""
        more = len(self.groups) - 1
        others = f" and {_counted(more, 'kind')} more of the same place" if more else ""
        return f"{self.groups[0]} ({self.key}{', loose' if self.loose else ''}){others}"

    @property
    def keys(self) -> set[str]:
        """The key, and the loose key of each group: a decision about one of them is about this."""
        return {self.key} | {group.fingerprint_loose for group in self.groups}

    @property
    def services(self) -> list[str]:
        """The services that recorded it."""
        return sorted({name for group in self.groups for name in group.service_names})


def named_exception(store: Asking, text: str) -> NamedException:
    """The exception whose strict or loose key is, or alone begins like, this text.

    Raises UsageRefused: what would be a fingerprint, which ones begin so, or what there is.
    """
    start = text.strip().rstrip("….").lower()
    if not _KEY.fullmatch(start):
        raise UsageRefused(
            f"{shortened(text, 80)!r} is not a fingerprint: 16 hex digits, or the first"
            f" {PREFIX_LENGTH_MIN} or more of them.{_what_there_is(store, start)}"
        )
    found = _groups(store, start)
    keys = {g.fingerprint for g in found} | {g.fingerprint_loose for g in found}
    named = [start] if start in keys else sorted(key for key in keys if key.startswith(start))
    if not named:
        raise UsageRefused(
            f"no stored exception has a fingerprint that starts with {start}."
            f"{_what_there_is(store, start)}"
        )
    if len(named) > 1:
        raise UsageRefused(_several(start, named, found))
    [key] = named
    strict = tuple(group for group in found if group.fingerprint == key)
    loose = tuple(group for group in found if group.fingerprint_loose == key)
    return NamedException(key, not strict, strict or loose)


def same_place(store: Asking, group: ExceptionGroup) -> list[ExceptionGroup]:
    """The other strict groups of its loose key."""
    return [
        other
        for other in _groups(store, group.fingerprint_loose)
        if other.fingerprint != group.fingerprint
        and other.fingerprint_loose == group.fingerprint_loose
    ]


def _groups(store: Asking, start: str) -> list[ExceptionGroup]:
    return store.rows("exceptions_by_fingerprint", {"key_start": start}).records(ExceptionGroup)


def _what_there_is(store: Asking, start: str) -> str:
    """The key that was probably meant, and the exceptions seen last."""
    known = _groups(store, "")
    if not known:
        if not store.deployed():
            raise NothingStored
        return "\nNo exception is stored yet: none was recorded on a span or in a log record."
    keys = [key for group in known for key in (group.fingerprint, group.fingerprint_loose)]
    lines = _lines((group.fingerprint, group) for group in known[:_NEWEST_MAX])
    return f"{did_you_mean(start, keys)} Seen last:\n{lines}"


def _several(start: str, keys: Sequence[str], groups: Sequence[ExceptionGroup]) -> str:
    """Which keys begin like this, each with what it is."""
    meant = [
        (key, next(g for g in groups if key in (g.fingerprint, g.fingerprint_loose)))
        for key in keys[:_LISTED_MAX]
    ]
    more = len(keys) - _LISTED_MAX
    rest = f"\n  and {more} more" if more > 0 else ""
    return f"several fingerprints start with {start}; write more of one:\n{_lines(meant)}{rest}"


def _lines(named: Iterable[tuple[str, ExceptionGroup]]) -> str:
    return "\n".join(
        f"  {key}{' (loose)' if key != group.fingerprint else ''}  {group}" for key, group in named
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
