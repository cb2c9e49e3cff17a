"""Patterns of paths as `fnmatch` reads them when `*` stops at a slash, in time that is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass

STAR, ANY = object(), object()
_SEGMENTS_MAX = 100
_LENGTH_MAX = 4_096

# A character, a set of characters (True: none of them), or one of the marks above.
Token = object


@dataclass(frozen=True, slots=True)
class PathGlob:
    """A pattern by segments; None stands for `**/`, which is any number of folders, also none."""

    segments: tuple[tuple[Token, ...] | None, ...]

    @classmethod
    def of(cls, pattern: str) -> "PathGlob":
        """The pattern, from the top of the repository, without a slash before it; one that is
        longer than any path fits nothing."""
        parts = pattern.split("/")
        if len(pattern) > _LENGTH_MAX or len(parts) > _SEGMENTS_MAX:
            return cls(())
        return cls(
            tuple(
                None if part == "**" and at < len(parts) - 1 else _tokens(part)
                for at, part in enumerate(parts)
            )
        )

    def fits(self, path: str) -> bool:
        """Whether the whole path is meant."""
        names = path.split("/")
        reached = {0}
        for segment in self.segments:
            if not reached:
                return False
            if segment is None:
                reached = set(range(min(reached), len(names)))
            else:
                reached = {
                    at + 1 for at in reached if at < len(names) and _fits(segment, names[at])
                }
        return len(names) in reached


def _tokens(part: str) -> tuple[Token, ...]:
    found: list[Token] = []
    at = 0
    while at < len(part):
        character = part[at]
        end = part.find("]", at + 2) if character == "[" else -1
        if character == "*":
            if not found or found[-1] is not STAR:
                found.append(STAR)
        elif character == "?":
            found.append(ANY)
        elif end > 0:
            inside = part[at + 1 : end]
            denied = inside[0] in "!^"
            found.append((denied, _characters(inside[denied:])))
            at = end
        else:
            if character == "\\" and at + 1 < len(part):
                at += 1
            found.append(part[at])
        at += 1
    return tuple(found)


def _characters(inside: str) -> frozenset[str]:
    found: set[str] = set()
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            first, last = ord(inside[at]), ord(inside[at + 2])
            found.update(chr(one) for one in range(first, min(last, first + 1_000) + 1))
            at += 3
        else:
            found.add(inside[at])
            at += 1
    return frozenset(found)


def _fits(tokens: Sequence[Token], name: str) -> bool:
    """Whether a segment fits; goes back to the last star only, so time is a product of lengths."""
    token, at = 0, 0
    star, star_at = -1, 0
    while at < len(name):
        if token < len(tokens) and tokens[token] is STAR:
            star, star_at = token, at
            token += 1
        elif token < len(tokens) and _one_fits(tokens[token], name[at]):
            token, at = token + 1, at + 1
        elif star >= 0:
            star_at += 1
            token, at = star + 1, star_at
        else:
            return False
    return all(one is STAR for one in tokens[token:])


def _one_fits(token: Token, character: str) -> bool:
    if isinstance(token, tuple):
        return bool(token[0]) != (character in token[1])
    return token is ANY or token == character
