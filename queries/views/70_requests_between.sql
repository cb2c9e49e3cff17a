-- Requests that start in a window, as stored: what the counts per minute are taken of.
-- What claims to have ended after it was received is left out.
-- param asked_since TIMESTAMP: start of the window
-- param asked_until TIMESTAMP: its end, not included
-- param asked_service VARCHAR: service name; NULL: all
-- param asked_environment VARCHAR: environment name; NULL: all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column minute BIGINT: minutes since 1970, UTC
-- column failure BOOLEAN: outcome is server_error or timeout
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column endpoint VARCHAR: its low-cardinality name
-- Then instance_id, outcome, http_status_code, rpc_status_code, adjusted_count, duration_ns and
-- start_time_unix_nano as stored.
CREATE OR REPLACE MACRO requests_between(
    asked_since, asked_until, asked_service, asked_environment
) AS TABLE
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    minute_of(start_time_unix_nano) AS minute,
    is_failure(outcome) AS failure,
    trace_id AS trace_key,
    span_id AS span_key,
    endpoint, instance_id, outcome, http_status_code, rpc_status_code, adjusted_count, duration_ns,
    start_time_unix_nano
FROM store.spans
WHERE span_kind IN ('SERVER', 'CONSUMER')
    AND within(start_time_unix_nano, asked_since, asked_until)
    AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
    AND asked(asked_service, service_name)
    AND asked(asked_environment, environment_name);
