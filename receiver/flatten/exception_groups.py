"""Fingerprints as columns: each distinct exception of a group of requests is looked at once."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from receiver.fingerprints.fingerprint import (
    FINGERPRINT_VERSION,
    Fingerprint,
    Fingerprinter,
    fingerprint_of_kind,
    fingerprint_of_status,
)
from receiver.fingerprints.place import Place
from receiver.flatten import bounds
from receiver.flatten.columns import CodedColumn, Codes, distinct
from receiver.flatten.stacks import StackReader

_MESSAGES_AT_ONCE = 256


class ExceptionGroups:
    """What exceptions are grouped with: a fingerprinter, and the stacks it met lately."""

    def __init__(self, fingerprinter: Fingerprinter) -> None:
        """Knows no stack yet."""
        self._fingerprinter = fingerprinter
        self.stacks = StackReader()

    def of_stacks(
        self,
        exception_type: CodedColumn,
        message: CodedColumn,
        stack: CodedColumn,
        language: CodedColumn,
    ) -> dict[str, pa.Array]:
        """The fingerprint columns of exceptions; `stack` is the text without the message."""
        rows, place_codes = distinct(exception_type, stack, language)
        read = self._fingerprinter.stack_characters
        places = []
        for row in rows.tolist():
            parts = exception_type.at(row), stack.at(row) or "", language.at(row)
            places.append(self._fingerprinter.place(*parts))
            more = self._fingerprinter.stack_characters - read
            bounds.check(more, "characters of different stack traces", bounds.STACK_CHARACTERS_MAX)
        return _columns(*self._of_places(places, place_codes, message))

    def _of_places(
        self, places: Sequence[Place], place_codes: Codes, message: CodedColumn
    ) -> tuple[Codes, list[Fingerprint]]:
        """By exception which of the fingerprints it has, and the fingerprints of the messages at
        their places, each kind of message once."""
        rows, codes = distinct(CodedColumn(place_codes, [""] * len(places)), message)
        numbers: dict[tuple[int, str], int] = {}
        found: list[Fingerprint] = []
        number_by_pair = []
        kinds = self._kinds(message)
        pairs = zip(place_codes[rows].tolist(), message.codes[rows].tolist(), strict=True)
        for place_number, message_code in pairs:
            place = places[place_number]
            said = message.values[message_code] if message_code >= 0 else None
            kind = kinds[message_code] if said else self._fingerprinter.kind(place.said)
            number = numbers.get((place_number, kind))
            if number is None or place.rules:  # a rule may look at the message itself
                number = numbers[place_number, kind] = len(found)
                found.append(fingerprint_of_kind(place, said or place.said, kind))
            number_by_pair.append(number)
        return np.array(number_by_pair, dtype=np.int32)[codes], found

    def _kinds(self, message: CodedColumn) -> list[str]:
        """The kind of each distinct message."""
        read = self._fingerprinter.message_characters
        kinds = []
        for first in range(0, len(message.values), _MESSAGES_AT_ONCE):
            some = message.values[first : first + _MESSAGES_AT_ONCE]
            kinds += [self._fingerprinter.kind(one or "") for one in some]
            more = self._fingerprinter.message_characters - read
            bounds.check(
                more, "characters of different exception messages", bounds.MESSAGE_CHARACTERS_MAX
            )
        return kinds

    def of_status(
        self, error_type: CodedColumn, message: CodedColumn, where: CodedColumn
    ) -> dict[str, pa.Array]:
        """The fingerprint columns of failed spans that recorded no exception."""
        rows, codes = distinct(error_type, message, where)
        rules = self._fingerprinter.rules
        found = (
            fingerprint_of_status(error_type.at(row), message.at(row), where.at(row), rules)
            for row in rows.tolist()
        )
        return _columns(codes, found)


def _columns(codes: Codes, found: Iterable[Fingerprint]) -> dict[str, pa.Array]:
    strict, loose, top_frame = zip(
        *((one.strict, one.loose, one.top_frame) for one in found), strict=True
    )
    return {
        "fingerprint": CodedColumn(codes, strict).to_arrow(),
        "fingerprint_loose": CodedColumn(codes, loose).to_arrow(),
        "fingerprint_version": pa.array(np.full(len(codes), FINGERPRINT_VERSION, dtype=np.int32)),
        "top_frame": CodedColumn(codes, top_frame).to_arrow(),
    }
