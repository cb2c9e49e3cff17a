"""What people and pipelines tell us about a deployment: the rows of `deployment_marks`."""

import time
from dataclasses import asdict, dataclass, field

import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentMark:
    """One statement about one deployment; the fields are the columns, None is unknown."""

    service_name: str
    service_version: str
    service_namespace: str | None = None
    environment_name: str | None = None
    deployment_id: str | None = None
    vcs_revision: str | None = None
    previous_vcs_revision: str | None = None
    strategy: str | None = None
    irreversible: bool = False
    note: str | None = None
    marked_at_unix_nano: int = field(default_factory=time.time_ns)

    def __post_init__(self) -> None:
        """Refuse a mark that names no service or no version."""
        if not self.service_name or not self.service_version:
            raise ValueError("a deployment mark needs a service and a version, and one is empty.")


def insert_mark(connection: duckdb.DuckDBPyConnection, mark: DeploymentMark) -> None:
    """Add the mark to the store that is attached as `store`, in a transaction of its own."""
    values = asdict(mark)
    columns = ", ".join(values)
    places = ", ".join(f"${name}" for name in values)
    connection.execute(
        f"INSERT INTO store.deployment_marks ({columns}) VALUES ({places})",
        values,
    )
