"""How strongly a commit is suspected, from 0 to 1.

    score(c) = docs(c) * sum over frames f of weight(f) * overlap(c, f) / sum over f of weight(f)

`weight` is that of failing_frames; frames that are in no file of the repository do not count.
`overlap` is the largest that holds: the commit wrote the line of the frame (1), removed lines
within three of it (0.8), wrote a line within three of it (0.6), changed the file (0.3), changed
code in the same folder (0.05). `docs` is 0.1 for a commit that touches only documents and tests,
else 1.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.repository.commits import Commit, Commits
from analysis.repository.file_kind import is_document_or_test
from analysis.repository.located_frames import LocatedFrame
from analysis.repository.revisions import short
from analysis.verdict.check import Suspect

WROTE_LINE, REMOVED_NEAR, WROTE_NEAR, CHANGED_FILE, SAME_FOLDER = 1.0, 0.8, 0.6, 0.3, 0.05
ONLY_DOCUMENTS = 0.1
SUSPECTS_MAX = 10
FILES_SHOWN_MAX = 20
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """What blame found of one frame: the commit of its line, of lines around, of removed ones."""

    frame: LocatedFrame
    line: str | None = None
    near: Collection[str] = field(default_factory=frozenset)
    removed: Collection[str] = field(default_factory=frozenset)


def suspects(
    commits: Commits, overlaps: Sequence[Overlap], ignored: Collection[str]
) -> tuple[Suspect, ...]:
    """The commits with a score, the highest first, then the newest; `ignored` ones are none."""
    total = sum(one.frame.weight for one in overlaps)
    if not total:
        return ()
    scored = []
    for commit in commits.newest_first:
        if commit.id in ignored:
            continue
        files = _files(commit, commits)
        score = sum(one.frame.weight * _overlap(commit, one, files) for one in overlaps) / total
        if commit.touched and all(map(is_document_or_test, files)):
            score *= ONLY_DOCUMENTS
        if round(score, _DIGITS) > 0:
            scored.append((round(score, _DIGITS), commit))
    scored.sort(key=lambda one: (-one[0], -one[1].committed_at, one[1].place))
    weights = _weights(overlaps)
    return tuple(
        _suspect(commit, score, commits, weights) for score, commit in scored[:SUSPECTS_MAX]
    )


def _files(commit: Commit, commits: Commits) -> frozenset[str]:
    """The files that the commit touched, by their paths now."""
    return frozenset(commits.path_now(one.path) for one in commit.touched)


def _overlap(commit: Commit, one: Overlap, files: Collection[str]) -> float:
    if commit.id == one.line:
        return WROTE_LINE
    if commit.id in one.removed:
        return REMOVED_NEAR
    if commit.id in one.near:
        return WROTE_NEAR
    if commit.is_merge:  # files of a merge are those of the commits that it merges
        return 0.0
    if one.frame.path in files:
        return CHANGED_FILE
    folder = one.frame.path.rpartition("/")[0]
    beside = (path for path in files if path.rpartition("/")[0] == folder and folder)
    return SAME_FOLDER if any(not is_document_or_test(path) for path in beside) else 0.0


def _weights(overlaps: Sequence[Overlap]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for one in overlaps:
        weights[one.frame.path] = weights.get(one.frame.path, 0.0) + one.frame.weight
    return weights


def _suspect(
    commit: Commit, score: float, commits: Commits, weights: Mapping[str, float]
) -> Suspect:
    """The commit as it is shown: its files in stack traces first."""
    files = sorted(_files(commit, commits), key=lambda path: (-weights.get(path, 0.0), path))
    return Suspect(
        short(commit.id), commit.author, commit.summary, tuple(files[:FILES_SHOWN_MAX]), score
    )
