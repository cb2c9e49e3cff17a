"""CODEOWNERS as GitHub reads it: patterns of .gitignore without `!`, `[ ]` and `\\#`.

docs.github.com, "About code owners": the last pattern that fits wins, also one without owners; a
line with an error is skipped; `docs/*` does not reach into folders below; paths are case sensitive.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from analysis.repository.git_pattern import git_pattern

_OWNER = re.compile(r"@[A-Za-z0-9](?:[\w-]*)(?:/[\w.-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+")
_SPACE = re.compile(r"(?<!\\)\s+")
_RULES_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and its owners; none for files that nobody owns. `direct`: it ends in `/*`, and
    fits files of its folder but not those of folders below."""

    spec: GitIgnoreSpec
    direct: int | None
    owners: tuple[str, ...]

    def fits(self, path: str) -> bool:
        """Whether the file is meant."""
        if self.direct is not None and path.count("/") != self.direct:
            return False
        return self.spec.match_file(path)


@dataclass(frozen=True, slots=True)
class GitHubOwners:
    """The rules, the last one first."""

    rules: tuple[Rule, ...]

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners of a file; those of the last rule that fits."""
        return next((rule.owners for rule in self.rules if rule.fits(path)), ())


def read(lines: Sequence[str]) -> GitHubOwners:
    """The rules of a file, without the lines that GitHub skips."""
    found = (_rule(line) for line in lines[:_RULES_MAX])
    return GitHubOwners(tuple(reversed([rule for rule in found if rule is not None])))


def _rule(line: str) -> Rule | None:
    text = line.strip()
    if not text or text.startswith(("#", "!", "\\#")):
        return None
    pattern, *owners = _SPACE.split(text)
    comment = next((at for at, word in enumerate(owners) if word.startswith("#")), len(owners))
    owners = owners[:comment]
    if "[" in pattern or "]" in pattern or not all(_OWNER.fullmatch(one) for one in owners):
        return None
    spec = git_pattern(pattern)
    return None if spec is None else Rule(spec, _depth(pattern), tuple(owners))


def _depth(pattern: str) -> int | None:
    """Of `docs/*`, how many folders lie above the files that are meant; None of other patterns."""
    folder = pattern.lstrip("/")
    if not folder.endswith("/*") or "**" in folder:
        return None if pattern != "/*" else 0
    return folder.count("/")
