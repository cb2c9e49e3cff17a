"""The catalogue: every saved query that can be asked, the packaged ones and the user's own."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from analysis.parameters import Parameter, ParameterError
from analysis.saved_query import Column, QueryHeaderError, SavedQuery, bind, read_saved_query
from analysis.suggestion import did_you_mean

__all__ = [
    "Catalog",
    "Column",
    "Parameter",
    "ParameterError",
    "QueryFolderError",
    "QueryHeaderError",
    "QueryNameError",
    "SavedQuery",
    "bind",
    "packaged_queries",
    "user_query_folders",
]

VIEWS_FOLDER = "views"


class QueryNameError(LookupError):
    """A query name that nothing has, or that two files claim."""


class QueryFolderError(ValueError):
    """A folder of queries that was asked for and is not there."""


class Catalog:
    """Saved queries by name. A file that cannot be used spoils its own name and no other.

    `problems` holds, by query name, why a file cannot be used; asking for that name raises it.
    `refused` holds, by query name, the user's files that claim a name of ours, which stays ours.
    """

    def __init__(
        self,
        queries: Mapping[str, SavedQuery],
        problems: Mapping[str, Exception] | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        """Hold these queries; `problems` are raised for the names they stand under."""
        self.refused: Mapping[str, str] = MappingProxyType(dict(refused or {}))
        self._queries = dict(sorted(queries.items()))
        self.problems: Mapping[str, Exception] = MappingProxyType(dict(problems or {}))

    @classmethod
    def load(cls, folders: Iterable[Path] = (), packaged: Path | None = None) -> "Catalog":
        """The packaged queries and those in the given folders, which are not trusted.

        A packaged name stays ours. One that two other files claim belongs to neither: asking for
        it raises QueryNameError.
        """
        queries: dict[str, SavedQuery] = {}
        problems: dict[str, Exception] = {}
        refused: dict[str, str] = {}
        home = (packaged or packaged_queries()).resolve()
        seen: dict[str, Path] = {}
        for folder in dict.fromkeys([home, *(f.resolve() for f in folders)]):
            for path in _query_files(folder):
                name = path.stem
                if name in seen and folder != home and seen[name].is_relative_to(home):
                    refused[name] = _refusal(name, path, seen[name], refused.get(name))
                    continue
                if name in seen:
                    problems[name] = QueryNameError(
                        f"two files claim the query name {name!r}: {seen[name]} and {path}."
                        " Rename yours; nothing is shadowed."
                    )
                    continue
                seen[name] = path
                try:
                    queries[name] = read_saved_query(path, trusted=folder == home)
                except QueryHeaderError as error:
                    problems[name] = error
        return cls({n: q for n, q in queries.items() if n not in problems}, problems, refused)

    def __getitem__(self, name: str) -> SavedQuery:
        """The query of that name; raises QueryNameError, or what is wrong with its file."""
        if name in self.problems:
            raise self.problems[name]
        if name not in self._queries:
            raise QueryNameError(
                f"unknown query {name!r}.{did_you_mean(name, self._queries)}"
                " 'deploylens queries' lists them all."
            )
        return self._queries[name]

    def __contains__(self, name: object) -> bool:
        """Whether the name can be asked for without an error."""
        return name in self._queries

    def __iter__(self) -> Iterator[SavedQuery]:
        """The usable queries, sorted by name."""
        return iter(self._queries.values())

    def __len__(self) -> int:
        """How many queries can be asked."""
        return len(self._queries)


def packaged_queries() -> Path:
    """The folder of our own queries: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "queries"
    return inside if inside.is_dir() else package.parent / "queries"


def user_query_folders(
    named: Iterable[Path] = (), environ: Mapping[str, str] = os.environ, here: Path | None = None
) -> list[Path]:
    """The folders a user's own queries come from: home, the current folder, then those named.

    The first two may be absent; a named one that is no folder raises QueryFolderError.
    """
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")) / ".config")
    usual = [
        config.expanduser() / "deploylens/queries",
        (here or Path.cwd()) / "deploylens-queries",
    ]
    asked = list(named)
    for folder in asked:
        if not folder.is_dir():
            raise QueryFolderError(f"--queries {folder}: no such folder.")
    return [*(folder for folder in usual if folder.is_dir()), *asked]


def _query_files(folder: Path) -> list[Path]:
    views = folder / VIEWS_FOLDER
    return sorted(path for path in folder.rglob("*.sql") if views not in path.parents)


def _refusal(name: str, path: Path, ours: Path, before: str | None) -> str:
    """Why a user's file is not used; after what was said of another one of that name."""
    words = (
        f"{path} is not used: the query name {name!r} is taken by {ours}."
        " Rename yours; nothing is shadowed."
    )
    return words if before is None else f"{before}\n{words}"
