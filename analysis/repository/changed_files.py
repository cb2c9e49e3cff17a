"""The files that a deployment changed besides its code, and those in failing stacks."""

from collections.abc import Collection, Iterator

from analysis.repository.commits import Commits
from analysis.repository.file_kind import DEPENDENCY, file_kind
from analysis.repository.git_command import Git, GitFailed
from analysis.repository.package_changes import package_changes
from analysis.repository.revisions import CommitRange, short
from analysis.repository.suspicion_contents import ChangedFile
from analysis.repository.tracked_files import TrackedFiles

CODE_IN_STACK = "code-in-stack"
CHANGED_MAX = 200
COMMITS_SHOWN_MAX = 10
_DETAILED_MAX = 20
_DIFF_BYTES_MAX = 256 * 1024
_ORDER = (CODE_IN_STACK, "migration", "config", DEPENDENCY, "build")


def changed_files(
    git: Git,
    between: CommitRange,
    commits: Commits,
    files: TrackedFiles,
    in_stack: Collection[str],
) -> tuple[tuple[ChangedFile, ...], tuple[str, ...]]:
    """What differs between both ends, by kind and path, and what was left out."""
    by_path = commits.by_path()
    found = []
    for path in _paths(git, between):
        kind = CODE_IN_STACK if path in in_stack else file_kind(path)
        if kind is not None and not files.is_vendored(path):
            found.append((_ORDER.index(kind), path, kind))
    found.sort()
    caveats: tuple[str, ...] = ()
    if len(found) > CHANGED_MAX:
        caveats = (f"{len(found) - CHANGED_MAX:,} more files changed than are listed.",)
    shown = []
    detailed = 0
    for _, path, kind in found[:CHANGED_MAX]:
        details: tuple[str, ...] = ()
        if kind == DEPENDENCY and detailed < _DETAILED_MAX:
            detailed += 1
            details = package_changes(path, _diff(git, between, path))
        touching = by_path.get(path, [])[:COMMITS_SHOWN_MAX]
        shown.append(ChangedFile(path, kind, tuple(short(one.id) for one in touching), details))
    return tuple(shown), caveats


def _paths(git: Git, between: CommitRange) -> list[str]:
    """Every path that differs; a renamed file by its new one, a removed one by its old."""
    return git.names(
        "diff-tree", "-r", "-z", "--no-renames", "--name-only", "--no-ext-diff",
        between.start, between.candidate, "--",
    )  # fmt: skip


def _diff(git: Git, between: CommitRange, path: str) -> Iterator[str]:
    try:
        answer = git.run(
            "diff-tree", "-p", "-r", "-U2", "--no-ext-diff", "--no-textconv", "--no-color",
            between.start, between.candidate, "--", path, bytes_max=_DIFF_BYTES_MAX,
        )  # fmt: skip
    except GitFailed:
        return iter(())
    return iter(answer.decode("utf-8", "replace").splitlines())
