-- Every span received, with its start as stored: what a window is compared with, so that only its
-- part of the table is read. Columns as in `spans`, then start_unix_nano BIGINT.
CREATE OR REPLACE VIEW timed_spans AS
SELECT
    trace_hex(s.trace_id) AS trace_id,
    span_hex(s.span_id) AS span_id,
    span_hex(s.parent_span_id) AS parent_span_id,
    s.trace_id AS trace_key,
    s.span_id AS span_key,
    s.parent_span_id AS parent_span_key,
    s.span_kind,
    s.span_name,
    moment(s.start_time_unix_nano) AS start_time,
    moment(ended(s.start_time_unix_nano, s.duration_ns)) AS end_time,
    s.duration_ns,
    s.service_namespace, s.service_name, s.service_version, s.version_source,
    s.environment_name, s.deployment_id, s.instance_id, s.resource_id,
    s.endpoint,
    s.peer,
    s.outcome,
    is_failure(s.outcome) AS failure,
    s.adjusted_count,
    weight(s.adjusted_count) AS weight,
    s.status_code, s.status_message, s.error_type,
    s.http_request_method, s.http_route, s.http_status_code, s.http_resend_count,
    s.rpc_system, s.rpc_method, s.rpc_status_code,
    s.db_system, s.db_namespace, s.db_operation, s.db_collection, s.db_status_code,
    s.messaging_operation, s.messaging_destination,
    s.server_address, s.server_port, s.user_id,
    s.scope_name, s.scope_version,
    s.attributes, s.events, s.links, s.trace_state,
    moment(s.received_at_unix_nano) AS received_at,
    s.start_time_unix_nano AS start_unix_nano
FROM store.spans AS s;
