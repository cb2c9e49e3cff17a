"""The two stable ids of an exception, by which occurrences are one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.message import TEXT_LENGTH_MAX as MESSAGE_READ_MAX
from receiver.fingerprints.message import parameterize
from receiver.fingerprints.stacktrace import TEXT_LENGTH_MAX as STACK_READ_MAX
from receiver.fingerprints.stacktrace import read

# Part of every hash. Raise it when a rule changes what a fingerprint is made of: here, in message,
# stacktrace, source_path or a dialect.
FINGERPRINT_VERSION: int = 1

TYPE_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two keys of 16 lower-case hex characters each, and the frame that stands for the exception.

    `strict` tells apart messages, `loose` tells apart ways through our code. `top_frame` is
    `module.function` of the in-app frame nearest the raise, None without a stack.
    """

    strict: str
    loose: str
    top_frame: str | None


def fingerprint(
    exception_type: str | None, message: str | None, stacktrace: str | None, language: str | None
) -> Fingerprint:
    """The fingerprint of one recorded exception; never raises, and takes bounded time on any text.

    - strict: type, top in-app frame, parameterised message, and the types of its causes
    - loose: type and in-app frames; those of each cause too
    - without a stack, both: type and parameterised message

    `language` is `telemetry.sdk.language`. Where the exception as recorded has no in-app frame, the
    top frame is the first one of its causes; where nothing in the chain is in-app, every frame
    counts as such. The types of causes are in the strict key because a wrapper's own message and
    place are often always the same, and what is new is the cause.
    """
    chain = read(stacktrace, language) if stacktrace else []
    return _of_place(_place(exception_type, _in_app(chain)), message)


@dataclass(frozen=True, slots=True)
class _Place:
    """All of an exception but its message. `top_frame` is None where no frame is known; `loose`
    then depends on the message."""

    recorded_type: str
    top: tuple[str, ...]
    causes: tuple[str, ...]
    loose: str | None
    top_frame: str | None


class Fingerprinter:
    """Makes the fingerprints of many exceptions, reading each distinct stack once.

    In the text of a stack the message stands after the type, `KeyError: 'x'`. Texts that differ
    only there have the same frames, so an id in every message does not make every stack distinct.
    Holds at most `stacks_max` stacks, made of at most `characters_max` characters, by the hash of
    their text. `stack_characters` and `message_characters` count what was read so far.
    """

    def __init__(self, stacks_max: int = 4_096, characters_max: int = 16 * 1024 * 1024) -> None:
        """Knows no stack yet."""
        self._stacks_max = stacks_max
        self._characters_max = characters_max
        self._characters_held = 0
        self._places: dict[str, _Place] = {}
        self.stack_characters = 0
        self.message_characters = 0

    def fingerprint(
        self,
        exception_type: str | None,
        message: str | None,
        stacktrace: str | None,
        language: str | None,
    ) -> Fingerprint:
        """The same as the function `fingerprint`."""
        self.message_characters += min(len(message or ""), MESSAGE_READ_MAX)
        if not stacktrace:
            return _of_place(_place(exception_type, []), message)
        parts = (exception_type or "", _without_message(stacktrace, message))
        key = _hash(language or "", parts)
        place = self._places.get(key)
        if place is None:
            place = _place(exception_type, _in_app(read(stacktrace, language)))
            self._hold(key, place, min(len(stacktrace), STACK_READ_MAX))
        return _of_place(place, message)

    def _hold(self, key: str, place: _Place, characters: int) -> None:
        self.stack_characters += characters
        self._characters_held += characters
        if len(self._places) >= self._stacks_max or self._characters_held > self._characters_max:
            self._places.clear()
            self._characters_held = characters
        self._places[key] = place


def _without_message(stacktrace: str, message: str | None) -> str:
    """The text without a message of one line; a longer one may hold lines that look like frames."""
    if not message or "\n" in message:
        return stacktrace
    for before in (": ", ": '", ': "'):  # Python quotes the message of a KeyError
        stacktrace = stacktrace.replace(before + message, before)
    return stacktrace


def _place(exception_type: str | None, chain: list[Raised]) -> _Place:
    recorded = exception_type or (chain[0].type if chain else None) or ""
    recorded = recorded[:TYPE_LENGTH_MAX]
    top = next((frame for raised in chain for frame in raised.frames), None)
    if top is None:
        return _Place(recorded, (), (), None, None)
    causes = tuple(dict.fromkeys(raised.type or "" for raised in chain[1:]))
    name = f"{top.module}.{top.function}" if top.module else top.function
    loose = _hash("loose", (recorded, *_path(chain)))
    return _Place(recorded, (top.module, top.function), causes, loose, name)


def _of_place(place: _Place, message: str | None) -> Fingerprint:
    parameterised = parameterize(message) if message else ""
    parts = (place.recorded_type, *place.top, parameterised, *place.causes)
    loose = place.loose or _hash("loose", parts)
    return Fingerprint(_hash("strict", parts), loose, place.top_frame)


def _in_app(chain: list[Raised]) -> list[Raised]:
    """The chain with in-app frames only, or as it is where it has none."""
    ours = [Raised(raised.type, tuple(f for f in raised.frames if f.in_app)) for raised in chain]
    return ours if any(raised.frames for raised in ours) else chain


def _path(chain: list[Raised]) -> Iterable[str]:
    """Types and frames of a chain as parts of a hash; a cause that recurs counts once."""
    yield from _names(chain[0].frames)
    for raised in dict.fromkeys(chain[1:]):
        yield raised.type or ""
        yield from _names(raised.frames)


def _names(frames: tuple[Frame, ...]) -> Iterable[str]:
    yield str(len(frames))
    for frame in frames:
        yield frame.module
        yield frame.function


def _hash(kind: str, parts: Iterable[str]) -> str:
    """64 bits of BLAKE2b over the parts, each after its length: no two lists look alike."""
    text = "".join([f"{len(part)}:{part}" for part in (str(FINGERPRINT_VERSION), kind, *parts)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
