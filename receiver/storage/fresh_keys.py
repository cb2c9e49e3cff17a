"""Fingerprints of stored exceptions, made again: each text of a stack is read once, each kind of
message at a place is hashed once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from receiver.fingerprints.fingerprint import (
    FINGERPRINT_VERSION,
    Fingerprint,
    fingerprint_of,
    fingerprint_of_status,
    read_place,
)
from receiver.fingerprints.frame import Frame
from receiver.fingerprints.messages.kind import parameterize
from receiver.fingerprints.place import Cause, Place
from receiver.fingerprints.rules import GroupingRules
from receiver.flatten.columns import CodedColumn, distinct, from_arrow

# What a fingerprint is made of, as columns. `stack` is what the text of the stack is known by: its
# id, or the text itself without the message.
PART_COLUMNS = (
    *("exception_type", "exception_message", "stack", "sdk_language"),
    *("exception_source", "top_frame"),
)
STATUS = "status"

_PLACES_MAX = 400_000
_FRAMES_MAX = 400_000
_KEYS_MAX = 200_000

Stack = tuple[str | None, str | None, str | None]  # type, stack, language
Texts = Callable[[Sequence[str]], Iterable[tuple[str, str]]]


class FreshKeys:
    """Makes fingerprints by the present algorithm and these rules, in bounded memory."""

    def __init__(self, rules: GroupingRules) -> None:
        """Knows no stack yet."""
        self._rules = rules
        self._frames: dict[Frame, Frame] = {}
        self._numbers: dict[Place, int] = {}
        self._places: list[Place] = []
        self._place_of: dict[Stack, int] = {}
        self._keys: dict[tuple[int, str], Fingerprint] = {}

    def columns(self, parts: pa.Table, texts: Texts) -> dict[str, pa.Array]:
        """The columns of the fingerprints of these rows, which have PART_COLUMNS.

        `texts` gives the text of each of these stacks, in any order.
        """
        columns = [from_arrow(parts.column(name).combine_chunks()) for name in PART_COLUMNS]
        type_, message, stack, language, source, top_frame = columns
        of_status = source.matches(lambda text: text == STATUS)
        # Only a failed span is grouped by where it was; of others that follows from the stack.
        where = CodedColumn(np.where(of_status, top_frame.codes, -1), top_frame.values)
        self._read(type_, stack, language, texts)
        parts_of_keys = (type_, stack, language, message, source, where)
        rows, codes = distinct(*parts_of_keys)
        keys = [self._key(*(part.at(row) for part in parts_of_keys)) for row in rows.tolist()]
        return {
            "fingerprint": CodedColumn(codes, [key.strict for key in keys]).to_arrow(),
            "fingerprint_loose": CodedColumn(codes, [key.loose for key in keys]).to_arrow(),
            "top_frame": CodedColumn(codes, [key.top_frame for key in keys]).to_arrow(),
            "fingerprint_version": pa.array(np.full(len(codes), FINGERPRINT_VERSION, np.int32)),
        }

    def _key(
        self,
        exception_type: str | None,
        stack: str | None,
        language: str | None,
        message: str | None,
        source: str | None,
        where: str | None,
    ) -> Fingerprint:
        if source == STATUS:
            return fingerprint_of_status(exception_type, message, where, self._rules)
        number = self._place_of[exception_type, stack, language]
        found = self._places[number]
        said = message or found.said
        if found.rules:
            return fingerprint_of(found, message)
        kind = parameterize(said) if said else ""
        key = self._keys.get((number, kind))
        if key is None:
            key = self._keys[number, kind] = fingerprint_of(found, message)
        return key

    def _read(
        self, type_: CodedColumn, stack: CodedColumn, language: CodedColumn, texts: Texts
    ) -> None:
        """Makes sure that the place of every row is known."""
        self._forget_if_many()
        rows, _ = distinct(type_, stack, language)
        missing: dict[str, list[Stack]] = {}
        for row in rows.tolist():
            wanted = (type_.at(row), stack.at(row), language.at(row))
            if wanted in self._place_of:
                continue
            if wanted[1] is None:
                self._place_of[wanted] = self._number(read_place(wanted[0], "", None, self._rules))
            else:
                missing.setdefault(wanted[1], []).append(wanted)
        for key, text in texts(list(missing)) if missing else ():
            for wanted in missing.pop(key, ()):
                found = read_place(wanted[0], text, wanted[2], self._rules)
                self._place_of[wanted] = self._number(found)
        for stacks in missing.values():  # a text that is not there
            for wanted in stacks:
                self._place_of[wanted] = self._number(read_place(wanted[0], "", None, self._rules))

    def _number(self, found: Place) -> int:
        """The number of a place, which is the same for texts that differ in line numbers only."""
        bare = replace(
            found,
            frames=tuple(map(self._bare, found.frames)),
            causes=tuple(self._bare_cause(cause) for cause in found.causes),
            top=None if found.top is None else self._bare(found.top),
        )
        number = self._numbers.setdefault(bare, len(self._places))
        if number == len(self._places):
            self._places.append(bare)
        return number

    def _bare(self, frame: Frame) -> Frame:
        bare = frame._replace(reason="", file=None, line=None)
        return self._frames.setdefault(bare, bare)

    def _bare_cause(self, cause: Cause) -> Cause:
        return cause._replace(frames=tuple(map(self._bare, cause.frames)))

    def _forget_if_many(self) -> None:
        if len(self._place_of) > _PLACES_MAX or len(self._frames) > _FRAMES_MAX:
            for held in (self._frames, self._numbers, self._place_of, self._keys):
                held.clear()
            self._places.clear()
        if len(self._keys) > _KEYS_MAX:
            self._keys.clear()
