"""Git, asked by its command line: reads a checkout, changes nothing in it, and runs nothing of it.

A checkout may come from anybody, and its configuration may name programs (pagers, external diffs,
hooks, signatures, remotes). Every call overrides these, sends no environment that redirects git,
and forbids the network. Arguments are a list, paths stand behind `--` and are taken literally.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.exit_code import CommandFailed, UsageRefused
from analysis.safe_text import shortened, shown

TIMEOUT_S = 20.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024
_SAID_LENGTH_MAX = 300

_GUARDS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "core.untrackedCache=false",
    "diff.external=",
    "diff.orderFile=",
    "log.showSignature=false",
    "blame.showRoot=false",
    "color.ui=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "i18n.logOutputEncoding=UTF-8",
)
# What git needs of the caller: where programs and the person's own settings are.
_KEPT = (
    *("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE"),
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES"),
)
_SET = {
    "LC_ALL": "C.UTF-8",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_PAGER": "cat",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
}


class RepositoryError(CommandFailed):
    """The checkout cannot tell what was asked; the message says why and what helps."""


class GitFailed(RepositoryError):
    """A git command ended with an error, took too long or answered too much."""


@dataclass(frozen=True, slots=True)
class Git:
    """A checkout, a bare repository or a linked work tree. `folder` is any folder in it;
    `environment` is sent beside what every call sends."""

    folder: Path
    program: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        *arguments: str,
        sent: str = "",
        bytes_max: int = ANSWER_BYTES_MAX,
        timeout_s: float = TIMEOUT_S,
    ) -> bytes:
        """What a git command writes. `sent` is its standard input. Raises GitFailed."""
        command = [self.program, "--no-pager", "--no-optional-locks", "-C", str(self.folder)]
        for guard in _GUARDS:
            command += ["-c", guard]
        try:
            answer = _answer([*command, *arguments], self.environment, sent, bytes_max, timeout_s)
        except OSError as error:  # of a file with thousands of names: too long for a command
            said = f"git {arguments[0]} could not be run in {self.folder}: {error.strerror}."
            raise GitFailed(said) from None
        if answer.stopped:
            raise GitFailed(
                f"git {arguments[0]} took more than {timeout_s:g} s in {self.folder} and was"
                " stopped. Try a smaller range of commits."
            )
        if len(answer.output) > bytes_max:
            raise GitFailed(
                f"git {arguments[0]} answered more than {bytes_max:,} bytes in {self.folder}."
            )
        if answer.code:
            raise GitFailed(f"git {arguments[0]} failed in {self.folder}: {_last_line(answer)}")
        return answer.output

    def text(self, *arguments: str) -> str:
        """The one line that a git command writes."""
        return self.run(*arguments).decode("utf-8", "replace").strip("\n")

    def names(self, *arguments: str, sent: str = "") -> list[str]:
        """The fields of an answer that was asked for with `-z`; paths as `os.fsdecode` has them."""
        return [os.fsdecode(one) for one in self.run(*arguments, sent=sent).split(b"\0")][:-1]

    def blob(self, revision: str, path: str, bytes_max: int) -> bytes | None:
        """A file as it was at a revision, None where there is none or it is larger."""
        try:
            return self.run("cat-file", "blob", f"{revision}:{path}", bytes_max=bytes_max)
        except GitFailed:
            return None


def opened(path: Path) -> Git:
    """The repository at, or above, a folder; raises UsageRefused: no git, or no repository."""
    program = shutil.which("git")
    if program is None:
        raise UsageRefused(
            "--repo needs git, and there is no program `git` on the PATH. Install it, or leave"
            " --repo out."
        )
    if not path.is_dir():
        raise UsageRefused(f"--repo {path} is not a folder. Name the folder of a git checkout.")
    git = Git(path.resolve(), program)
    try:
        git.text("rev-parse", "--git-dir")
    except GitFailed as error:
        said = str(error)
        if "dubious ownership" in said or "safe.directory" in said:
            raise UsageRefused(
                f"--repo {path} belongs to somebody else, so git does not read it. If you trust"
                f" it: git config --global --add safe.directory {git.folder}"
            ) from None
        raise UsageRefused(
            f"--repo {path} is not in a git repository ({_reason(said)}). Name the folder of a"
            " checkout, or of a bare repository."
        ) from None
    return git


@contextmanager
def reading(git: Git) -> Iterator[Git]:
    """The same commits and files by their ids, without the configuration, branches and tags.

    A repository of its own, in a temporary folder, borrows the objects. So neither a hostile
    configuration nor a mistaken one counts: with a `blame.ignoreRevsFile` that is not there, which
    a person's settings often name for all repositories, git refuses to blame.
    """
    objects, shallow, form = (
        git.text("rev-parse", "--git-path", "objects"),
        git.text("rev-parse", "--git-path", "shallow"),
        git.text("rev-parse", "--show-object-format"),
    )
    with tempfile.TemporaryDirectory(prefix="deploylens-git-") as made:
        folder = Path(made)
        (folder / "refs").mkdir()
        (folder / "objects").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
        version = "0" if form == "sha1" else "1"
        config = f"[core]\n\tbare = true\n\trepositoryformatversion = {version}\n"
        if form != "sha1":
            config += f"[extensions]\n\tobjectFormat = {form}\n"
        (folder / "config").write_text(config, encoding="ascii")
        environment = {
            "GIT_DIR": str(folder),
            "GIT_OBJECT_DIRECTORY": str(git.folder / objects),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        if (git.folder / shallow).is_file():
            environment["GIT_SHALLOW_FILE"] = str(git.folder / shallow)
        yield replace(git, environment=environment)


@dataclass(frozen=True, slots=True)
class _Answer:
    """How a command ended: what it wrote, the beginning of its errors, whether it took too long."""

    output: bytes
    said: bytes
    code: int
    stopped: bool


def _answer(
    command: Sequence[str],
    more: Mapping[str, str],
    sent: str,
    bytes_max: int,
    timeout_s: float,
) -> _Answer:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _SET
    environment |= more
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as source:
        source.write(os.fsencode(sent))
        source.seek(0)
        with subprocess.Popen(
            command, stdin=source, stdout=subprocess.PIPE, stderr=errors, env=environment
        ) as process:
            stopped = threading.Event()

            def stop() -> None:
                stopped.set()
                process.kill()

            timer = threading.Timer(timeout_s, stop)
            timer.start()
            try:
                output = process.stdout.read(bytes_max + 1) if process.stdout else b""
                if len(output) > bytes_max:
                    process.kill()
                code = process.wait()
            finally:
                timer.cancel()
        errors.seek(0)
        return _Answer(output, errors.read(8192), code, stopped.is_set())


def _last_line(answer: _Answer) -> str:
    lines = answer.said.decode("utf-8", "replace").strip().splitlines()
    told = next((line for line in lines if line.startswith(("fatal: ", "error: "))), None)
    said = told or (lines[-1] if lines else f"it ended with {answer.code}")
    return shortened(shown(re.sub(r"\A(?:fatal|error): ", "", said)), _SAID_LENGTH_MAX)


def _reason(said: str) -> str:
    return said.partition(": ")[2] or said
