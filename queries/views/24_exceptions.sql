-- Exceptions, each once: recorded ones, and failed spans that recorded none.
-- A log record is left out when a span event brought the same exception: same trace and span, same
-- class (SDKs name it with its package on one signal and without on the other), same_message. A
-- failed span is left out when a log record brought an exception for it.
-- column trace_id VARCHAR: 32 hex digits; NULL for a log record outside a trace
-- column span_id VARCHAR: 16 hex digits
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column time TIMESTAMP_NS: when it was recorded, UTC; NULL past the year 2200
-- column signal VARCHAR: 'traces' or 'logs'
-- column exception_source VARCHAR: 'event', 'log', or 'status': a failed span without an exception
-- column event_name VARCHAR: name of the event
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version that recorded it
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id
-- column endpoint VARCHAR: endpoint of the span, when that is a request
-- column exception_type VARCHAR: exception.type; error.type of a failed span
-- column exception_message VARCHAR: exception.message; status description of a failed span
-- column exception_stacktrace VARCHAR: exception.stacktrace
-- column exception_escaped BOOLEAN: exception.escaped
-- column severity_number INTEGER: of the log record; NULL for a span event
-- column sdk_language VARCHAR: telemetry.sdk.language
-- column fingerprint VARCHAR: strict key: type, top in-app frame, parameterised message
-- column fingerprint_loose VARCHAR: loose key: type and in-app frames without line numbers
-- column fingerprint_version INTEGER: version of the fingerprint algorithm
-- column top_frame VARCHAR: top in-app frame; of a failed span its endpoint, peer or name
-- column adjusted_count DOUBLE: of the span; NULL when unknown
-- column weight DOUBLE: adjusted_count, or 1
CREATE OR REPLACE VIEW exceptions AS
WITH copies AS (
    SELECT log.rowid AS place
    FROM store.exceptions AS log
    JOIN store.exceptions AS event
        ON event.service_name = log.service_name
        AND event.trace_id = log.trace_id
        AND event.span_id = log.span_id
        AND class_name(event.exception_type) IS NOT DISTINCT FROM class_name(log.exception_type)
        AND same_message(event.exception_message, log.exception_message)
    WHERE log.exception_source = 'log' AND event.exception_source = 'event'
    UNION ALL
    SELECT span.rowid
    FROM store.exceptions AS span
    JOIN store.exceptions AS log
        ON log.service_name = span.service_name
        AND log.trace_id = span.trace_id
        AND log.span_id = span.span_id
    WHERE span.exception_source = 'status' AND log.exception_source = 'log'
), texts AS (
    -- The writer stores a text once; if it ever did not, no row is doubled here.
    SELECT stacktrace_id, stacktrace
    FROM store.stacktraces
    WHERE rowid IN (SELECT min(rowid) FROM store.stacktraces GROUP BY stacktrace_id)
)
SELECT
    trace_hex(e.trace_id) AS trace_id,
    span_hex(e.span_id) AS span_id,
    e.trace_id AS trace_key,
    e.span_id AS span_key,
    moment(e.time_unix_nano) AS time,
    e.signal,
    e.exception_source,
    e.event_name,
    e.service_namespace, e.service_name, e.service_version,
    e.environment_name, e.deployment_id, e.instance_id,
    e.endpoint,
    e.exception_type, e.exception_message,
    with_message(t.stacktrace, e.exception_message, e.message_at) AS exception_stacktrace,
    e.exception_escaped,
    e.severity_number,
    e.sdk_language,
    e.fingerprint, e.fingerprint_loose, e.fingerprint_version,
    e.top_frame,
    e.adjusted_count,
    weight(e.adjusted_count) AS weight
FROM store.exceptions AS e
LEFT JOIN texts AS t ON t.stacktrace_id = e.stacktrace_id
WHERE e.rowid NOT IN (SELECT place FROM copies);
