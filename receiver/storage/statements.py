"""What a store is told beside what it receives, each kind with its table: by people and pipelines,
and by what announces."""

import duckdb

from receiver.storage.announcements import Announcing, insert_announcing
from receiver.storage.decisions import Resolution, Silence, insert_decision
from receiver.storage.marks import DeploymentMark, insert_mark

Statement = DeploymentMark | Resolution | Silence | Announcing
# What others may tell, by the word that tells it: a command, and a path of the local API.
STATEMENTS: dict[str, type[Statement]] = {
    "mark": DeploymentMark,
    "resolve": Resolution,
    "silence": Silence,
}


def insert_statement(connection: duckdb.DuckDBPyConnection, statement: Statement) -> None:
    """Add it to the store that is attached as `store`, in a transaction of its own."""
    if isinstance(statement, DeploymentMark):
        insert_mark(connection, statement)
    elif isinstance(statement, Resolution | Silence):
        insert_decision(connection, statement)
    else:
        insert_announcing(connection, statement)
