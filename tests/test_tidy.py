"""The rules of the house (.github/STYLE.md), and that the documents tell the truth."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.catalog import Catalog
from analysis.commands.program import program
from receiver.storage.store import SCHEMA_VERSION
from tests.served import ROOT

PACKAGES = ("receiver", "analysis")
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
SQL_LINES_MAX = 120
SQL_COLUMNS_MAX = 100

# Modules that may be longer than the rest: path -> reason.
LONG_MODULES: dict[str, str] = {}
# SQL files that may be longer than the rest: path -> reason.
LONG_SQL = {"receiver/storage/schema.sql": "every stored table, a statement each"}

# What turns bytes into rows does no I/O, so these may load only what computes.
PURE = ("receiver/flatten", "receiver/fingerprints", "receiver/otlp")
EDGES = {"duckdb", "grpc", "starlette", "uvicorn", "httpx", "socket", "asyncio", "logging", "time"}

# What the read path may take from the write path: module -> reason.
FROM_RECEIVER = {
    "receiver.allocator": "`serve` sets how the process allocates memory",
    "receiver.transport.api_keys": "`doctor` checks the keys and shows one",
    "receiver.storage.compaction": "`compact` copies the store",
    "receiver.storage.disk_limits": "limits of `serve`",
    "receiver.errors": "an exit code for each error",
    "receiver.transport.exposure": "what `serve` warns of",
    "receiver.flatten.redaction_rules": "which attributes `serve` and `import` redact",
    "receiver.monitoring.health": "`doctor` asks for as much room as the receiver",
    "receiver.transport.http_server": "the local API runs in the same kind of server thread",
    "receiver.importer": "`import` writes files into the store",
    "receiver.lease": "finds the receiver that holds a store",
    "receiver.transport.http_auth": "gates ask for the receiver's keys",
    "receiver.transport.listener": "the ports where questions are asked",
    "receiver.monitoring.log_lines": "`serve` says how the log is written",
    "receiver.monitoring.log_words": "settings of the log",
    "receiver.monitoring.announcement_metrics": "what is announced is counted",
    "receiver.monitoring.metrics": "`serve` says its version",
    "receiver.storage.announcements": "what is announced is stored",
    "receiver.storage.marks": "`mark` writes what was deployed",
    "receiver.otlp_files.file_record": "the recordings of the demo",
    "receiver.otlp_files.files": "the recordings of the demo",
    "receiver.storage.reader_gate": "questions let a checkpoint through",
    "receiver.server": "`serve` starts the receiver",
    "receiver.settings": "addresses and limits of `serve`",
    "receiver.signals": "the recordings of the demo",
    "receiver.storage.statements": "what people tell crosses the local API",
    "receiver.storage.regrouping": "`regroup`, and what a store was grouped by",
    "receiver.storage.decisions": "`resolve` and `silence` write what was decided",
    "receiver.fingerprints.rules": "the rules of `deploylens.toml`",
    "receiver.fingerprints.messages.kind": "`explain-exception` shows what was replaced",
    "receiver.fingerprints.explanation": "`explain-exception` shows why",
    "receiver.fingerprints.frame": "frames of failing exceptions are looked up in a checkout",
    "receiver.fingerprints.place": "and read from their stack traces",
    "receiver.fingerprints.source_path": "which folders are no part of a program's name",
    "receiver.storage.store": "opens and checks the store",
    "receiver.transport.tls": "`doctor` checks the certificate",
}
# Where the receiver itself may be started from: the one place that starts everything.
STARTS_THE_RECEIVER = {"analysis/serving.py"}

VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

# Files that we wrote or generated; recorded data is somebody else's and stays as it was.
PLACES = (
    *("receiver", "analysis", "queries", "tests", "benchmarks", "examples", "docs"),
    *(".github", ".ci"),
)
TOP_SUFFIXES = {"", ".md", ".toml", ".yaml", ".lock"}
NOT_OURS = {"__pycache__", "node_modules", "build", "data", "demo_data", "pictures"}
# Files with invented absolute paths, as stack traces hold them: path -> reason.
INVENTED_PATHS = {
    "receiver/fingerprints/source_path.py": "shows what a path is reduced to",
    "tests/test_dialect_python.py": "stack traces from several build machines",
    "tests/test_fingerprint.py": "stack traces from several build machines",
    "tests/test_stacktrace.py": "stack traces from several build machines",
}
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(root|home|Users|work)/")
REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.(npmjs|yarnpkg)\.|proxy\.golang\.|sum\.golang\."
    r"|repo1?\.maven|crates\.io|rubygems\.org|docker\.io|ghcr\.io",
    re.IGNORECASE,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def named(path: Path) -> str:
    """The path from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
SQL_FILES = [*sorted((ROOT / "queries").rglob("*.sql")), ROOT / "receiver/storage/schema.sql"]
each_module = pytest.mark.parametrize("path", MODULES, ids=named)
each_sql_file = pytest.mark.parametrize("path", SQL_FILES, ids=named)


def lines_of(path: Path) -> list[str]:
    """The lines of a text file."""
    return path.read_text(encoding="utf-8").splitlines()


def functions(path: Path) -> Iterator[Function]:
    """Every function of a module, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def definitions(node: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Every class, and every function whose name says that others may call it."""
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield child
            if not child.name.startswith("_"):
                yield from definitions(child)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and (
            child.name.startswith("__") or not child.name.startswith("_")
        ):
            yield child


def imports(path: Path) -> set[str]:
    """The modules that a module names in its imports, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def our_files() -> Iterator[Path]:
    """Every text file of the repository that we wrote or generated."""
    tops = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TOP_SUFFIXES]
    below = [path for place in PLACES for path in (ROOT / place).rglob("*") if path.is_file()]
    for path in sorted([*tops, *below]):
        if not NOT_OURS.intersection(path.relative_to(ROOT).parts):
            yield path


@each_module
def test_modules_are_short(path: Path) -> None:
    """A module holds one noun in at most 300 lines; a longer one is listed with its reason."""
    length = len(lines_of(path))
    assert length <= MODULE_LINES_MAX or named(path) in LONG_MODULES


def test_exceptions_are_needed() -> None:
    """Whatever is listed as too long is there and is too long."""
    for name in LONG_MODULES:
        assert len(lines_of(ROOT / name)) > MODULE_LINES_MAX
    for name in LONG_SQL:
        assert len(lines_of(ROOT / name)) > SQL_LINES_MAX
    for name in INVENTED_PATHS:
        assert MACHINE_PATH.search((ROOT / name).read_text(encoding="utf-8"))


@each_module
def test_functions_fit_on_a_screen(path: Path) -> None:
    """A function is at most 50 lines long."""
    lengths = {one.name: (one.end_lineno or 0) - one.lineno + 1 for one in functions(path)}
    assert {name: n for name, n in lengths.items() if n > FUNCTION_LINES_MAX} == {}


@each_sql_file
def test_sql_files_are_short(path: Path) -> None:
    """A SQL file has at most 120 lines."""
    assert len(lines_of(path)) <= SQL_LINES_MAX or named(path) in LONG_SQL


@each_sql_file
def test_sql_lines_are_short(path: Path) -> None:
    """A line of SQL has at most 100 columns."""
    wide = [n for n, line in enumerate(lines_of(path), start=1) if len(line) > SQL_COLUMNS_MAX]
    assert wide == []


@each_module
def test_docstrings(path: Path) -> None:
    """Every module, class and public function says what it is."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(module)
    assert [one.name for one in definitions(module) if not ast.get_docstring(one)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests").glob("test_*.py")), ids=named)
def test_tests_state_facts(path: Path) -> None:
    """Every test has a docstring that says what is so."""
    tests = [one for one in functions(path) if one.name.startswith("test_")]
    assert [one.name for one in tests if not ast.get_docstring(one)] == []


def test_receiver_does_not_know_the_read_path() -> None:
    """The write path never imports the read path."""
    for path in (ROOT / "receiver").rglob("*.py"):
        assert "analysis" not in {name.partition(".")[0] for name in imports(path)}, named(path)


@pytest.mark.parametrize("folder", PURE)
def test_what_makes_rows_is_pure(folder: str) -> None:
    """What turns bytes into rows knows no database, socket or clock, and nothing that does."""
    for path in (ROOT / folder).rglob("*.py"):
        assert not {name.partition(".")[0] for name in imports(path)} & EDGES
        ours = {name for name in imports(path) if name.startswith("receiver.")}
        allowed = (*(pure.replace("/", ".") for pure in PURE), "receiver.signals")
        assert {
            name for name in ours if not name.startswith((*allowed, "receiver.errors"))
        } == set()


def test_what_the_read_path_takes_from_the_receiver() -> None:
    """The read path imports what is listed from the receiver, and all of that."""
    taken = {
        name
        for path in (ROOT / "analysis").rglob("*.py")
        for name in imports(path)
        if name.partition(".")[0] == "receiver"
    }
    assert taken == set(FROM_RECEIVER)


def test_one_place_starts_the_receiver() -> None:
    """Only one module of the read path starts a receiver."""
    found = {
        named(path)
        for path in (ROOT / "analysis").rglob("*.py")
        if "receiver.server" in imports(path)
    }
    assert found == STARTS_THE_RECEIVER


@each_module
def test_programs_do_not_import_tests(path: Path) -> None:
    """Nothing that is installed imports the tests or the benchmarks."""
    assert not {name.partition(".")[0] for name in imports(path)} & {"tests", "benchmarks"}


def test_queries_are_only_sql() -> None:
    """The folder of queries holds SQL and nothing else."""
    files = [path for path in (ROOT / "queries").rglob("*") if path.is_file()]
    assert [named(path) for path in files if path.suffix != ".sql"] == []


@each_module
def test_module_names(path: Path) -> None:
    """No module is named after one of the standard library's, or after nothing in particular."""
    assert path.stem not in sys.stdlib_module_names
    assert path.stem not in VAGUE_NAMES


@each_module
def test_ignored_warnings_have_a_reason(path: Path) -> None:
    """Whoever silences a checker says which rule, and why."""
    silenced = [line for line in lines_of(path) if re.search(r"#\s*(type: ignore|noqa)", line)]
    with_reason = re.compile(r"# (type: ignore\[[\w-]+\]|noqa: \w+)  # \w")
    assert [line for line in silenced if not with_reason.search(line)] == []


def test_nothing_is_left_to_do_in_the_code() -> None:
    """What is left to do is an issue, not a comment."""
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    for path in our_files():
        assert not word.search(path.read_text(encoding="utf-8")), named(path)


def test_no_file_names_a_machine() -> None:
    """No file holds an absolute path of somebody's machine."""
    for path in our_files():
        if named(path) not in INVENTED_PATHS:
            found = MACHINE_PATH.search(path.read_text(encoding="utf-8"))
            assert not found, f"{named(path)}: {found and found[0]}"


def test_no_file_names_a_registry() -> None:
    """No file, and no lock file, fixes the host that packages are fetched from."""
    for path in our_files():
        found = REGISTRY_HOST.search(path.read_text(encoding="utf-8"))
        assert not found, f"{named(path)}: {found and found[0]}"


def test_dependencies_have_a_reason() -> None:
    """Every dependency says on its line what it is there for."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    reasons = dict(re.findall(r'^    "([^"]+)",  # (\w.*)$', text, re.MULTILINE))
    assert [one for one in wanted if one not in reasons] == []


def test_readme_lists_the_saved_queries() -> None:
    """The table of the README is what `deploylens queries` says."""
    table = re.findall(r"^\| `(\w+)` \| (.+) \|$", section("Saved queries"), re.MULTILINE)
    assert table == [(query.name, query.title) for query in Catalog.load()]


@pytest.mark.parametrize("name", sorted(program.commands))
def test_readme_mentions_the_command(name: str) -> None:
    """The README says what every command is for."""
    assert re.search(rf"\bdeploylens {name}\b", readme())


def test_readme_names_commands_that_exist() -> None:
    """The README shows no command that there is not."""
    examples = "".join(re.findall(r"^```\w*$(.*?)^```$", readme(), re.MULTILINE | re.DOTALL))
    shown = set(re.findall(r"^(?:\$ )?deploylens ([\w-]+)", examples, re.MULTILINE))
    assert shown
    assert shown - set(program.commands) == set()


def test_links_lead_somewhere() -> None:
    """Every relative link in a document leads to a file that is there."""
    for path in (path for path in our_files() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{named(path)}: {target}"


def test_decisions_are_numbered() -> None:
    """Decisions are numbered without a gap, and the number stands in the title."""
    for number, path in enumerate(sorted((ROOT / ".github/adr").glob("*.md")), start=1):
        assert path.name.startswith(f"{number:04}-")
        assert lines_of(path)[0].startswith(f"# {number}. ")


def test_changelog_names_version_and_schema() -> None:
    """The changelog has an entry for this version and says which stores it reads."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entry = changelog.partition(f"## [{project['version']}]")[2].partition("\n## [")[0]
    assert f"schema version {SCHEMA_VERSION}" in " ".join(entry.split())


def readme() -> str:
    """The README."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """One section of the README, by its heading."""
    _, found, rest = readme().partition(f"\n## {title}\n")
    assert found, f"the README has no section {title!r}"
    return rest.partition("\n## ")[0]
