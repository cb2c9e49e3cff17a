"""Where the file of a Python frame lives: whose code it is, and its module."""

import re

from receiver.fingerprints.remembering import remembered
from receiver.fingerprints.source_path import module_name

OURS = "not in a library folder"

# Names in angle brackets, which stand for code without a file. What a person typed is ours.
FILELESS = (
    (re.compile(r"<(?:stdin|input|console|ipython-input-[^\n>]*+|command-[^\n>]*+)>"), True,
     "typed into an interactive session"),
    (re.compile(r"<frozen "), False, "frozen into the interpreter"),
    (re.compile(r"<"), False, "no file: made at run time"),
)  # fmt: skip
# A cell of a notebook: its file is named after a process and a hash.
CELL = re.compile(r"(?:ipython-input|ipykernel_[0-9]++|\.ipykernel)(?:[/-]|\Z)|<command-")

# Folders of libraries, wherever they are in a path. The standard library is `lib/python3.12` on
# POSIX systems; `Lib` of a folder named after Python or conda on Windows; or one zip file.
LIBRARIES = (
    (re.compile(r"/site-packages/"), "installed package (site-packages)"),
    (re.compile(r"/dist-packages/"), "installed package (dist-packages)"),
    (re.compile(r"\.(?:egg|whl)/"), "installed package (egg or wheel)"),
    (re.compile(r"/__pypackages__/"), "installed package (__pypackages__)"),
    (re.compile(r"/(?:_vendor|_vendored|_vendored_packages|third_party)/"), "vendored package"),
    (re.compile(r"^/var/runtime/|^/azure-functions-host/"), "runtime of the cloud function"),
    (re.compile(r"^/opt/python/"), "layer of the cloud function"),
    (re.compile(r"/lib(?:32|64|exec)?/(?:python|pypy)[0-9][0-9.]*+t?/|/python[0-9]++\.zip/"
                r"|/[^/]{0,60}(?:ython|onda|forge)[^/]{0,60}/(?:envs/[^/]++/)?Lib/"
                r"|/envs/[^/]++/Lib/"), "standard library of Python"),
)  # fmt: skip

# A bundle (PyInstaller, the package of a cloud function) has libraries beside the program's own
# modules, where only the name tells. Those of a web service, and packages of the standard library.
BUNDLED = frozenset((
    "aiohttp", "anyio", "asgiref", "asyncpg", "azure", "billiard", "boto3", "botocore", "celery",
    "click", "cryptography", "django", "fastapi", "flask", "google", "grpc", "gunicorn", "h11",
    "httpcore", "httpx", "jinja2", "jwt", "kombu", "mangum", "marshmallow", "numpy",
    "opentelemetry",
    "pandas", "psycopg", "psycopg2", "pydantic", "pydantic_core", "pydantic_settings", "pymongo",
    "pymysql", "redis", "requests", "rest_framework", "s3transfer", "sentry_sdk", "sqlalchemy",
    "starlette", "tornado", "urllib3", "uvicorn", "uvloop", "werkzeug", "wrapt", "yarl",
    "PyInstaller",
))  # fmt: skip
STANDARD = frozenset((
    "asyncio", "concurrent", "contextlib.py", "ctypes", "encodings", "functools.py",
    "importlib", "json", "logging", "multiprocessing", "pathlib.py", "runpy.py", "selectors.py",
    "socket.py", "socketserver.py", "sqlite3", "ssl.py", "subprocess.py", "threading.py",
    "unittest",
    "urllib", "wsgiref", "xml", "zoneinfo",
))  # fmt: skip
CLOUD_FUNCTION = "/var/task/"

# Where programs are deployed: folders that hold many programs, then the folder of this one. Its
# name, a release, a branch, a build number, is no part of a module's.
DEPLOYED = re.compile(
    r"(?:[A-Za-z]:)?/(?:(?:home|[Uu]sers|Documents and Settings)/[^/]++/)?"
    r"(?:(?:srv|opt|usr|local|var|www|data|mnt|tmp|private|apps|projects|repos|git|releases"
    r"|deployments|builds|work|workspaces?|inetpub|_work|__w)/)*+(?:[^/]++/)?"
)
# The last of these begins the name of a module.
PACKAGES = re.compile(r"(?:/(?:site|dist)-packages|\.(?:egg|whl|pex|pyz))/")


@remembered
def origin(path: str, function: str) -> tuple[bool, str]:
    """Whether a file with `/` as separator is ours, and a short reason for people."""
    if path.startswith("<"):
        return next((ours, why) for mark, ours, why in FILELESS if mark.match(path))
    for folder, why in LIBRARIES:
        if folder.search(path):
            return False, why
    relative = path.removeprefix(CLOUD_FUNCTION)
    if not relative.startswith("/") and relative[1:2] != ":":
        if path.endswith((".pyx", ".pxi", ".pxd")) or "." in function:
            return False, "compiled package (Cython)"
        return _bundled(relative)
    return True, OURS


@remembered
def module(path: str) -> str:
    """The dotted name of the module, the same wherever the program is deployed.

    `/srv/releases/20240102/shop/orders.py` and `/app/shop/orders.py` are both `shop.orders`. The
    folder of the program is left out, and so is all before a folder whose name cannot be a
    package's. Two packages are kept at most.
    """
    if CELL.search(path):
        return "<cell>"
    if path.startswith("<"):
        return path if path[-1:] == ">" and not any(map(str.isdigit, path)) else "<generated>"
    found = list(PACKAGES.finditer(path))
    if found:
        path = path[found[-1].end() :]
    elif deployed := DEPLOYED.match(path):
        path = path[deployed.end() :]
    *folders, file = path.split("/")
    for index in range(len(folders) - 1, -1, -1):
        if not folders[index].isidentifier():
            folders = folders[index + 1 :]
            break
    name = module_name("/".join((*folders[-2:], file)), ".")
    return name.removesuffix(".__init__")


def _bundled(relative: str) -> tuple[bool, str]:
    first = relative.partition("/")[0]
    if first in STANDARD:
        return False, "standard library of Python"
    if first in BUNDLED and first != relative:
        return False, f"package {first}, bundled with the program"
    return True, OURS
