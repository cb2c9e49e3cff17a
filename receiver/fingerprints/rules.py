"""What the owners of the code say about grouping, over what is known of languages and libraries."""

import fnmatch
import hashlib
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property

from receiver.fingerprints.frame import Frame

# What a key may be made of besides its own text.
PLACEHOLDERS = ("type", "message", "top_frame")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


@dataclass(frozen=True, slots=True)
class KeyRule:
    """Exceptions that are one group whatever their stack and message, or are so but for parts.

    `type` and `message` are globs over the whole text, `frame` over the `module.function` or the
    file of any in-app frame, for a failed span without an exception over its endpoint, what it
    called, or its name; None matches everything. `key` names the group; `{type}`, `{message}`
    (parameterised) and `{top_frame}` in it stand for those of the exception.
    """

    key: str
    type: str | None = None
    message: str | None = None
    frame: str | None = None

    def matches_place(self, exception_type: str, frames: Sequence[Frame]) -> bool:
        """Whether the class and one of the in-app frames fit."""
        if self.type is not None and not fnmatch.fnmatchcase(exception_type, self.type):
            return False
        return self.frame is None or any(_matches(frame, self.frame) for frame in frames)

    def matches_status(self, error_type: str, message: str, where: str) -> bool:
        """Whether a failed span that recorded no exception fits."""
        asked = ((self.type, error_type), (self.message, message), (self.frame, where))
        return all(glob is None or fnmatch.fnmatchcase(text, glob) for glob, text in asked)

    def matches_message(self, message: str) -> bool:
        """Whether the message as it was recorded fits."""
        return self.message is None or fnmatch.fnmatchcase(message, self.message)

    def made_of(self, exception_type: str, message: str, top_frame: str) -> str:
        """The key with its placeholders filled."""
        values = {"type": exception_type, "message": message, "top_frame": top_frame}
        return _PLACEHOLDER.sub(lambda match: values[match[1]], self.key)


@dataclass(frozen=True)
class GroupingRules:
    """Globs over `module.function`, `module` or file of what is our own code and what is not; keys.

    What is named as not in-app is not, also when `in_app` names it. Of the keys the first that
    matches counts.
    """

    in_app: tuple[str, ...] = ()
    not_in_app: tuple[str, ...] = ()
    keys: tuple[KeyRule, ...] = field(default=())

    @cached_property
    def digest(self) -> str:
        """16 hex characters that change with any rule; '' without rules."""
        if self == GroupingRules():
            return ""
        text = repr(astuple(self)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=8).hexdigest()

    def judged(self, frame: Frame) -> Frame:
        """The frame as these rules see it."""
        for patterns, in_app in ((self.not_in_app, False), (self.in_app, True)):
            for pattern in patterns:
                if _matches(frame, pattern):
                    word = "in_app" if in_app else "not_in_app"
                    return frame._replace(in_app=in_app, reason=f"rule {word}: {pattern}")
        return frame


def _matches(frame: Frame, pattern: str) -> bool:
    names = (frame.name, frame.module, (frame.file or "").replace("\\", "/"))
    return any(fnmatch.fnmatchcase(name, pattern) for name in names if name)
