"""A store and the catalogue of questions, opened together; and what every command asks first."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from analysis.catalog import Catalog, SavedQuery, user_query_folders
from analysis.database import open_database
from analysis.deployment_name import Deployed, DeploymentName
from analysis.empty_states import NothingStored, nothing_stored
from analysis.reading_room import QUERY_TIMEOUT_S, SqlAnswer, SqlLimits
from analysis.rows import Rows, rows_from_arrow
from analysis.settings import Settings


class Answering(Protocol):
    """What answers: a store from outside, or from within the receiver that holds it."""

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query; raises ParameterError, QueryError or StoreError."""

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
    ) -> SqlAnswer:
        """The first rows of a statement in the sandbox; raises QueryError or StoreError."""


@dataclass(frozen=True, slots=True)
class Asking:
    """An open store and what can be asked of it."""

    database: Answering
    catalog: Catalog

    def rows(
        self,
        name: str,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> Rows:
        """The rows of the saved query of that name."""
        return rows_from_arrow(self.database.run(self.catalog[name], parameters, timeout_s))

    def deployment_names(self) -> list[DeploymentName]:
        """Every version of every service that is stored or marked, the latest first."""
        return list(dict.fromkeys(deployed.name for deployed in self.deployed()))

    def deployed(self) -> list[Deployed]:
        """Every deployment that is stored or marked, the latest first."""
        return self.rows("deployments").records(Deployed)


def load_catalog(settings: Settings) -> Catalog:
    """Our queries and the user's own."""
    return Catalog.load(user_query_folders(settings.query_folders))


@contextmanager
def asking(settings: Settings) -> Iterator[Asking]:
    """The store that was set, open for the length of the block, and the catalogue."""
    catalog = load_catalog(settings)
    with open_database(Path(settings.store)) as database:
        try:
            yield Asking(database, catalog)
        except NothingStored:
            raise NothingStored(nothing_stored(settings.store)) from None
