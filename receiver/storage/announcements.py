"""What is announced to the outside: the rows of `announcements` and `announcement_deliveries`.

An event is stored with a delivery to each target before anything is sent, and each delivery is
noted as soon as its target answered. So nothing is forgotten by a restart, and nothing that was
noted is sent again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

WAITING, SENT, REFUSED, GIVEN_UP = "waiting", "sent", "refused", "given_up"

_EVENT = (
    *("event_id", "event_type", "service_namespace", "service_name", "service_version"),
    *("environment_name", "deployment_id", "verdict", "announced_as", "event_data"),
    "announced_at_unix_nano",
)
_INSERT_EVENT = f"""
    INSERT INTO store.announcements ({", ".join(_EVENT)})
    SELECT {", ".join(f"${name}" for name in _EVENT)}
    WHERE NOT EXISTS (FROM store.announcements WHERE event_id = $event_id)"""
_INSERT_DELIVERIES = """
    INSERT INTO store.announcement_deliveries BY NAME
    SELECT $event_id AS event_id, target_name, 'waiting' AS state, 0 AS attempts,
        $announced_at_unix_nano AS next_try_unix_nano, $announced_at_unix_nano AS noted_at_unix_nano
    FROM (SELECT unnest($targets::VARCHAR[]) AS target_name) AS t
    WHERE NOT EXISTS (
        FROM store.announcement_deliveries AS d
        WHERE d.event_id = $event_id AND d.target_name = t.target_name)"""
_NOTE = """
    UPDATE store.announcement_deliveries SET
        state = $state, attempts = $attempts, next_try_unix_nano = $next_try_unix_nano,
        reference = coalesce($reference, reference), noted_at_unix_nano = $noted_at_unix_nano
    WHERE event_id = $event_id AND target_name = $target_name"""
_OLD = """
    SELECT event_id FROM store.announcements AS a
    WHERE announced_at_unix_nano < $before_unix_nano AND NOT EXISTS (
        FROM store.announcement_deliveries AS d
        WHERE d.event_id = a.event_id AND d.state = 'waiting')"""
_ANNOUNCED = """
    SELECT a.* EXCLUDE (event_data, announced_at_unix_nano)
    FROM store.announcements AS a ORDER BY announced_at_unix_nano, rowid"""
_WAITING = """
    SELECT d.event_id, d.target_name, d.attempts, d.next_try_unix_nano,
        a.event_data, a.announced_at_unix_nano
    FROM store.announcement_deliveries AS d JOIN store.announcements AS a USING (event_id)
    WHERE d.state = 'waiting' ORDER BY a.announced_at_unix_nano, a.rowid"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One event and the names of the targets it goes to; the other fields are columns.

    Stored once, however often it is told.
    """

    event_id: str
    event_type: str
    service_namespace: str | None
    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    verdict: str | None
    announced_as: str | None
    event_data: str
    announced_at_unix_nano: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNote:
    """What became of an event at a target; the fields are columns. An unknown `reference` leaves
    the one that was noted."""

    event_id: str
    target_name: str
    state: str
    attempts: int
    next_try_unix_nano: int
    reference: str | None
    noted_at_unix_nano: int


@dataclass(frozen=True, slots=True)
class OldAnnouncements:
    """Events announced before this moment are forgotten, but for those that still wait."""

    before_unix_nano: int


@dataclass(frozen=True, slots=True)
class Announced:
    """An event as it was announced, without what was said; the fields are columns."""

    event_id: str
    event_type: str
    service_namespace: str | None
    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    verdict: str | None
    announced_as: str | None


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """An event that waits for a target; the fields are columns."""

    event_id: str
    target_name: str
    attempts: int
    next_try_unix_nano: int
    event_data: str
    announced_at_unix_nano: int


Announcing = Announcement | DeliveryNote | OldAnnouncements


def insert_announcing(connection: duckdb.DuckDBPyConnection, told: Announcing) -> None:
    """Write it into the store that is attached as `store`, within the caller's transaction."""
    values = asdict(told)
    match told:
        case Announcement():
            targets = list(values.pop("targets"))
            connection.execute(_INSERT_EVENT, values)
            to_each = {name: values[name] for name in ("event_id", "announced_at_unix_nano")}
            connection.execute(_INSERT_DELIVERIES, {**to_each, "targets": targets})
        case DeliveryNote():
            connection.execute(_NOTE, values)
        case OldAnnouncements():
            rows = connection.execute(_OLD, values).fetchall()
            old = {"old": [event_id for (event_id,) in rows]}
            for table in ("announcement_deliveries", "announcements"):
                connection.execute(
                    f"DELETE FROM store.{table} WHERE event_id IN (SELECT unnest($old))", old
                )


def announced(connection: duckdb.DuckDBPyConnection) -> list[Announced]:
    """Every event that is remembered, the earliest first; raises duckdb.Error."""
    with _rows(connection, _ANNOUNCED) as rows:
        return [Announced(*row) for row in rows]


def waiting_deliveries(connection: duckdb.DuckDBPyConnection) -> list[WaitingDelivery]:
    """What waits to be sent, the earliest event first; raises duckdb.Error."""
    with _rows(connection, _WAITING) as rows:
        return [WaitingDelivery(*row) for row in rows]


@contextmanager
def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> Iterator[list[Any]]:  # Any: tuples of whatever the columns hold
    with connection.cursor() as cursor:
        yield cursor.execute(sql).fetchall()
