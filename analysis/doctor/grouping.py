"""Are stored exceptions grouped as these settings say?"""

from pathlib import Path

from analysis.database import open_database
from analysis.doctor.check import Check, ok, warning
from analysis.query_error import QueryError
from analysis.stored_grouping import stored_grouping
from receiver.fingerprints.rules import GroupingRules
from receiver.storage.regrouping import Grouping, wanted_grouping
from receiver.storage.store import StoreError, StoreMissing

_NAME = "grouping of exceptions"


def check_grouping(store: Path, rules: GroupingRules) -> Check:
    """Asks the store, wherever it is, what its fingerprints were made with."""
    try:
        with open_database(store) as database:
            stored = stored_grouping(database)
    except StoreMissing:
        return ok(_NAME, "nothing is stored yet")
    except (StoreError, QueryError) as error:
        step = "See the check of the store."
        return warning(_NAME, f"not known, the store cannot be asked: {error}", step)
    wanted = wanted_grouping(rules)
    if stored == wanted:
        return ok(_NAME, f"as set: {_words(wanted)}")
    return warning(
        _NAME,
        f"stored: {_words(stored)}; set: {_words(wanted)}",
        "Restart the receiver with these settings: it groups again at start. Without a receiver,"
        " run `deploylens regroup`. Until then known exceptions may look new.",
    )


def _words(grouping: Grouping | None) -> str:
    if grouping is None:
        return "not known"
    rules = f"rules {grouping.rules_digest}" if grouping.rules_digest else "no own rules"
    return f"version {grouping.fingerprint_version}, {rules}"
