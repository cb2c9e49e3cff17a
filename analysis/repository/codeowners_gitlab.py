"""CODEOWNERS as GitLab reads it: sections, default owners, exclusions, patterns of fnmatch.

docs.gitlab.com, "Syntax of CODEOWNERS file" and "Advanced CODEOWNERS configuration": each section
has its own last rule that fits, and a file has the owners of all sections. Entries before the first
section are one without a name. Sections of one name, upper or lower case, are one. Patterns that do
not begin with `/` fit at any depth; one that ends in `/` means all below. Comments only begin a
line; owners in a comment behind a rule count.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analysis.repository.path_glob import PathGlob

_SECTION = re.compile(r"\^?\[([^\]]+)\](?:\[([0-9]+)\])?(?:\s+(.*))?")
_OWNER = re.compile(r"@{1,2}[\w][\w./-]*|[^@\s]+@[^@\s]+\.[^@\s]+")
_SPACE = re.compile(r"(?<!\\)\s+")
_RULES_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and its owners; `excluded` takes files out of the section."""

    pattern: PathGlob
    owners: tuple[str, ...]
    excluded: bool = False


@dataclass(slots=True)
class Section:
    """The entries of a section in order, and the owners of entries that name none."""

    default: tuple[str, ...] = ()
    rules: list[Rule] = field(default_factory=list)

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners of a file in this section; an exclusion cannot be taken back."""
        fitting = [rule for rule in self.rules if rule.pattern.fits(path)]
        if not fitting or any(rule.excluded for rule in fitting):
            return ()
        return fitting[-1].owners or self.default


@dataclass(frozen=True, slots=True)
class GitLabOwners:
    """The sections in the order of the file, the one without a name first."""

    sections: tuple[Section, ...]

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners of a file in all sections."""
        found = (owner for section in self.sections for owner in section.owners(path))
        return tuple(dict.fromkeys(found))


def has_sections(lines: Sequence[str]) -> bool:
    """Whether only GitLab can be meant."""
    return any(_SECTION.fullmatch(line.strip()) for line in lines)


def read(lines: Sequence[str]) -> GitLabOwners:
    """The rules of a file; lines that make no sense are skipped, as GitLab does."""
    current = Section()
    sections = {"": current}
    for line in lines[:_RULES_MAX]:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if heading := _SECTION.fullmatch(text):
            current = sections.setdefault(heading[1].strip().lower(), Section())
            current.default = tuple(_owners(heading[3] or "")) or current.default
        else:
            current.rules.append(_rule(text))
    return GitLabOwners(tuple(sections.values()))


def _rule(text: str) -> Rule:
    pattern, _, owners = (_SPACE.sub("\0", text, count=1)).partition("\0")
    excluded = pattern.startswith("!")
    return Rule(_glob(pattern.removeprefix("!")), tuple(_owners(owners)), excluded)


def _owners(text: str) -> Iterator[str]:
    return (one for one in text.split() if _OWNER.fullmatch(one))


def _glob(pattern: str) -> PathGlob:
    """The pattern made absolute, as GitLab does before it asks fnmatch."""
    if pattern.startswith("\\#"):
        pattern = pattern[1:]
    pattern = pattern[1:] if pattern.startswith("/") else f"**/{pattern}"
    return PathGlob.of(pattern + "**/*" if pattern.endswith("/") else pattern)
