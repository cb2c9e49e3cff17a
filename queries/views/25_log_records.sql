-- Every log record received.
-- column trace_id VARCHAR: 32 hex digits; NULL outside a trace
-- column span_id VARCHAR: 16 hex digits
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column time TIMESTAMP_NS: when it happened, or was observed when the sender did not say, UTC
-- column severity_number INTEGER: 1 to 24; 17 and more are errors
-- column severity_text VARCHAR: severity as the sender spells it
-- column event_name VARCHAR: event name
-- column body VARCHAR: text, or JSON
-- column body_type VARCHAR: which of the two, as stored
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version that wrote it
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id
-- column resource_id UBIGINT: row of `resources`
-- column scope_name VARCHAR: logger
-- column attributes VARCHAR: all attributes as one JSON object
CREATE OR REPLACE VIEW log_records AS
SELECT
    trace_hex(l.trace_id) AS trace_id,
    span_hex(l.span_id) AS span_id,
    l.trace_id AS trace_key,
    l.span_id AS span_key,
    moment(coalesce(l.time_unix_nano, l.observed_time_unix_nano)) AS time,
    l.severity_number,
    l.severity_text,
    l.event_name,
    l.body,
    l.body_type,
    l.service_namespace, l.service_name, l.service_version,
    l.environment_name, l.deployment_id, l.instance_id, l.resource_id,
    l.scope_name,
    l.attributes
FROM store.log_records AS l;
