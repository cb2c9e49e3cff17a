"""The part of a source file's path that stays when the same code is built elsewhere."""

import re

DIRECTORIES_MAX = 2

# Directories that hold programs and are no part of a program's name.
ROOTS = frozenset((
    "app", "apps", "bin", "build", "builds", "code", "current", "deploy", "dist",
    "dist-packages", "gems", "home", "htdocs", "html", "lib", "libs", "local", "node_modules",
    "opt", "out", "release", "releases", "repo", "repos", "root", "site-packages", "source",
    "sources", "src", "srv", "target", "tmp", "Users", "usr", "var", "vendor", "work",
    "workspace", "www",
))  # fmt: skip

# A name a person gave: letters, and one digit at most, at the end. "api" and "v2" pass; "3.12",
# "build-4711" and "s~shop" do not.
NAMED = re.compile(r"[A-Za-z_@][A-Za-z_-]*+[0-9]?")


def module_name(path: str, joiner: str = "/") -> str:
    """The file's name without its extension, after at most two directories that people named.

    `/home/ci/build-4711/shop/orders/views.py` and `/app/shop/orders/views.py` are both
    `shop/orders/views`. The walk upwards ends at a root such as `src`, at a directory with a number
    in its name, and before the first directory of an absolute path, which is never a package.
    """
    directories = path.replace("\\", "/").split("/")
    stem = directories.pop()
    dot = stem.rfind(".")
    names = [stem[:dot] if dot > 0 else stem]
    first = 2 if directories and directories[0][-1:] in ("", ":") else 0
    for directory in reversed(directories[max(first, len(directories) - DIRECTORIES_MAX) :]):
        if directory in ROOTS or not NAMED.fullmatch(directory):
            break
        names.append(directory)
    return joiner.join(reversed(names))
