"""Which commit of a range wrote, or removed lines beside, a line of the deployed code.

Git blames at the deployed revision and not further back than the baseline. Whitespace (`-w`) and
lines that were moved within or between files (`-M -C`) keep their older commit; so do commits that
`.git-blame-ignore-revs` names.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.repository.commits import RENAMES, Commit, Commits
from analysis.repository.git_command import Git, GitFailed
from analysis.repository.revisions import CommitRange

CONTEXT_LINES = 3
RANGES_MAX = 100
COMMITS_MAX = 30
DIFF_BYTES_MAX = 4 * 1024 * 1024
_BLAMED = re.compile(rb"([0-9a-f]{40}(?:[0-9a-f]{24})?) [0-9]+ ([0-9]+)(?: [0-9]+)?")
_HUNK = re.compile(rb"@@ -[0-9]+(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@")
_WORDS = re.compile(rb"\w")
_TEXT = ("--no-ext-diff", "--no-textconv", "--no-color")


@dataclass(frozen=True, slots=True)
class Removal:
    """Lines that stood after line `after` of the deployed file, or within the `length` lines that
    replace them, and are gone; moved ones are not among them."""

    after: int
    length: int
    lines: frozenset[bytes]

    def distance(self, line: int) -> int:
        """How many lines a line lies off; 0 beside it."""
        if self.length:
            return max(self.after - line, line - (self.after + self.length - 1), 0)
        return min(abs(line - self.after), abs(line - self.after - 1))


def blamed(
    git: Git, between: CommitRange, path: str, lines: Iterable[int], ignored: Collection[str]
) -> dict[int, str]:
    """The commit that wrote each line, and those around it, as far as the range goes back."""
    wanted = sorted(set(lines))[:RANGES_MAX]
    options = [f"-L{max(line - CONTEXT_LINES, 1)},+{2 * CONTEXT_LINES + 1}" for line in wanted]
    options += [f"--ignore-rev={commit}" for commit in sorted(ignored)]
    try:
        answer = git.run(
            "blame", "--porcelain", "-w", "-M", "-C", *options, between.text, "--", path
        )
    except GitFailed:
        return {}
    found = {}
    for line in answer.split(b"\n"):
        if not line.startswith(b"\t") and (match := _BLAMED.fullmatch(line)):
            found[int(match[2])] = match[1].decode()
    return found


def removals(git: Git, between: CommitRange, paths: Sequence[str]) -> list[Removal]:
    """What was removed from a file in the range, whitespace aside; `paths` are its names."""
    diff = _diff(git, [between.start, between.candidate], paths)
    added = {line[1:].strip() for line in diff if _is_added(line)}
    found: list[Removal] = []
    at: tuple[int, int, int] | None = None
    gone: set[bytes] = set()
    for line in [*diff, b"@@"]:
        if line.startswith((b"@@", b"diff ")):
            if at is not None and gone and at[0] > at[2]:
                found.append(Removal(at[1], at[2], frozenset(gone)))
            match, gone = _HUNK.match(line), set()
            at = None if match is None else (_count(match[1]), int(match[2]), _count(match[3]))
        elif at is not None and line.startswith(b"-"):
            text = line[1:].strip()
            if _WORDS.search(text) and text not in added:
                gone.add(text)
    return found


def removed_by(
    git: Git, commits: Commits, touching: Sequence[Commit], path: str, lines: Collection[bytes]
) -> set[str]:
    """The commits of those that touched a file that removed one of these lines from it."""
    found = set()
    for commit in touching[:COMMITS_MAX]:
        diff = _diff(git, ["--root", commit.id], commits.names_of(path))
        gone = {line[1:].strip() for line in diff if line[:1] == b"-" and line[:4] != b"--- "}
        back = {line[1:].strip() for line in diff if _is_added(line)}
        if (gone - back) & set(lines):
            found.add(commit.id)
    return found


def ignored_commits(git: Git, revision: str) -> frozenset[str]:
    """The commits that the repository says blame should pass over.

    Named in `.git-blame-ignore-revs` or the file of `blame.ignoreRevsFile`, at the deployed
    revision or in the work tree: a formatter's commit is often listed only later.
    """
    try:
        configured = git.names("config", "-z", "--get-all", "blame.ignoreRevsFile")
    except GitFailed:  # nothing is configured
        configured = []
    found: set[str] = set()
    for name in dict.fromkeys((".git-blame-ignore-revs", *configured)):
        for text in (git.blob(revision, name, DIFF_BYTES_MAX), _in_work_tree(git, name)):
            found.update(line.partition(b"#")[0].strip().decode() for line in _ascii(text))
    return frozenset(found)


def _ascii(text: bytes | None) -> list[bytes]:
    return [line for line in (text or b"").splitlines() if line.isascii()]


def _in_work_tree(git: Git, name: str) -> bytes | None:
    try:
        file = Path(git.text("rev-parse", "--show-toplevel")) / name
        if not file.is_file() or file.stat().st_size > DIFF_BYTES_MAX:
            return None
        return file.read_bytes()
    except (GitFailed, OSError, ValueError):
        return None


def _diff(git: Git, between: Sequence[str], paths: Sequence[str]) -> list[bytes]:
    try:
        answer = git.run(
            *("diff-tree", "-p", "-r", "-U0", "-w", "--no-commit-id", *RENAMES, *_TEXT),
            *between, "--", *paths, bytes_max=DIFF_BYTES_MAX,
        )  # fmt: skip
    except GitFailed:
        return []
    return answer.split(b"\n")


def _is_added(line: bytes) -> bool:
    return line[:1] == b"+" and line[:4] != b"+++ "


def _count(written: bytes | None) -> int:
    return 1 if written is None else int(written)
