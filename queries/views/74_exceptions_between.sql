-- Exceptions of a window, each once, without their texts. What the `exceptions` view leaves out as
-- a copy is left out here; and what claims to have happened after it was received.
-- param asked_since TIMESTAMP: start of the window
-- param asked_until TIMESTAMP: its end, not included
-- param asked_service VARCHAR: service name; NULL: all
-- param asked_environment VARCHAR: environment name; NULL: all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column time_unix_nano BIGINT: when it was recorded
-- column trace_key UUID: trace_id as stored; NULL for a log record outside a trace
-- column span_key UBIGINT: span_id as stored
-- column exception_source VARCHAR: 'event', 'log' or 'status'
-- column exception_type VARCHAR: exception.type; error.type of a failed span
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
CREATE OR REPLACE MACRO exceptions_between(
    asked_since, asked_until, asked_service, asked_environment
) AS TABLE
WITH near AS MATERIALIZED (
    SELECT *
    FROM store.exceptions
    WHERE reachable(time_unix_nano, asked_since, asked_until)
        AND asked(asked_service, service_name)
), copies AS (
    SELECT log.trace_id, log.span_id, log.service_name, log.exception_source,
        log.exception_type, log.exception_message
    FROM near AS log
    JOIN near AS event
        ON event.service_name = log.service_name
        AND event.trace_id = log.trace_id
        AND event.span_id = log.span_id
        AND class_name(event.exception_type) IS NOT DISTINCT FROM class_name(log.exception_type)
        AND same_message(event.exception_message, log.exception_message)
    WHERE log.exception_source = 'log' AND event.exception_source = 'event'
)
SELECT e.service_namespace, e.service_name, e.service_version,
    e.environment_name, e.deployment_id,
    e.time_unix_nano,
    e.trace_id AS trace_key,
    e.span_id AS span_key,
    e.exception_source,
    e.exception_type,
    e.fingerprint, e.fingerprint_loose
FROM near AS e
LEFT JOIN store.export_requests AS r ON r.request_id = e.request_id
WHERE within(e.time_unix_nano, asked_since, asked_until)
    AND asked(asked_environment, e.environment_name)
    AND believable(e.time_unix_nano, r.received_at_unix_nano)
    AND (e.exception_source <> 'log' OR NOT EXISTS (
        FROM copies AS c
        WHERE c.trace_id = e.trace_id AND c.span_id = e.span_id
            AND c.service_name = e.service_name
            AND c.exception_type IS NOT DISTINCT FROM e.exception_type
            AND c.exception_message IS NOT DISTINCT FROM e.exception_message))
    AND (e.exception_source <> 'status' OR NOT EXISTS (
        FROM near AS log
        WHERE log.exception_source = 'log' AND log.service_name = e.service_name
            AND log.trace_id = e.trace_id AND log.span_id = e.span_id));
