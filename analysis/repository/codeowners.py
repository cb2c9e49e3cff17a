"""Owners of files, from the CODEOWNERS file of a revision, as GitHub or as GitLab reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from analysis.repository import codeowners_github, codeowners_gitlab
from analysis.repository.git_command import Git
from analysis.repository.tracked_files import TrackedFiles

# A larger file is not loaded by GitHub: docs.github.com, "About code owners".
FILE_BYTES_MAX = 3 * 1024 * 1024
# Where each looks, in its order; only the first file that is there counts.
GITHUB_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
GITLAB_PLACES = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
GITHUB, GITLAB = "github", "gitlab"


class Owning(Protocol):
    """Says who owns a file."""

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners of a file, as they are written; empty when it has none."""


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """The rules of a repository, None without a file that can be used."""

    rules: Owning | None
    caveats: tuple[str, ...] = ()

    def by_weight(self, files: Mapping[str, float]) -> tuple[str, ...]:
        """The owners of these files, those of the heaviest first; each has the sum of its files."""
        weights: dict[str, float] = {}
        for path, weight in files.items():
            for owner in self.rules.owners(path) if self.rules else ():
                weights[owner] = weights.get(owner, 0.0) + weight
        return tuple(sorted(weights, key=lambda owner: (-weights[owner], owner)))


def code_owners(git: Git, revision: str, files: TrackedFiles, form: str | None) -> CodeOwners:
    """The rules at a revision; `form` is github, gitlab, or None to tell by the repository."""
    form = form or _form(files.paths)
    places = GITLAB_PLACES if form == GITLAB else GITHUB_PLACES
    path = next((one for one in places if one in files.paths), None)
    if path is None:
        return CodeOwners(None)
    content = git.blob(revision, path, FILE_BYTES_MAX)
    if content is None:
        return CodeOwners(None, (f"{path} is larger than 3 MB; GitHub does not load it either.",))
    lines = content.decode("utf-8", "replace").splitlines()
    if form is None:
        form = GITLAB if codeowners_gitlab.has_sections(lines) else GITHUB
    return CodeOwners(_read(form, lines))


def _form(paths: frozenset[str]) -> str | None:
    """By what else is tracked; None where both or neither is there."""
    gitlab = ".gitlab-ci.yml" in paths or any(one.startswith(".gitlab/") for one in paths)
    github = any(one.startswith(".github/") for one in paths)
    if gitlab == github:
        return None
    return GITLAB if gitlab else GITHUB


def _read(form: str, lines: Sequence[str]) -> Owning:
    if form == GITLAB:
        return codeowners_gitlab.read(lines)
    return codeowners_github.read(lines)
