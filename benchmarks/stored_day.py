"""A store of a busy day: three services that call each other, one with a candidate at its end."""

from dataclasses import dataclass
from pathlib import Path

from receiver.storage.store import open_store

SERVICE, BASELINE, CANDIDATE = "checkout", "1.3.9", "1.4.0"
SPANS_PER_TRACE = 5
DAY_HOURS = 24
_START_NS = 1_795_996_800 * 10**9
_HOUR_NS = 3_600 * 10**9
_STEPS = 16

# web answers and calls checkout, which answers and calls payment, which answers. Every choice is
# made by a hash of the trace's number, so that the same store comes out each time.
_SPANS = """
INSERT INTO store.spans BY NAME
WITH traces AS (
    SELECT i, hash(i) AS h,
        $start_ns + (i * ($day_ns / $traces))::BIGINT AS start_ns,
        i >= $traces - $traces * ($candidate_ns / $day_ns) AND hash(i, 'side') % 2 = 0 AS candidate,
        hash(i, 'failure') % 1000 AS chance
    FROM range($first, $until) AS r(i)
), spans AS (
    SELECT *, chance < CASE WHEN candidate THEN 50 ELSE 5 END AS fails, unnest(range(5)) AS depth
    FROM traces
)
SELECT
    md5(i::VARCHAR)::UUID AS trace_id,
    hash(i, depth) AS span_id,
    CASE WHEN depth > 0 THEN hash(i, depth - 1) END AS parent_span_id,
    CASE WHEN depth % 2 = 0 THEN 'SERVER' ELSE 'CLIENT' END AS span_kind,
    ['GET /shop/', 'POST checkout', 'POST /pay/', 'POST payment', 'POST /charge/'][depth + 1]
        || CASE WHEN depth % 2 = 0 THEN (h % 20)::VARCHAR ELSE '' END AS span_name,
    start_ns + depth * 1_000_000 AS start_time_unix_nano,
    (50_000_000 + h % 50_000_000 - depth * 5_000_000)::BIGINT AS duration_ns,
    CASE WHEN fails AND depth < 3 THEN 'ERROR' ELSE 'UNSET' END AS status_code,
    ['web', 'web', 'checkout', 'checkout', 'payment'][depth + 1] AS service_name,
    CASE service_name WHEN 'web' THEN '7' WHEN 'payment' THEN '2.0'
        ELSE CASE WHEN candidate THEN $candidate ELSE $baseline END END AS service_version,
    'production' AS environment_name,
    service_name || '-' || CASE WHEN service_name = 'checkout' AND candidate THEN 'b' ELSE 'a' END
        || (h % 8)::VARCHAR AS instance_id,
    0 AS resource_id,
    CASE WHEN depth % 2 = 0 THEN span_name END AS endpoint,
    CASE WHEN fails AND depth < 3 THEN 'server_error' ELSE 'ok' END AS outcome,
    CASE depth WHEN 1 THEN 'checkout' WHEN 3 THEN 'payment' END AS peer,
    CASE WHEN depth % 2 = 0 THEN CASE WHEN fails AND depth < 3 THEN 500 ELSE 200 END END
        AS http_status_code,
    '{"http.request.method":"POST","user.tier":"' || (h % 3) || '","region":"eu-' || (h % 5) || '"}'
        AS attributes,
    start_ns + 2_000_000_000 AS received_at_unix_nano,
    0 AS flags, 0 AS scope_dropped_attributes_count, 0 AS dropped_attributes_count,
    0 AS dropped_events_count, 0 AS dropped_links_count, 1 AS request_id
FROM spans
ORDER BY start_time_unix_nano
"""
_EXCEPTIONS = """
INSERT INTO store.exceptions BY NAME
SELECT trace_id, span_id, start_time_unix_nano + 1_000_000 AS time_unix_nano,
    'traces' AS signal, 'event' AS exception_source,
    service_name, service_version, environment_name, instance_id, resource_id, endpoint,
    CASE WHEN service_version = $candidate AND hash(span_id) % 10 < 9 THEN 'NewError'
        ELSE 'Error' || hash(span_id) % 40 END AS exception_type,
    'it broke' AS exception_message,
    left(md5(exception_type), 16) AS fingerprint,
    left(md5('loose ' || exception_type), 16) AS fingerprint_loose,
    2 AS fingerprint_version, 'app.pay.charge' AS top_frame, 1 AS request_id
FROM store.spans
WHERE service_name = $service AND span_kind = 'SERVER' AND outcome = 'server_error'
"""


@dataclass(frozen=True, slots=True)
class StoredDay:
    """How many spans the day has, and for how many of its last hours half of the requests to
    `checkout` reach the candidate, of which 5 % fail; of the baseline 0.5 %."""

    spans: int
    candidate_hours: float


def fill_day(store: Path, day: StoredDay) -> None:
    """Write the spans and exceptions of the day."""
    traces = day.spans // SPANS_PER_TRACE
    values = {
        "start_ns": _START_NS,
        "day_ns": DAY_HOURS * _HOUR_NS,
        "candidate_ns": int(day.candidate_hours * _HOUR_NS),
        "traces": traces,
        "candidate": CANDIDATE,
        "baseline": BASELINE,
    }
    step = -(-traces // _STEPS)
    with open_store(store) as connection:
        connection.execute("SET enable_progress_bar = false")
        for first in range(0, traces, step):
            batch = {"first": first, "until": min(traces, first + step)}
            connection.execute(_SPANS, values | batch)
        connection.execute(_EXCEPTIONS, {"service": SERVICE, "candidate": CANDIDATE})
