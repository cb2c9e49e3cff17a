-- Exceptions recorded, each once.
-- When the same exception (trace, span, type, message) came as a span event and as a log record,
-- the span event is kept.
-- column trace_id VARCHAR: 32 hex digits; NULL for a log record outside a trace
-- column span_id VARCHAR: 16 hex digits
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column time TIMESTAMP_NS: when it was recorded, UTC; NULL past the year 2200
-- column signal VARCHAR: 'traces' (span event) or 'logs'
-- column event_name VARCHAR: name of the event
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version that recorded it
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id
-- column endpoint VARCHAR: endpoint of the span, when that is a request
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: exception.message
-- column exception_stacktrace VARCHAR: exception.stacktrace
-- column exception_escaped BOOLEAN: exception.escaped
-- column severity_number INTEGER: of the log record; NULL for a span event
-- column sdk_language VARCHAR: telemetry.sdk.language
-- column fingerprint VARCHAR: strict key: type, top in-app frame, parameterised message
-- column fingerprint_loose VARCHAR: loose key: type and in-app frames without line numbers
-- column fingerprint_version INTEGER: version of the fingerprint algorithm
-- column top_frame VARCHAR: top in-app frame
-- column adjusted_count DOUBLE: of the span; NULL when unknown
-- column weight DOUBLE: adjusted_count, or 1
CREATE OR REPLACE VIEW exceptions AS
SELECT
    trace_hex(e.trace_id) AS trace_id,
    span_hex(e.span_id) AS span_id,
    e.trace_id AS trace_key,
    e.span_id AS span_key,
    moment(e.time_unix_nano) AS time,
    e.signal,
    e.event_name,
    e.service_namespace, e.service_name, e.service_version,
    e.environment_name, e.deployment_id, e.instance_id,
    e.endpoint,
    e.exception_type, e.exception_message, e.exception_stacktrace, e.exception_escaped,
    e.severity_number,
    e.sdk_language,
    e.fingerprint, e.fingerprint_loose, e.fingerprint_version,
    e.top_frame,
    e.adjusted_count,
    weight(e.adjusted_count) AS weight
FROM store.exceptions AS e
WHERE e.signal <> 'logs' OR NOT EXISTS (
    SELECT 1 FROM store.exceptions AS event
    WHERE event.signal = 'traces'
        AND event.service_name = e.service_name
        AND event.trace_id = e.trace_id
        AND event.span_id = e.span_id
        AND event.exception_type IS NOT DISTINCT FROM e.exception_type
        AND event.exception_message IS NOT DISTINCT FROM e.exception_message
);
