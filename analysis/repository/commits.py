"""The commits of a range, the newest first, with the files that each touched."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.repository.git_command import Git
from analysis.repository.revisions import CommitRange

COMMITS_MAX = 5_000
PATHS_MAX = 200_000
# Renames are looked for among this many files at most; the cost is quadratic.
_RENAMES_MAX = 400
_FIELDS = ("%H", "%P", "%ct", "%an", "%s")
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
RENAMES = ("-M", f"-l{_RENAMES_MAX}")


@dataclass(frozen=True, slots=True)
class Touched:
    """A file that a commit changed. `before` is its path before, where it was renamed; `status` is
    git's letter: A, M, D, R, C, T; of a merge one letter for each parent."""

    path: str
    status: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the range. `place` counts from the newest; `committed_at` is unix seconds.

    `touched` of a merge are files that differ from every parent: conflicts, and what was changed in
    both. Whether the merge itself changed a line in them is for blame to say.
    """

    id: str
    author: str
    summary: str
    committed_at: int
    is_merge: bool
    place: int
    touched: tuple[Touched, ...] = ()


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits of a range. `now` leads from a path at any commit to the path at its end."""

    newest_first: tuple[Commit, ...]
    now: Mapping[str, str] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()

    def by_path(self) -> dict[str, list[Commit]]:
        """The commits that touched a file, by its path at the end of the range; the newest first.
        Merges are left out: they carry what others changed."""
        found: dict[str, list[Commit]] = {}
        for commit in self.newest_first:
            if commit.is_merge:
                continue
            for path in dict.fromkeys(self.path_now(one.path) for one in commit.touched):
                found.setdefault(path, []).append(commit)
        return found

    def path_now(self, path: str) -> str:
        """The path that a file has at the end of the range."""
        return self.now.get(path, path)

    def names_of(self, path: str) -> tuple[str, ...]:
        """All paths that a file of the end had in the range, its own first."""
        return (path, *(old for old, now in self.now.items() if now == path and old != path))


def commits_of(git: Git, between: CommitRange) -> Commits:
    """The commits that lead to the candidate and not to the baseline, at most COMMITS_MAX."""
    heads = list(_heads(git, between))
    caveats: tuple[str, ...] = ()
    if len(heads) > COMMITS_MAX:
        heads = heads[:COMMITS_MAX]
        caveats = (f"More than {COMMITS_MAX:,} commits were deployed; the newest were read.",)
    touched, whole = _touched(git, heads)
    if not whole:
        caveats += (f"The commits touch more than {PATHS_MAX:,} files; the rest was not read.",)
    found = tuple(
        Commit(one.id, one.author, one.summary, one.committed_at, one.is_merge, one.place, files)
        for one in heads
        if (files := touched.get(one.id, ())) is not None
    )
    return Commits(found, _renamed(found), caveats)


def _heads(git: Git, between: CommitRange) -> Iterator[Commit]:
    fields = git.names(
        "log", "-z", "--topo-order", "--no-show-signature", "--no-patch", "--no-notes",
        f"--max-count={COMMITS_MAX + 1}", "--format=tformat:" + "%x00".join(_FIELDS),
        "--end-of-options", between.text, "--",
    )  # fmt: skip
    rows = zip(*[iter(fields)] * len(_FIELDS), strict=False)
    for place, (commit, parents, time, author, summary) in enumerate(rows):
        yield Commit(
            id=commit,
            author=author,
            summary=summary,
            committed_at=int(time or 0),
            is_merge=len(parents.split()) > 1,
            place=place,
        )


def _touched(git: Git, heads: Sequence[Commit]) -> tuple[dict[str, tuple[Touched, ...]], bool]:
    """The files by commit, and whether that is all of them."""
    ids = "".join(f"{one.id}\n" for one in heads)
    fields = iter(
        git.names(
            "diff-tree", "--stdin", "-z", "-r", "-c", "--root", "--name-status", "--no-ext-diff",
            *RENAMES, sent=ids,
        )
    )  # fmt: skip
    found: dict[str, list[Touched]] = {}
    current: list[Touched] = []
    for count, word in enumerate(fields):
        if count > PATHS_MAX:
            return {commit: tuple(files) for commit, files in found.items()}, False
        if _ID.fullmatch(word):
            current = found.setdefault(word, [])
        elif word[:1] in ("R", "C") and word[1:].isdigit():
            before, path = next(fields), next(fields)
            current.append(Touched(path, word[0], before if word[0] == "R" else None))
        else:
            current.append(Touched(next(fields), word))
    return {commit: tuple(files) for commit, files in found.items()}, True


def _renamed(newest_first: Sequence[Commit]) -> dict[str, str]:
    now: dict[str, str] = {}
    for commit in newest_first:
        for one in commit.touched:
            if one.before is not None and one.before not in now:
                now[one.before] = now.get(one.path, one.path)
    return now
