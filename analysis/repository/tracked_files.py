"""The files of a repository at one revision, findable by the end of their path."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pathspec import GitIgnoreSpec

from analysis.repository.git_command import Git
from analysis.repository.git_pattern import git_pattern

FILES_MAX = 1_000_000
ATTRIBUTES_BYTES_MAX = 1024 * 1024
_ATTRIBUTE_FILES_MAX = 50
_RULES_MAX = 1_000
_FILE_MODES = ("100644", "100755")
_SUBMODULE_MODE = "160000"
# Other people's code that was copied in, by the names that package managers and habit give it.
_VENDORED = frozenset((
    "node_modules", "vendor", "vendored", "third_party", "third-party", "thirdparty",
    "bower_components", "jspm_packages", "Godeps", "Pods", "site-packages", "_vendor",
))  # fmt: skip
_GO_MODULE = re.compile(rb"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_GO_MODULES_MAX = 200


@dataclass(frozen=True)
class TrackedFiles:
    """Paths of the files and submodules of a revision; `vendored_rules` are those of its
    `.gitattributes`, in order: folder, patterns, whether they are vendored."""

    paths: frozenset[str]
    submodules: tuple[str, ...] = ()
    vendored_rules: tuple[tuple[str, GitIgnoreSpec, bool], ...] = ()
    go_modules: tuple[tuple[str, str], ...] = ()

    def matching(self, segments: Sequence[str]) -> tuple[int, list[str]]:
        """The files whose path ends like this one, as far as any does: how many segments agree,
        and those files in order. Vendored files are not among them."""
        best, found = 0, list[str]()
        for path in self._ours(segments[-1]) if segments else ():
            agreeing = _agreeing(segments, path.split("/"))
            if agreeing > best:
                best, found = agreeing, [path]
            elif agreeing == best:
                found.append(path)
        return best, found

    def is_vendored(self, path: str) -> bool:
        """Whether a file is other people's: by `linguist-vendored` of `.gitattributes`, else by the
        name of a folder above it."""
        told: bool | None = None
        for folder, spec, vendored in self.vendored_rules:
            if path.startswith(folder) and spec.match_file(path[len(folder) :]):
                told = vendored
        return not _VENDORED.isdisjoint(path.split("/")[:-1]) if told is None else told

    def _ours(self, name: str) -> list[str]:
        """The files of that name that are not vendored; only those that are asked for are compared
        with the rules, of which there may be many."""
        if name not in self._ours_by_name:
            found = [path for path in self._by_name.get(name, ()) if not self.is_vendored(path)]
            self._ours_by_name[name] = found
        return self._ours_by_name[name]

    @cached_property
    def _ours_by_name(self) -> dict[str, list[str]]:
        return {}

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found


def tracked_files(git: Git, revision: str) -> TrackedFiles:
    """The files of a revision, without symbolic links; raises GitFailed."""
    paths, submodules = set[str](), list[str]()
    for entry in git.names("ls-tree", "-r", "-z", "--full-tree", revision)[:FILES_MAX]:
        mode, _, rest = entry.partition(" ")
        path = rest.partition("\t")[2]
        if mode in _FILE_MODES:
            paths.add(path)
        elif mode == _SUBMODULE_MODE:
            submodules.append(path)
    return TrackedFiles(
        frozenset(paths),
        tuple(submodules),
        _vendored_rules(git, revision, paths),
        _go_modules(git, revision, paths),
    )


def _agreeing(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _named(paths: set[str], name: str, most: int) -> list[str]:
    """The files of that name, those nearest the top first."""
    found = [path for path in paths if path.rpartition("/")[2] == name]
    return sorted(found, key=lambda path: (path.count("/"), path))[:most]


def _vendored_rules(
    git: Git, revision: str, paths: set[str]
) -> tuple[tuple[str, GitIgnoreSpec, bool], ...]:
    rules = []
    for file in _named(paths, ".gitattributes", _ATTRIBUTE_FILES_MAX):
        folder = file[: -len(".gitattributes")]
        text = git.blob(revision, file, ATTRIBUTES_BYTES_MAX) or b""
        for line in text.decode("utf-8", "replace").splitlines():
            pattern, *attributes = line.split()[:50] or [""]
            for attribute in attributes:
                name, _, value = attribute.lstrip("-!").partition("=")
                if name == "linguist-vendored" and pattern[:1] not in ("#", "!", "["):
                    vendored = attribute[0] not in "-!" and value != "false"
                    if (spec := git_pattern(pattern)) is not None:
                        rules.append((folder, spec, vendored))
                        if len(rules) == _RULES_MAX:
                            return tuple(rules)
    return tuple(rules)


def _go_modules(git: Git, revision: str, paths: set[str]) -> tuple[tuple[str, str], ...]:
    """Module path and folder of each `go.mod`, the longest module path first."""
    found = []
    for file in _named(paths, "go.mod", _GO_MODULES_MAX):
        text = git.blob(revision, file, ATTRIBUTES_BYTES_MAX) or b""
        if match := _GO_MODULE.search(text):
            found.append((match[1].decode("utf-8", "replace"), file[: -len("go.mod")]))
    return tuple(sorted(found, key=lambda one: -len(one[0])))
