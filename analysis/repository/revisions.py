"""The two revisions that were deployed, as commits of a checkout, and what lies between them."""

import re
from dataclasses import dataclass

from analysis.repository.git_command import Git, GitFailed, RepositoryError
from analysis.safe_text import shortened, shown

HOW_TO_SEND = (
    "send it as the resource attribute vcs.ref.head.revision, or tell it when you deploy:"
    " deploylens mark SERVICE VERSION --commit REVISION --previous-commit REVISION"
)
NOT_FETCHED = (
    "Fetch it: git fetch origin --tags. If a force-push or a squash replaced it, nobody may have it"
    " any more; if another repository was deployed, name that with --repo."
)
_NAME_LENGTH_MAX = 250
_SHORT_LENGTH = 10
# A commit, a tag or a branch by its plain name; nothing that git would search or count for.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")
_SEARCHING = ("..", "@{", "//", "/.", ".lock/")


@dataclass(frozen=True, slots=True)
class CommitRange:
    """`start` to `candidate`, both full commit ids; `start` is not part of it.

    `start` is the baseline, or the merge base where the baseline is no ancestor. `caveats` say so.
    """

    start: str
    candidate: str
    caveats: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As git takes it."""
        return f"{self.start}..{self.candidate}"


def commit_range(git: Git, baseline: str | None, candidate: str | None) -> CommitRange:
    """The range between two revisions as they were sent; raises RepositoryError: one is missing
    from what was sent or from the checkout, or the checkout does not reach back to both."""
    if not candidate:
        raise RepositoryError(f"The candidate's commit is not known: {HOW_TO_SEND}.")
    if not baseline:
        raise RepositoryError(
            f"The baseline's commit is not known, so no commit can be suspected: {HOW_TO_SEND}."
        )
    new, old = commit_of(git, candidate, "candidate"), commit_of(git, baseline, "baseline")
    found = _between(git, old, new)
    if (missing := _cut_off(git, found)) is not None:
        raise RepositoryError(
            f"The history of {git.folder} is cut off between baseline and candidate"
            f" (at {short(missing)}). {_shallow(git)}"
        )
    return found


def commit_of(git: Git, revision: str, side: str) -> str:
    """The full id of the commit that a revision names; raises RepositoryError."""
    seen = shortened(shown(revision), 80)
    plain = _PLAIN.fullmatch(revision) and len(revision) <= _NAME_LENGTH_MAX
    searching = any(one in revision for one in _SEARCHING) or revision.endswith("HEAD")
    if not plain or searching:
        raise RepositoryError(
            f"The {side}'s revision {seen!r} is no commit id, tag or branch: {HOW_TO_SEND}."
        )
    try:
        return git.text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
    except GitFailed:
        why = _shallow(git) if is_shallow(git) else NOT_FETCHED
        raise RepositoryError(
            f"The {side}'s revision {seen} is not in {git.folder}. {why}"
        ) from None


def tagged(git: Git, service: str, version: str) -> str | None:
    """The tag of a version: 1.4.0, v1.4.0, shop-1.4.0, shop@1.4.0, shop/v1.4.0; None if none."""
    beside = [f"{service}{joiner}" for joiner in ("@", "-", "/", "_")]
    names = [f"{before}{v}{version}" for before in ("", *beside) for v in ("", "v")]
    return next((name for name in names if _is_tag(git, name)), None)


def short(commit: str) -> str:
    """The beginning of a commit id, as people write it."""
    return commit[:_SHORT_LENGTH]


def is_shallow(git: Git) -> bool:
    """Whether the clone was cut off: `--depth`, or `fetch-depth` of a pipeline."""
    return git.text("rev-parse", "--is-shallow-repository") == "true"


def _is_tag(git: Git, name: str) -> bool:
    if not _PLAIN.fullmatch(name) or any(one in name for one in _SEARCHING):
        return False
    tag = f"refs/tags/{name}^{{commit}}"
    try:
        return bool(git.text("rev-parse", "--verify", "--quiet", "--end-of-options", tag))
    except GitFailed:
        return False


def _between(git: Git, old: str, new: str) -> CommitRange:
    try:
        base = git.text("merge-base", "--end-of-options", old, new)
    except GitFailed:
        why = _shallow(git) if is_shallow(git) else "They have no common history."
        raise RepositoryError(
            f"Baseline {short(old)} and candidate {short(new)} have no commit in common in"
            f" {git.folder}. {why}"
        ) from None
    if old == new:
        said = f"Baseline and candidate are the same commit {short(new)}: no commit was deployed."
    elif base == new:
        gone = git.text("rev-list", "--count", f"{new}..{old}", "--")
        said = (
            f"The candidate {short(new)} is older than the baseline {short(old)}: a roll back. It"
            f" brought no commit, and took {gone} away."
        )
    elif base != old:
        gone = git.text("rev-list", "--count", f"{base}..{old}", "--")
        said = (
            f"The baseline {short(old)} is no ancestor of the candidate {short(new)}: commits are"
            f" counted from where they parted, {short(base)}. The {gone} that only the baseline has"
            " were taken away by this deployment and are not listed."
        )
    else:
        return CommitRange(old, new)
    return CommitRange(base, new, (said,))


def _cut_off(git: Git, found: CommitRange) -> str | None:
    """A commit of the range of which the clone has no parents, None without one."""
    if not is_shallow(git):
        return None
    ends = _boundary(git)
    inside = git.text("rev-list", "--max-count=100000", found.text, "--").split()
    return next((commit for commit in inside if commit in ends), None)


def _boundary(git: Git) -> frozenset[str]:
    file = git.folder / git.text("rev-parse", "--git-path", "shallow")
    try:
        return frozenset(file.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return frozenset()


def _shallow(git: Git) -> str:
    depth = git.text("rev-list", "--count", "--max-count=100000", "HEAD", "--")
    return (
        f"It is a shallow clone of {depth} commit{'' if depth == '1' else 's'}. Run `git fetch"
        " --unshallow --tags` in it; with actions/checkout set `fetch-depth: 0`, with GitLab CI"
        " `GIT_DEPTH: 0`."
    )
