"""One pattern of `.gitignore`, `.gitattributes` or CODEOWNERS; none that takes long to match."""

from pathspec import GitIgnoreSpec

# Patterns become regular expressions that go back at each star; nobody writes more than these.
_LENGTH_MAX = 1_000
_STARS_MAX = 3
_DEEP_MAX = 2


def git_pattern(pattern: str) -> GitIgnoreSpec | None:
    """The pattern, None when it is none, or has so many stars that matching may take for ever."""
    deep = pattern.removesuffix("**").count("**")
    stars = (part.count("*") for part in pattern.split("/") if part != "**")
    if len(pattern) > _LENGTH_MAX or deep > _DEEP_MAX or max(stars, default=0) > _STARS_MAX:
        return None
    try:
        return GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return None
