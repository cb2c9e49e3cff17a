"""A store and the catalogue of questions, opened together; and what every command asks first."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis.catalog import Catalog, user_query_folders
from analysis.database import Database, open_database
from analysis.deployment_name import Deployed, DeploymentName
from analysis.reading_room import QUERY_TIMEOUT_S
from analysis.rows import Rows, rows_from_arrow
from analysis.settings import Settings


@dataclass(frozen=True, slots=True)
class Asking:
    """An open store and what can be asked of it."""

    database: Database
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
        yield Asking(database, catalog)
