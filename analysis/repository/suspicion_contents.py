"""Who and what is suspected: commits, owners and changed files between two revisions."""

from dataclasses import dataclass

from analysis.verdict.check import Suspect


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that differs between the two revisions.

    `kind` is config, migration, dependency, build or code-in-stack; `commits` are those that
    touched it, the newest first, and `details` what changed in it where that is cheap to tell:
    `requests 2.31.0 -> 2.32.0`.
    """

    path: str
    kind: str
    commits: tuple[str, ...]
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a checkout says of a deployment: suspects by score, owners by weight, changed files,
    and what limits all that."""

    suspects: tuple[Suspect, ...] = ()
    owners: tuple[str, ...] = ()
    changed: tuple[ChangedFile, ...] = ()
    caveats: tuple[str, ...] = ()
