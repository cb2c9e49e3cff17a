"""What a store's fingerprints were made with, asked wherever the store is."""

from analysis.asking import Answering
from receiver.storage.regrouping import Grouping

_SQL = (
    "SELECT fingerprint_version, rules_digest FROM store.grouping"
    " ORDER BY grouped_at_unix_nano DESC LIMIT 1"
)


def stored_grouping(database: Answering) -> Grouping | None:
    """The version of the algorithm and the rules; None if the store does not say."""
    rows = database.sql(_SQL).table.to_pylist()
    return Grouping(**rows[0]) if rows else None
