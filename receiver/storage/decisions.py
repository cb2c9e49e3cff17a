"""What people decided about exceptions: the rows of `resolutions` and `silences`.

Of each fingerprint and service the latest row counts. A row keeps an example of what it was decided
about, so that the decision finds its group again when stored exceptions are grouped anew.
"""

import time
from dataclasses import asdict, dataclass, field

import duckdb

# Filled when the decision is stored, never by who decides.
EXAMPLE_COLUMNS = ("exception_type", "exception_message", "exception_stacktrace", "sdk_language")

_KEY_LENGTH_MAX = 64
_FINGERPRINT = "$fingerprint IN (e.fingerprint, e.fingerprint_loose)"
_LATEST_STORED = f"""
    SELECT e.exception_type, e.exception_message,
        CASE WHEN e.message_at IS NULL THEN s.stacktrace
            ELSE left(s.stacktrace, e.message_at) || coalesce(e.exception_message, '')
                || substr(s.stacktrace, e.message_at + 1) END AS exception_stacktrace,
        e.sdk_language
    FROM (
        SELECT * FROM store.exceptions AS e WHERE {_FINGERPRINT}
        ORDER BY time_unix_nano DESC, request_id DESC LIMIT 1
    ) AS e LEFT JOIN store.stacktraces AS s USING (stacktrace_id)"""
_LATEST_DELETED = f"""
    SELECT {", ".join(EXAMPLE_COLUMNS)}
    FROM store.exception_history AS e WHERE {_FINGERPRINT}
    ORDER BY last_seen_unix_nano DESC NULLS LAST LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Resolution:
    """An exception is thought to be mended; the fields are columns.

    `fingerprint` is a strict or a loose key. Without `service_name` it is so in every service.
    `in_version` is the first version that has the mend; None: whatever is deployed later.
    `withdrawn` takes back what was decided before.
    """

    fingerprint: str
    service_name: str | None = None
    in_version: str | None = None
    note: str | None = None
    withdrawn: bool = False
    decided_at_unix_nano: int = field(default_factory=time.time_ns)

    def __post_init__(self) -> None:
        """Refuse what names no exception."""
        _check_key(self.fingerprint)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody wants to hear of an exception for now; the fields are columns.

    As a Resolution; `until_unix_nano` is when it is told of again, None: when the silence is
    withdrawn.
    """

    fingerprint: str
    service_name: str | None = None
    until_unix_nano: int | None = None
    note: str | None = None
    withdrawn: bool = False
    decided_at_unix_nano: int = field(default_factory=time.time_ns)

    def __post_init__(self) -> None:
        """Refuse what names no exception."""
        _check_key(self.fingerprint)


Decision = Resolution | Silence
DECISION_TABLES: dict[type[Decision], str] = {Resolution: "resolutions", Silence: "silences"}


def insert_decision(connection: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Add the decision to the store that is attached as `store`, in a transaction of its own.

    Its example is the latest exception of that fingerprint: of the stored ones, else of those that
    were deleted; unknown if there is none.
    """
    values = asdict(decision)
    given = ", ".join(f"${name} AS {name}" for name in values)
    connection.execute(
        f"""INSERT INTO store.{DECISION_TABLES[type(decision)]} BY NAME
        WITH stored AS ({_LATEST_STORED}), deleted AS ({_LATEST_DELETED})
        SELECT {given}, example.*
        FROM (SELECT 1) LEFT JOIN (
            FROM stored
            UNION ALL SELECT * FROM deleted WHERE NOT EXISTS (FROM stored)
        ) AS example ON true""",
        values,
    )


def _check_key(fingerprint: str) -> None:
    if not fingerprint or len(fingerprint) > _KEY_LENGTH_MAX:
        raise ValueError(
            f"a decision is about one fingerprint of 1 to {_KEY_LENGTH_MAX} characters, not"
            f" {fingerprint[:_KEY_LENGTH_MAX]!r}."
        )
