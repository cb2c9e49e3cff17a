"""The part of a source file's path that stays when the same code is built elsewhere."""

import re
from urllib.parse import unquote

DIRECTORIES_MAX = 2

# Directories that hold programs and are no part of a program's name.
ROOTS = frozenset((
    "app", "apps", "bin", "build", "builds", "code", "current", "deploy", "dist",
    "dist-packages", "gems", "home", "htdocs", "html", "lib", "libs", "local", "node_modules",
    "opt", "out", "release", "releases", "repo", "repos", "root", "site-packages", "source",
    "sources", "src", "srv", "target", "tmp", "Users", "usr", "var", "vendor", "work",
    "workspace", "www", "wwwroot",
))  # fmt: skip

# Where deployments and checkouts lie: the directory, and how many names below it are those of a
# user, a project or a release, none of them part of the program.
HOLDS = {
    "srv": 1, "opt": 1, "home": 2, "users": 2, "root": 1, "tmp": 1, "mnt": 1, "www": 1,
    "wwwroot": 1, "releases": 1, "builds": 1, "work": 1, "workspace": 1, "workspaces": 1,
    "projects": 1, "repos": 1, "checkouts": 1, "__w": 2, "var": 0, "usr": 0, "private": 0,
    "inetpub": 0, "current": 0, "s": 0,
}  # fmt: skip

# A name a person gave: letters, and one digit at most, at the end. "api" and "v2" pass; "3.12",
# "build-4711" and "s~shop" do not.
NAMED = re.compile(r"[A-Za-z_@][A-Za-z_-]*+[0-9]?")
DRIVE = re.compile(r"/?[A-Za-z]:/")


def module_name(path: str, joiner: str = "/") -> str:
    """The file's name without its extension, after at most two directories that people named.

    `/home/ci/build-4711/shop/orders/views.py` and `/app/shop/orders/views.py` are both
    `shop/orders/views`. The walk upwards ends at a root such as `src`, at a directory with a number
    in its name, and at the working directory of an absolute path, which is never a package:
    `/srv/shop/orders.py` and `/srv/shop-api/orders.py` are both `orders`. Windows paths, shares
    (`//server/share`) and `file:` addresses are read like any other.
    """
    directories = _plain(path).split("/")
    stem = directories.pop()
    dot = stem.rfind(".")
    names = [stem[:dot] if dot > 0 else stem]
    first = _first_inside(directories)
    for directory in reversed(directories[max(first, len(directories) - DIRECTORIES_MAX) :]):
        if directory in ROOTS or not NAMED.fullmatch(directory):
            break
        names.append(directory)
    return joiner.join(reversed(names))


def _plain(path: str) -> str:
    """With slashes only, and without `file://`, escapes and the `\\\\?\\` of long Windows paths."""
    if "\\" in path:
        path = path.replace("\\", "/").removeprefix("//?/")
    if path.startswith("file:"):
        path = path[5:].removeprefix("//")
    if "%" in path:
        path = unquote(path)
    return path[1:] if path.startswith("/") and DRIVE.match(path) else path


def _first_inside(directories: list[str]) -> int:
    """Which directory of an absolute path is the first inside the program; 0 of a relative one."""
    if not directories or directories[0][-1:] not in ("", ":"):
        return 0
    if directories[:2] == ["", ""]:  # a share: the server and its folder
        return 4
    at = 1
    while at < len(directories) and (holder := directories[at].lower()) in HOLDS:
        below = HOLDS[holder]
        if holder == "home" and directories[at + 1 : at + 2] == ["app"]:
            below = 1  # the home of a user made for the program
        at += 1
        while below and at < len(directories) and directories[at].lower() not in HOLDS:
            at, below = at + 1, below - 1
    return max(at, 2)
