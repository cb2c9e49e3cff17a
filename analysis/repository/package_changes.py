"""Which packages a change of a manifest or lock file added, removed or moved to another version.

Read from the lines of the diff, not from the whole file: cheap, and enough to know what to look at.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

CHANGES_MAX = 50
_NAME_LENGTH_MAX = 100
_VERSION_LENGTH_MAX = 60

_PYTHON = re.compile(r"\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*((?:[=~<>!]=?=?|@)[^;#]+)")
_QUOTED_PYTHON = re.compile(r"\s*[\"']([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*([=~<>!]=?=?[^;\"']+)")
_JSON = re.compile(r"\s*\"((?:@[\w.-]+/)?[\w.-]+)\":\s*\"([\^~<>=v*]*[0-9x*][^\"]*)\"")
_GO = re.compile(r"\s*(?:require\s+)?([\w.-]+\.[\w.-]+/[^\s]+|[\w.-]+\.[a-z]+/[^\s]+)\s+(v[^\s/]+)")
_TOML_PAIR = re.compile(
    r"\s*\"?([\w.-]+)\"?\s*=\s*(?:\"([\^~<>=]*[0-9*][^\"]*)\"|\{.*?version\s*=\s*\"([^\"]+)\")"
)
_GEM = re.compile(r"\s+([\w.-]+) \(([0-9][^)]*)\)")
_GRADLE = re.compile(r"[^\w]*(?:\w+\W+)?[\"']?([\w.-]+:[\w.-]+):([\w.+-]+)")
_NAMED = re.compile(r"\s*name\s*=\s*\"([^\"]+)\"|\s*\"name\":\s*\"([^\"]+)\"")
_VERSIONED = re.compile(r"\s*\"?version\"?\s*[:=]?\s*\"([^\"]+)\"")
_NODE_KEY = re.compile(r"\s*\"(?:[^\"]*node_modules/)((?:@[^/\"]+/)?[^/\"]+)\":\s*\{")
_YARN_KEY = re.compile(r"\"?((?:@[\w.-]+/)?[\w.-]+)@[^:]*.*:\s*$")
_YARN_VERSION = re.compile(r"\s+version:?\s+\"?([^\"\s]+)\"?")
_PNPM = re.compile(r"\s+'?/?((?:@[\w.-]+/)?[\w.-]+)@([0-9][^:'(]*)")
_ARTIFACT = re.compile(r"\s*<artifactId>([^<]+)</artifactId>")
_XML_VERSION = re.compile(r"\s*<version>([^<]+)</version>")

_Pair = tuple[re.Pattern[str], ...]
# Patterns of one line, and pairs: the line that names the package, the line below with its version.
_LINES: Mapping[str, _Pair] = {
    "package.json": (_JSON,), "composer.json": (_JSON,), "go.mod": (_GO,), "go.sum": (_GO,),
    "pyproject.toml": (_QUOTED_PYTHON, _TOML_PAIR), "Cargo.toml": (_TOML_PAIR,),
    "libs.versions.toml": (_TOML_PAIR,), "Pipfile": (_TOML_PAIR,), "Gemfile.lock": (_GEM,),
    "build.gradle": (_GRADLE,), "build.gradle.kts": (_GRADLE,), "gradle.lockfile": (_GRADLE,),
    "buildscript-gradle.lockfile": (_GRADLE,), "pnpm-lock.yaml": (_PNPM,),
}  # fmt: skip
_PAIRS: Mapping[str, tuple[_Pair, _Pair]] = {
    **dict.fromkeys(
        ("poetry.lock", "uv.lock", "pdm.lock", "Cargo.lock", "composer.lock"),
        ((_NAMED,), (_VERSIONED,)),
    ),
    **dict.fromkeys(("package-lock.json", "npm-shrinkwrap.json"), ((_NODE_KEY,), (_VERSIONED,))),
    "yarn.lock": ((_YARN_KEY,), (_YARN_VERSION,)),
    "pom.xml": ((_ARTIFACT,), (_XML_VERSION,)),
}
# Keys of manifests that look like packages.
_NO_PACKAGES = frozenset(("version", "name", "requires-python", "python", "node", "npm", "edition"))


def package_changes(path: str, diff: Iterable[str]) -> tuple[str, ...]:
    """`requests 2.31.0 -> 2.32.0`, `attrs added 24.1`, `six removed 1.16.0`, by name; at most
    CHANGES_MAX. `diff` is a unified diff with two lines of context; nothing for files of a form
    that is not known."""
    before, after = dict[str, str](), dict[str, str]()
    name: str | None = None
    lines, pair = _patterns(path)
    for line in diff:
        if line.startswith(("@@", "diff ", "--- ", "+++ ")):
            name = None
            continue
        sides = {"-": (before,), "+": (after,), " ": (before, after)}.get(line[:1], ())
        text = line[1:500]
        if pair is not None and (named := _first(pair[0], text)) is not None:
            name = named[0]
        elif pair is not None and name and (version := _first(pair[1], text)) is not None:
            for side in sides:
                side[name] = version[0]
        elif (single := _first(lines, text)) is not None and len(single) > 1:
            for side in sides:
                side[single[0]] = single[1]
    return tuple(_said(before, after))[:CHANGES_MAX]


def _patterns(path: str) -> tuple[_Pair, tuple[_Pair, _Pair] | None]:
    name = PurePosixPath(path).name
    if name in _LINES or name in _PAIRS:
        return _LINES.get(name, ()), _PAIRS.get(name)
    return ((_PYTHON,), None) if name.endswith((".txt", ".in")) else ((), None)


def _first(patterns: _Pair, text: str) -> list[str] | None:
    """The groups of the first pattern that fits from the beginning."""
    for pattern in patterns:
        if match := pattern.match(text):
            return [group.strip() for group in match.groups() if group]
    return None


def _said(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[str]:
    for name in sorted({*before, *after}):
        old, new = _version(before.get(name)), _version(after.get(name))
        if old == new or name.lower() in _NO_PACKAGES or len(name) > _NAME_LENGTH_MAX:
            continue
        if old is None:
            yield f"{name} added {new}"
        else:
            yield f"{name} removed {old}" if new is None else f"{name} {old} -> {new}"


def _version(text: str | None) -> str | None:
    if text is None:
        return None
    plain = text.strip().rstrip("\\").removeprefix("==").strip()
    return plain[:_VERSION_LENGTH_MAX]
