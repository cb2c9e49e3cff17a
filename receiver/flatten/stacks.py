"""The texts of stacks as the store holds them: each distinct one once, without its message.

Where the message stands in a plain place, all stacks are taken apart and compared at once. In any
other it is looked for, and what stands before and after it compared with what is known, so that no
text but a new one is copied or hashed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receiver.fingerprints.stack_text import HEAD_LENGTH, RAISE_LAST, message_place
from receiver.flatten.columns import CodedColumn
from receiver.flatten.stack_attributes import StackAttributes
from receiver.flatten.stack_cuts import Cuts, plain_cuts

_ID_BYTES = 8
_ALIKE_MAX = 8
_LOOK = 160
_NONE, _NOT_PLAIN = -1, -2

_Key = tuple[int, int, str, str]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stack:
    """A text without its message, which stood between `before` and `after`."""

    stacktrace_id: int
    text: str
    before: str
    after: str

    @classmethod
    def of(cls, before: str, after: str) -> "Stack":
        """The stack of these two parts; its id is the first 64 bits of the SHA-256 of the text."""
        text = before + after
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return cls(int.from_bytes(digest[:_ID_BYTES], "big"), text, before, after)


@dataclass(frozen=True, slots=True)
class Stacks:
    """The stack of every exception: its number among the distinct ones, -1 for none, and the offset
    in characters at which its message was cut out, -1 for not at all."""

    distinct: Sequence[Stack]
    codes: npt.NDArray[np.int32]
    message_at: npt.NDArray[np.int32]

    @property
    def texts(self) -> CodedColumn:
        """The texts by exception."""
        return CodedColumn(self.codes, [stack.text for stack in self.distinct])

    def columns(self) -> dict[str, pa.Array]:
        """The columns `stacktrace_id` and `message_at` of the exceptions."""
        ids = np.array([*(stack.stacktrace_id for stack in self.distinct), 0], dtype=np.uint64)
        return {
            "stacktrace_id": pa.array(ids[self.codes], mask=self.codes < 0),
            "message_at": pa.array(self.message_at, mask=self.message_at < 0),
        }

    def table(self) -> pa.Table:
        """The distinct texts, as rows of the table `stacktraces`."""
        return pa.table(
            {
                "stacktrace_id": pa.array([s.stacktrace_id for s in self.distinct], pa.uint64()),
                "stacktrace": pa.array([s.text for s in self.distinct], pa.string()),
            }
        )


class StackReader:
    """Cuts the messages out of many stacks.

    Remembers at most `stacks_max` stacks, of at most `characters_max` characters; of those that
    are as long and look alike around their message, which stands at the same place, the eight
    newest.
    """

    def __init__(self, stacks_max: int = 4_096, characters_max: int = 16 * 1024 * 1024) -> None:
        """Knows no stack yet."""
        self._stacks_max, self._characters_max = stacks_max, characters_max
        self._known: dict[_Key, list[Stack]] = {}
        self._stacks_held = self._characters_held = 0

    def read(self, texts: Iterable[str | None], messages: Iterable[str | None]) -> Stacks:
        """The stacks with these texts, the message of each beside it."""
        found = _Distinct()
        pairs = [self._cut(*pair, found) for pair in zip(texts, messages, strict=True)]
        return found.stacks(_pairs(pairs))

    def read_on_wire(
        self,
        source: StackAttributes,
        rows: _Ints,
        exception_type: CodedColumn,
        message: CodedColumn,
    ) -> Stacks:
        """The stacks of these rows where they came in, class and message of each beside it."""
        cuts = plain_cuts(source, rows, exception_type, message)
        examples, codes = cuts.distinct(source.content, exception_type.codes)
        found = _Distinct()
        plain = [_plain(cuts, row, exception_type.at(row), source, found) for row in examples]
        pairs = _pairs([*plain, (_NOT_PLAIN, _NOT_PLAIN)])[codes]
        rest = np.flatnonzero(pairs[:, 0] == _NOT_PLAIN)
        if len(rest):
            texts, messages = source.texts(rows[rest]), map(message.at, rest.tolist())
            others = [self._cut(*pair, found) for pair in zip(texts, messages, strict=True)]
            pairs[rest] = _pairs(others)
        return found.stacks(pairs)

    def _cut(self, text: str | None, message: str | None, found: "_Distinct") -> tuple[int, int]:
        """The number of a stack, and the offset of its message."""
        if text is None:
            return _NONE, _NONE
        at = message_place(text, message)
        if at is None or message is None:
            return found.number(self._stack(text, 0, 0)), _NONE
        return found.number(self._stack(text, at, at + len(message))), at

    def _stack(self, text: str, at: int, after: int) -> Stack:
        """The known stack that is this text without what stands between two places, or a new
        one."""
        look = at - _LOOK if at > _LOOK else 0
        key = (at, len(text) - after, text[look:at], text[after : after + _LOOK])
        for stack in self._known.get(key, ()):
            if text.startswith(stack.before) and text.endswith(stack.after):
                return stack
        return self._remember(key, Stack.of(text[:at], text[after:]))

    def _remember(self, key: _Key, stack: Stack) -> Stack:
        self._stacks_held += 1
        self._characters_held += len(stack.text)
        if self._stacks_held > self._stacks_max or self._characters_held > self._characters_max:
            self._known.clear()
            self._stacks_held, self._characters_held = 1, len(stack.text)
        alike = self._known.setdefault(key, [])
        alike.insert(0, stack)
        del alike[_ALIKE_MAX:]
        return stack


class _Distinct:
    """The distinct stacks among those that were read, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._found: list[Stack] = []

    def number(self, stack: Stack) -> int:
        number = self._numbers.get(stack.stacktrace_id)
        if number is None:
            number = self._numbers[stack.stacktrace_id] = len(self._found)
            self._found.append(stack)
        return number

    def stacks(self, pairs: npt.NDArray[np.int32]) -> Stacks:
        return Stacks(self._found, pairs[:, 0].copy(), pairs[:, 1].copy())


def _plain(
    cuts: Cuts, row: int, name: str | None, source: StackAttributes, found: _Distinct
) -> tuple[int, int]:
    """Number and offset of the message of all stacks like this one."""
    text = str(source.content[int(cuts.begins[row]) : int(cuts.ends[row])], "utf-8")
    if cuts.last[row]:
        return found.number(Stack.of(text, "\n")), len(text)
    if RAISE_LAST in text[:HEAD_LENGTH]:  # its message is not the first one
        return _NOT_PLAIN, _NOT_PLAIN
    before = f"{name}: "
    return found.number(Stack.of(before, text)), len(before)


def _pairs(pairs: Sequence[tuple[int, int]]) -> npt.NDArray[np.int32]:
    return np.array(pairs, dtype=np.int32).reshape(-1, 2)
