"""A service in a store, simulated in SQL: `checkout` behind `web`, in front of `payment`.

Every trace is an order: `web` asks `checkout`, which asks `payment`. Version 1.0 of `checkout`
serves from 10:00, version 1.1 from 11:00 on, beside it or instead of it. What fails is told by
shares; every choice is a hash of the number of the order, so the same scenario is always the same.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from receiver.storage.store import open_store

START_NS = int(datetime(2026, 1, 2, 10, 0, tzinfo=UTC).timestamp()) * 10**9
HISTORY_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens in `minutes` minutes after 11:00, of `per_minute` orders each.

    `share` of them pass through 1.1; shares of failing orders: `old` and `new` start in checkout,
    `payment_new` in payment, whose version 3.1 comes at 11:00 too. `unanswered` calls of web to
    checkout reach nothing. `new_type` is what 1.1 raises. `endpoints` share the traffic evenly, and
    `failing_endpoints` of them fail as `new` says. `code` is the status of failures of 1.1.
    """

    minutes: int = 20
    per_minute: int = 400
    share: float = 0.5
    before: float = 0.005
    old: float = 0.005
    new: float = 0.005
    payment_new: float = 0.0
    unanswered: float = 0.0
    new_type: str = "OldError"
    endpoints: int = 1
    failing_endpoints: int = 1
    code: int = 500
    slow_ms: int = 20
    calls_payment: bool = True
    instances: int = 1
    service: str = "checkout"


def fill(path: Path, scenario: Scenario, statement: str = "") -> Path:
    """A new store with the orders of the scenario, after which `statement` is run in it."""
    with open_store(path) as connection:
        total = (HISTORY_MINUTES + scenario.minutes) * scenario.per_minute
        connection.execute(_SPANS, {"total": total, **_parameters(scenario)})
        connection.execute(
            _EXCEPTIONS, {"service": scenario.service, "new_type": scenario.new_type}
        )
        if statement:
            connection.execute(statement)
    return path


def _parameters(scenario: Scenario) -> dict[str, object]:
    return {
        "start": START_NS,
        "per_minute": scenario.per_minute,
        "history": HISTORY_MINUTES * scenario.per_minute,
        "share": scenario.share,
        "before": scenario.before,
        "old": scenario.old,
        "new": scenario.new,
        "payment_new": scenario.payment_new,
        "unanswered": scenario.unanswered,
        "endpoints": scenario.endpoints,
        "failing_endpoints": scenario.failing_endpoints,
        "code": scenario.code,
        "slow_ms": scenario.slow_ms,
        "calls_payment": scenario.calls_payment,
        "instances": scenario.instances,
        "service": scenario.service,
    }


_SPANS = """
INSERT INTO store.spans BY NAME
WITH orders AS (
    SELECT i, $start + (i * 60e9 / $per_minute)::BIGINT AS moment_ns, i >= $history AS later,
        (hash(i::VARCHAR || 'side') % 10000) / 10000 AS side,
        (hash(i::VARCHAR || 'fate') % 100000) / 100000 AS fate,
        (hash(i::VARCHAR || 'lost') % 100000) / 100000 AS lost,
        (hash(i::VARCHAR || 'endpoint') % $endpoints)::INTEGER AS endpoint,
        (hash(i::VARCHAR || 'instance') % $instances)::INTEGER AS instance
    FROM range($total) AS r(i)
), fates AS (
    SELECT *, later AND side < $share AS new,
        later AND lost < $unanswered AND side < $share AS unanswered
    FROM orders
), ends AS (
    SELECT *,
        NOT unanswered AND fate < CASE WHEN NOT later THEN $before WHEN new THEN
            CASE WHEN endpoint < $failing_endpoints THEN $new ELSE $old END ELSE $old END AS own,
        later AND NOT unanswered AND lost > 1 - $payment_new AS payment
    FROM fates
), spans AS (
    SELECT *, unnest(range(5)) AS step FROM ends
)
SELECT md5(i::VARCHAR)::UUID AS trace_id,
    hash(i, step) AS span_id,
    CASE WHEN step > 0 THEN hash(i, step - 1) END AS parent_span_id,
    0 AS flags,
    CASE WHEN step % 2 = 0 THEN 'SERVER' ELSE 'CLIENT' END AS span_kind,
    CASE step WHEN 0 THEN 'GET /' WHEN 2 THEN 'POST /pay/' || endpoint ELSE 'POST' END AS span_name,
    moment_ns + step * 1000000 AS start_time_unix_nano,
    1000000 * (CASE WHEN new THEN $slow_ms ELSE 20 END + 10 - step + i % 7) AS duration_ns,
    CASE WHEN failed THEN 'ERROR' ELSE 'UNSET' END AS status_code,
    CASE WHEN step < 2 THEN 'web' WHEN step < 4 THEN $service ELSE 'payment' END AS service_name,
    CASE WHEN step < 2 THEN '7' WHEN step = 4 THEN
        CASE WHEN later AND $payment_new > 0 THEN '3.1' ELSE '3.0' END
        WHEN new THEN '1.1' ELSE '1.0' END AS service_version,
    'prod' AS environment_name,
    CASE WHEN step < 2 THEN 'web-1' WHEN step = 4 THEN 'payment-1'
        ELSE CASE WHEN new THEN 'new-' ELSE 'old-' END || instance END AS instance_id,
    0 AS resource_id, 0 AS scope_dropped_attributes_count,
    CASE step WHEN 0 THEN 'GET /' WHEN 2 THEN 'POST /pay/' || endpoint
        WHEN 4 THEN 'POST /charge' END AS endpoint,
    CASE WHEN NOT failed THEN 'ok' WHEN new AND own AND $code < 500 THEN
        CASE WHEN step = 2 THEN 'client_error' ELSE 'ok' END ELSE 'server_error' END AS outcome,
    CASE step WHEN 1 THEN $service WHEN 3 THEN 'payment' END AS peer,
    CASE WHEN step % 2 = 0 THEN CASE WHEN NOT failed THEN 200 WHEN new AND own THEN $code
        ELSE 500 END END::INTEGER AS http_status_code,
    0 AS dropped_attributes_count, 0 AS dropped_events_count, 0 AS dropped_links_count,
    moment_ns + 2000000000 AS received_at_unix_nano,
    1 AS request_id
FROM (
    SELECT *, CASE WHEN unanswered THEN step < 2 WHEN own THEN step < 3 ELSE payment END AS failed
    FROM spans
)
WHERE (NOT unanswered OR step < 2) AND (step < 3 OR NOT new OR $calls_payment)
ORDER BY start_time_unix_nano
"""
_EXCEPTIONS = """
INSERT INTO store.exceptions BY NAME
SELECT trace_id, span_id, start_time_unix_nano + 1000000 AS time_unix_nano, 'traces' AS signal,
    'event' AS exception_source, service_name, service_version, environment_name, instance_id,
    resource_id, endpoint, type AS exception_type, 'it broke' AS exception_message,
    left(md5(type), 16) AS fingerprint, left(md5('loose' || type), 16) AS fingerprint_loose,
    2 AS fingerprint_version, 'shop.pay.charge' AS top_frame, 1 AS request_id
FROM (
    SELECT *, CASE WHEN service_version = '1.1' THEN $new_type ELSE 'OldError' END AS type
    FROM store.spans
    WHERE service_name = $service AND span_kind = 'SERVER' AND outcome = 'server_error'
)
"""
