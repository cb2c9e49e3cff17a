"""Who and what is suspected: commits, owners and changed files between two revisions."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from analysis.repository.blame import CONTEXT_LINES, blamed, ignored_commits, removals, removed_by
from analysis.repository.changed_files import changed_files
from analysis.repository.codeowners import code_owners
from analysis.repository.commits import Commits, commits_of
from analysis.repository.failing_frames import FailingFrame
from analysis.repository.git_command import Git, RepositoryError, opened, reading
from analysis.repository.located_frames import LocatedFrame, Locator
from analysis.repository.revisions import CommitRange, commit_of, commit_range
from analysis.repository.scoring import Overlap, suspects
from analysis.repository.suspicion_contents import ChangedFile, Suspicion
from analysis.repository.tracked_files import TrackedFiles, tracked_files
from analysis.repository_settings import PathMapping
from analysis.verdict.check import Suspect

__all__ = ["ChangedFile", "Suspicion", "suspicion"]

BLAMED_FILES_MAX = 40
# Blame of a large file with a long history takes seconds; a verdict should not wait for all.
BLAME_S_MAX = 60.0
# What a suspect's file adds to its owners, beside the frames that lie in it.
_SUSPECT_WEIGHT = 0.5


def suspicion(
    repository: Path,
    mappings: Sequence[PathMapping],
    frames: Iterable[FailingFrame],
    baseline_revision: str | None,
    candidate_revision: str | None,
    codeowners: str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Suspicion:
    """What the checkout says of a deployment.

    Nothing between the revisions can be told when one of them is unknown or not in the checkout;
    that is a caveat, and owners are told all the same where the candidate is there. `codeowners` is
    github, gitlab, or None to tell by the repository. Raises UsageRefused when there is no git or
    no repository, GitFailed when git breaks down.
    """
    git = opened(repository)
    caveats: list[str] = []
    between: CommitRange | None = None
    try:
        between = commit_range(git, baseline_revision, candidate_revision)
        revision = between.candidate
        caveats += between.caveats
    except RepositoryError as error:
        caveats.append(str(error))
        try:
            revision = commit_of(git, candidate_revision or "", "candidate")
        except RepositoryError:
            return Suspicion(caveats=tuple(caveats))
    with reading(git) as objects:
        ignored = ignored_commits(git, revision)
        found = _suspicion(objects, between, revision, frames, mappings, ignored, codeowners, clock)
    return replace(found, caveats=(*caveats, *found.caveats))


def _suspicion(
    git: Git,
    between: CommitRange | None,
    revision: str,
    frames: Iterable[FailingFrame],
    mappings: Sequence[PathMapping],
    ignored: Collection[str],
    codeowners: str | None,
    clock: Callable[[], float],
) -> Suspicion:
    """The same for a revision that is there; without a range there are owners, and no suspect."""
    caveats: list[str] = []
    files = tracked_files(git, revision)
    located = Locator(git, revision, files, mappings).located(frames)
    caveats += located.caveats
    found: tuple[Suspect, ...] = ()
    changed: tuple[ChangedFile, ...] = ()
    if between is not None:
        commits = commits_of(git, between)
        overlaps, unread = _all_overlaps(git, between, commits, located.frames, ignored, clock)
        found = suspects(commits, overlaps, ignored)
        in_stack = {one.path for one in located.frames}
        changed, left_out = changed_files(git, between, commits, files, in_stack)
        caveats += [*commits.caveats, *unread, *left_out]
    if not located.frames:
        caveats.append(
            "No stack trace of a failing exception leads to a file of the repository, so no commit"
            " is ranked."
        )
    owning = code_owners(git, revision, files, codeowners)
    caveats += owning.caveats
    owners = owning.by_weight(_owned(located.frames, found, files))
    return Suspicion(found, owners, changed, tuple(caveats))


def _all_overlaps(
    git: Git,
    between: CommitRange,
    commits: Commits,
    frames: Sequence[LocatedFrame],
    ignored: Collection[str],
    clock: Callable[[], float],
) -> tuple[list[Overlap], tuple[str, ...]]:
    """What blame says of each frame, the heaviest files first, and what it could not say."""
    changed = {commits.path_now(one.path) for c in commits.newest_first for one in c.touched}
    named = set(ignored) & {one.id for one in commits.newest_first}
    files: dict[str, list[LocatedFrame]] = {}
    for one in sorted(frames, key=lambda frame: -frame.weight):
        files.setdefault(one.path, []).append(one)
    overlaps: list[Overlap] = []
    end = clock() + BLAME_S_MAX
    blames, unread = 0, 0
    for path, inside in files.items():
        if path not in changed:
            overlaps += [Overlap(one) for one in inside]
        elif blames >= BLAMED_FILES_MAX or clock() >= end:
            unread += 1
            overlaps += [Overlap(one) for one in inside]
        else:
            blames += 1
            overlaps += _overlaps(git, between, commits, path, inside, named)
    if not unread:
        return overlaps, ()
    return overlaps, (
        f"Of {unread} changed files in stack traces it was not read which commit wrote the lines:"
        f" {BLAMED_FILES_MAX} files are read, for {BLAME_S_MAX:g} s at most, the nearest the"
        " failures first.",
    )


def _overlaps(
    git: Git,
    between: CommitRange,
    commits: Commits,
    path: str,
    inside: Sequence[LocatedFrame],
    ignored: Collection[str],
) -> list[Overlap]:
    """What blame says of the frames of one file."""
    ours = {one.id for one in commits.newest_first} - set(ignored)
    lines = [one.line for one in inside if one.line is not None]
    by_line = blamed(git, between, path, lines, ignored) if lines else {}
    gone = removals(git, between, commits.names_of(path)) if lines else []
    touching = commits.by_path().get(path, [])
    found = []
    for one in inside:
        if one.line is None:
            found.append(Overlap(one))
            continue
        around = range(one.line - CONTEXT_LINES, one.line + CONTEXT_LINES + 1)
        removed = {text for r in gone if r.distance(one.line) <= CONTEXT_LINES for text in r.lines}
        found.append(
            Overlap(
                one,
                line=by_line[one.line] if by_line.get(one.line) in ours else None,
                near={by_line[at] for at in around if by_line.get(at) in ours},
                removed=removed_by(git, commits, touching, path, removed) if removed else set(),
            )
        )
    return found


def _owned(
    frames: Sequence[LocatedFrame], found: Sequence[Suspect], files: TrackedFiles
) -> dict[str, float]:
    """The files whose owners are asked for, with their weight: those in stack traces, and those of
    suspects that are still there."""
    weights: dict[str, float] = {}
    for one in frames:
        weights[one.path] = weights.get(one.path, 0.0) + one.weight
    for suspect in found:
        share = _SUSPECT_WEIGHT * suspect.score / max(len(suspect.files), 1)
        for path in suspect.files:
            if path in files.paths:
                weights[path] = weights.get(path, 0.0) + share
    return weights
