-- Occurrences of one exception, with all that decided how it was grouped.
-- The latest of each strict fingerprint first, so that a loose one shows its variety; then the
-- latest of the rest.
-- param fingerprint VARCHAR: strict or loose key, or its first 6 hexadecimal digits or more
-- param rows_max BIGINT = 5: occurrences to return
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: exception.message
-- column exception_stacktrace VARCHAR: exception.stacktrace
-- column sdk_language VARCHAR: telemetry.sdk.language
-- column exception_source VARCHAR: 'event', 'log', or 'status': a failed span without an exception
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column fingerprint_version INTEGER: version of the fingerprint algorithm
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version that recorded it
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id
-- column endpoint VARCHAR: endpoint of the span, when that is a request
-- column time TIMESTAMP_NS: when it was recorded, UTC
-- column trace_id VARCHAR: 32 hex digits; NULL for a log record outside a trace
-- column span_id VARCHAR: 16 hex digits
-- column signal VARCHAR: 'traces' or 'logs'
SELECT
    e.exception_type, e.exception_message, e.exception_stacktrace,
    e.sdk_language, e.exception_source,
    e.fingerprint, e.fingerprint_loose, e.fingerprint_version, e.top_frame,
    e.service_namespace, e.service_name, e.service_version,
    e.environment_name, e.deployment_id, e.instance_id,
    e.endpoint, e.time, e.trace_id, e.span_id, e.signal
FROM exceptions AS e
JOIN asked_fingerprint($fingerprint) AS asked
    ON asked.fingerprint IN (e.fingerprint, e.fingerprint_loose)
ORDER BY
    row_number() OVER (PARTITION BY e.fingerprint ORDER BY e.time DESC, e.trace_key, e.span_key),
    e.time DESC, e.fingerprint, e.trace_key, e.span_key
LIMIT $rows_max;
