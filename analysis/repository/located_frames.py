"""Frames of failing exceptions at their files of the repository."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from analysis.repository.failing_frames import FailingFrame
from analysis.repository.git_command import Git
from analysis.repository.tracked_files import TrackedFiles
from analysis.repository.written_path import (
    WrittenPath,
    installed_path,
    plain_path,
    written_forms,
)
from analysis.repository_settings import PathMapping
from analysis.safe_text import shortened, shown

FILE_BYTES_MAX = 8 * 1024 * 1024
FILES_READ_MAX = 300
_CAVEATS_MAX = 5
_BUNDLES = (".js", ".mjs", ".cjs")


@dataclass(frozen=True, slots=True)
class LocatedFrame:
    """A frame and the tracked file that it lies in; `line` is None where the deployed code was
    built from the file, so that lines differ, or the stack names none."""

    path: str
    line: int | None
    weight: float


@dataclass(frozen=True, slots=True)
class Located:
    """The frames that were found, and what is to be said of those that were not."""

    frames: tuple[LocatedFrame, ...]
    caveats: tuple[str, ...]


class Locator:
    """Finds files at one revision; learns from clear paths how the others are to be read."""

    def __init__(
        self, git: Git, revision: str, files: TrackedFiles, mappings: Sequence[PathMapping]
    ) -> None:
        """`mappings` are those of the service, the first that leads to a file counts."""
        self._git, self._revision = git, revision
        self._files, self._mappings = files, mappings
        self._texts: dict[str, bytes | None] = {}
        self._roots: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()

    def located(self, frames: Iterable[FailingFrame]) -> Located:
        """The files of the frames that are our own code."""
        ours = [one for one in frames if one.frame.in_app or self._is_installed(one)]
        found: list[LocatedFrame] = []
        unclear: list[tuple[FailingFrame, WrittenPath, list[str]]] = []
        said: dict[str, None] = {}
        for one in ours:
            hit = self._find(one)
            if isinstance(hit, LocatedFrame):
                found.append(hit)
            elif hit is None:
                said.update(dict.fromkeys(self._unknown(one)))
            else:
                unclear.append((one, *hit))
        for one, written, candidates in unclear:
            path = self._learned(written, candidates)
            if path is None:
                said[_ambiguous(written, candidates)] = None
            elif (hit := self._at(one, path, written)) is not None:
                found.append(hit)
        caveats = list(said)
        if len(caveats) > _CAVEATS_MAX:
            left = len(caveats) - _CAVEATS_MAX
            caveats = [*caveats[:_CAVEATS_MAX], f"{left} more files of stack traces likewise."]
        return Located(tuple(found), tuple(caveats))

    def _is_installed(self, one: FailingFrame) -> bool:
        """Whether a library's frame is a package of this repository, installed."""
        path = installed_path(one.frame)
        if path is None or path.count("/") < 1:
            return False
        agreeing, found = self._files.matching(path.split("/"))
        return len(found) == 1 and agreeing == path.count("/") + 1

    def _find(self, one: FailingFrame) -> LocatedFrame | tuple[WrittenPath, list[str]] | None:
        path = plain_path(one.frame)
        for mapped in self._mapped(path):
            if mapped in self._files.paths:
                return self._at(one, mapped, WrittenPath(()))
        for module in self._of_go_module(path):
            return self._at(one, module, WrittenPath(()))
        for written in written_forms(path):
            agreeing, found = self._files.matching(written.segments)
            if len(found) > 1:
                return written, found
            if found and (hit := self._accepted(one, found[0], written, agreeing)) is not None:
                return hit
        return None

    def _mapped(self, path: str) -> Iterator[str]:
        for mapping in self._mappings:
            if path.startswith(mapping.start):
                rest = path[len(mapping.start) :].lstrip("/")
                folder = mapping.to.strip("/")
                yield f"{folder}/{rest}" if folder not in ("", ".") else rest

    def _of_go_module(self, path: str) -> Iterator[str]:
        if not path.endswith(".go"):
            return
        text = next((one.text for one in written_forms(path)), "")
        for module, folder in self._files.go_modules:
            at = f"/{text}".find(f"/{module}/")
            if at >= 0:
                tracked = folder + text[at + len(module) + 1 :]
                if tracked in self._files.paths:
                    yield tracked

    def _accepted(
        self, one: FailingFrame, path: str, written: WrittenPath, agreeing: int
    ) -> LocatedFrame | None:
        """The place. Where only the file's name fits, the file lies at the top of the repository
        or of the program, and the function is in it."""
        if agreeing < 2:
            if not (written.is_at_top or "/" not in path):
                return None
            name = one.frame.function.rpartition(".")[2].strip("<>()*")
            text = self._text(path)
            if text is None or not name or name.encode() not in text:
                return None
        else:
            self._roots.add(_roots(written, path, agreeing))
        return self._at(one, path, written)

    def _at(self, one: FailingFrame, path: str, written: WrittenPath) -> LocatedFrame | None:
        if self._files.is_vendored(path):
            return None
        line = one.frame.line if written.has_line else None
        if line is not None:
            text = self._text(path)
            if text is not None and line > text.count(b"\n") + 1:
                return None  # another file of that name, or another revision
            if text is None or line > len(text.splitlines()):
                line = None
        return LocatedFrame(path, line, one.weight)

    def _text(self, path: str) -> bytes | None:
        if path not in self._texts:
            enough = len(self._texts) >= FILES_READ_MAX
            self._texts[path] = (
                None if enough else self._git.blob(self._revision, path, FILE_BYTES_MAX)
            )
        return self._texts[path]

    def _learned(self, written: WrittenPath, candidates: list[str]) -> str | None:
        """The one of several that lies where files of clear paths lie."""
        agreeing = self._files.matching(written.segments)[0]
        fitting = [one for one in candidates if _roots(written, one, agreeing) in self._roots]
        return fitting[0] if len(fitting) == 1 else None

    def _unknown(self, one: FailingFrame) -> Iterator[str]:
        file = shortened(shown(one.frame.file or ""), 120)
        if not file:
            return
        if file.partition("?")[0].endswith(_BUNDLES):
            yield (
                f"{file} of a stack trace is no file of the repository. If it is a bundle:"
                " source maps are not read here; send stack traces with source positions"
                " (node --enable-source-maps)."
            )
        else:
            inside = (
                f" It has submodules ({', '.join(self._files.submodules[:3])}), which are"
                " repositories of their own."
                if self._files.submodules
                else ""
            )
            yield f"{file} of a stack trace is no file of the repository at that revision.{inside}"


def _roots(
    written: WrittenPath, path: str, agreeing: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before the part that agrees: in the frame, and in the repository."""
    return written.segments[:-agreeing], tuple(path.split("/")[:-agreeing])


def _ambiguous(written: WrittenPath, candidates: list[str]) -> str:
    shown_paths = ", ".join(shortened(shown(path), 100) for path in candidates[:3])
    more = f" and {len(candidates) - 3} more" if len(candidates) > 3 else ""
    return (
        f"{shortened(shown(written.text), 120)} of a stack trace may be {shown_paths}{more}. Say"
        ' which with [[repository.mappings]] in deploylens.toml (from = "...", to = "...").'
    )
