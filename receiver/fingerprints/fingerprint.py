"""The two stable ids of an exception, by which occurrences are one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from receiver.fingerprints.frame import Frame
from receiver.fingerprints.messages.kind import parameterize
from receiver.fingerprints.messages.kinds import MessageKinds
from receiver.fingerprints.place import Place, place, read_chain
from receiver.fingerprints.rules import GroupingRules
from receiver.fingerprints.stack_text import split_message
from receiver.fingerprints.stacktrace import TEXT_LENGTH_MAX as STACK_READ_MAX

# Part of every hash. Raise it when a rule changes what a fingerprint is made of: here, in place,
# message, stacktrace, source_path or a dialect. Stored exceptions are then grouped again.
FINGERPRINT_VERSION: int = 2

NO_RULES = GroupingRules()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two keys of 16 lower-case hex characters each, and the frame that stands for the exception.

    `strict` tells apart messages, `loose` tells apart ways through our code. `top_frame` is
    `module.function` of the in-app frame nearest the raise, of a library's where none is in-app,
    None without a stack.
    """

    strict: str
    loose: str
    top_frame: str | None


def fingerprint(
    exception_type: str | None,
    message: str | None,
    stacktrace: str | None,
    language: str | None,
    rules: GroupingRules = NO_RULES,
) -> Fingerprint:
    """The fingerprint of one recorded exception; never raises, and takes bounded time on any text.

    - strict: type, top in-app frame, parameterised message; the same of each cause
    - loose: type and in-app frames; those of each cause too
    - without an in-app frame, both: type and parameterised message; those of each cause

    `language` is `telemetry.sdk.language`. Where the exception as recorded has no in-app frame, the
    top frame is the first one of its causes. Causes are in the strict key because a wrapper's own
    message and place are often always the same, and what is new is the cause.
    """
    text = split_message(stacktrace, message)[0] if stacktrace else ""
    return fingerprint_of(read_place(exception_type, text, language, rules), message)


def read_place(
    exception_type: str | None, text: str, language: str | None, rules: GroupingRules = NO_RULES
) -> Place:
    """The place in the text of a stack from which the message was cut; '' without a stack."""
    return place(exception_type, read_chain(text, language, rules) if text else [], rules)


def fingerprint_of(found: Place, message: str | None) -> Fingerprint:
    """The fingerprint of an exception raised at this place with this message."""
    said = message or found.said
    return fingerprint_of_kind(found, said, parameterize(said) if said else "")


def fingerprint_of_kind(found: Place, said: str, kind: str) -> Fingerprint:
    """The same for a message whose kind is known; only rules look at the message itself."""
    top_frame = found.top.name if found.top else None
    for rule in found.rules:
        if rule.matches_message(said):
            key = _hash("rule", (rule.made_of(found.type, kind, top_frame or ""),))
            return Fingerprint(key, key, top_frame)
    parts = strict_parts(found, kind)
    loose = _hash("loose", loose_parts(found)) if counts(found) else _hash("loose", parts)
    return Fingerprint(_hash("strict", parts), loose, top_frame)


def fingerprint_of_status(
    error_type: str | None,
    message: str | None,
    where: str | None,
    rules: GroupingRules = NO_RULES,
) -> Fingerprint:
    """The fingerprint of a failed span that recorded no exception: `error.type`, its status
    message, and where: its endpoint, what it called, or its name."""
    kind = parameterize(message) if message else ""
    parts = ((error_type or "")[:200], where or "")
    for rule in rules.keys:
        if rule.matches_status(error_type or "", message or "", where or ""):
            key = _hash("rule", (rule.made_of(parts[0], kind, parts[1]),))
            return Fingerprint(key, key, where)
    return Fingerprint(_hash("status", (*parts, kind)), _hash("status place", parts), where)


def counts(found: Place) -> bool:
    """Whether a frame of the place is in-app, so that frames tell one place from another."""
    return bool(found.frames) or any(cause.frames for cause in found.causes)


def strict_parts(found: Place, kind: str) -> list[str]:
    """What the strict key is made of; `kind` is the parameterised message."""
    parts = [found.type, *_top(found, kind), kind]
    for cause in dict.fromkeys((c.type, c.message, c.frames[:1]) for c in found.causes):
        parts += [cause[0], cause[1], *_names(cause[2])]
    return parts


def loose_parts(found: Place) -> list[str]:
    """What the loose key is made of where a frame is in-app."""
    parts = [found.type, *_names(found.frames)]
    for cause in dict.fromkeys((cause.type, cause.frames) for cause in found.causes):
        parts += [cause[0], *_names(cause[1])]
    return parts


def _top(found: Place, kind: str) -> tuple[str, ...]:
    """The top frame if it counts: in-app, or all that is known besides the type."""
    said = kind or any(cause.message for cause in found.causes)
    if found.top is None or not (found.top.in_app or not said):
        return ()
    return (found.top.module, found.top.function)


def _names(frames: tuple[Frame, ...]) -> Iterable[str]:
    yield str(len(frames))
    for frame in frames:
        yield frame.module
        yield frame.function


def _hash(kind: str, parts: Iterable[str]) -> str:
    """64 bits of BLAKE2b over the parts, each after its length: no two lists look alike."""
    text = "".join([f"{len(part)}:{part}" for part in (str(FINGERPRINT_VERSION), kind, *parts)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Fingerprinter:
    """Makes the fingerprints of many exceptions, reading each distinct stack once.

    Holds at most `places_max` places, read from at most `characters_max` characters.
    `stack_characters` and `message_characters` count what was read so far.
    """

    def __init__(
        self,
        rules: GroupingRules = NO_RULES,
        places_max: int = 4_096,
        characters_max: int = 16 * 1024 * 1024,
    ) -> None:
        """Knows no stack yet."""
        self.rules = rules
        self._places_max = places_max
        self._characters_max = characters_max
        self._characters_held = 0
        self._places: dict[tuple[str | None, str, str | None], Place] = {}
        self.stack_characters = 0
        self._kinds = MessageKinds()

    def fingerprint(
        self,
        exception_type: str | None,
        message: str | None,
        stacktrace: str | None,
        language: str | None,
    ) -> Fingerprint:
        """The same as the function `fingerprint`."""
        text = split_message(stacktrace, message)[0] if stacktrace else ""
        return self.of_place(self.place(exception_type, text, language), message)

    def place(self, exception_type: str | None, text: str, language: str | None) -> Place:
        """The place in the text of a stack from which the message was cut; '' without a stack."""
        key = (exception_type, text, language)
        known = self._places.get(key)
        if known is not None:
            return known
        read = min(len(text), STACK_READ_MAX)
        self.stack_characters += read
        found = read_place(exception_type, text, language, self.rules)
        self._hold(key, found)
        return found

    def of_place(self, found: Place, message: str | None) -> Fingerprint:
        """The fingerprint of an exception raised at this place with this message."""
        said = message or found.said
        return fingerprint_of_kind(found, said, self.kind(said))

    def kind(self, message: str) -> str:
        """The message parameterised; '' of none."""
        return self._kinds.of(message) if message else ""

    @property
    def message_characters(self) -> int:
        """How many characters of messages were read so far."""
        return self._kinds.characters

    def _hold(self, key: tuple[str | None, str, str | None], found: Place) -> None:
        characters = len(key[1])
        self._characters_held += characters
        if len(self._places) >= self._places_max or self._characters_held > self._characters_max:
            self._places.clear()
            self._characters_held = characters
        self._places[key] = found
