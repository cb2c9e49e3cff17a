"""Real git repositories for tests: a folder, commits of fixed people at fixed times."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_START_S = 1_763_000_000


@dataclass
class SourceRepository:
    """A repository in a folder of a test; each commit is an hour later than the one before."""

    folder: Path
    commits: int = field(default=0)

    @classmethod
    def create(cls, folder: Path, *options: str) -> "SourceRepository":
        """A new repository whose branch is main."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main", *options)
        return made

    def git(self, *arguments: str) -> str:
        """What git writes; a failure is the test's."""
        seconds = _START_S + 3600 * self.commits
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@shop.example",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@shop.example",
            "GIT_AUTHOR_DATE": f"{seconds} +0000",
            "GIT_COMMITTER_DATE": f"{seconds} +0000",
        }
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, summary: str, files: Mapping[str, str | None] | None = None) -> str:
        """Write files (None removes one), commit everything, and give the id."""
        for name, text in (files or {}).items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        self.commits += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", summary)
        return self.head

    def move(self, old: str, new: str) -> None:
        """Rename a file; the next commit holds it."""
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

    @property
    def head(self) -> str:
        """The id of the checked out commit."""
        return self.git("rev-parse", "HEAD")
