-- What the compared windows showed of each exception: when, and one example.
-- One row per strict fingerprint. Times and traces are the candidate's where it showed any, else
-- the baseline's. The text is of the candidate's first sighting, else of the baseline's last: of
-- what came, and of what was left.
-- Parameters as in watched_requests.
-- column fingerprint VARCHAR: strict key
-- column first_seen TIMESTAMP_NS: first sighting
-- column last_seen TIMESTAMP_NS: last sighting
-- column compared_from TIMESTAMP_NS: first sighting in either window
-- column compared_until TIMESTAMP_NS: last sighting in either window
-- column candidate_weight DOUBLE: sightings in the candidate's window, weighted
-- column baseline_weight DOUBLE: sightings in the baseline's window, weighted
-- column first_trace_key UUID: trace of the first
-- column last_trace_key UUID: trace of the last
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: exception.message
-- column exception_stacktrace VARCHAR: exception.stacktrace
-- column top_frame VARCHAR: top in-app frame
-- column exception_source VARCHAR: 'event', 'log' or 'status'
CREATE OR REPLACE MACRO exception_windows(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH sides AS (
    SELECT fingerprint, side,
        min(time) AS first_seen,
        max(time) AS last_seen,
        sum(weight) AS weight,
        arg_min({'trace': trace_key, 'span': span_key}, (time, span_key)) AS first,
        arg_max({'trace': trace_key, 'span': span_key}, (time, span_key)) AS last
    FROM sided_exceptions(asked_service, asked_version, asked_comparison)
    GROUP BY fingerprint, side
), shown AS (
    SELECT fingerprint,
        arg_max(first_seen, side) AS first_seen,
        arg_max(last_seen, side) AS last_seen,
        arg_max(first, side) AS first,
        arg_max(last, side) AS last,
        min(first_seen) AS compared_from,
        max(last_seen) AS compared_until,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        CASE WHEN max(side) = 'candidate' THEN arg_max(first, side) ELSE arg_max(last, side) END
            AS example,
        epoch_ns(CASE WHEN max(side) = 'candidate'
            THEN arg_max(first_seen, side) ELSE arg_max(last_seen, side) END) AS example_unix_nano
    FROM sides
    GROUP BY fingerprint
), examples AS (
    -- From the stored rows, so that no other stack trace is put together.
    SELECT s.fingerprint,
        arg_min({
            'type': e.exception_type,
            'message': e.exception_message,
            'stacktrace_id': e.stacktrace_id,
            'message_at': e.message_at,
            'top_frame': e.top_frame,
            'source': e.exception_source
        }, e.exception_source) AS text
    FROM shown AS s
    JOIN store.exceptions AS e
        ON e.fingerprint = s.fingerprint
        AND e.time_unix_nano = s.example_unix_nano
        AND e.span_id IS NOT DISTINCT FROM s.example.span
        AND e.trace_id IS NOT DISTINCT FROM s.example.trace
    WHERE e.service_name = asked_service
    GROUP BY s.fingerprint
)
SELECT s.fingerprint, s.first_seen, s.last_seen, s.compared_from, s.compared_until,
    s.candidate_weight, s.baseline_weight,
    s.first.trace AS first_trace_key,
    s.last.trace AS last_trace_key,
    x.text.type AS exception_type,
    x.text.message AS exception_message,
    with_message(t.stacktrace, x.text.message, x.text.message_at) AS exception_stacktrace,
    x.text.top_frame AS top_frame,
    x.text.source AS exception_source
FROM shown AS s
LEFT JOIN examples AS x ON x.fingerprint = s.fingerprint
LEFT JOIN (
    SELECT stacktrace_id, any_value(stacktrace) AS stacktrace
    FROM store.stacktraces
    GROUP BY stacktrace_id
) AS t ON t.stacktrace_id = x.text.stacktrace_id;
