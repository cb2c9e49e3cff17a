-- Every span received. Show the ids as text; join and sort on the `_key` columns.
-- column trace_id VARCHAR: 32 hex digits
-- column span_id VARCHAR: 16 hex digits
-- column parent_span_id VARCHAR: 16 hex digits; NULL for the root of a trace
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column parent_span_key UBIGINT: parent_span_id as stored
-- column span_kind VARCHAR: UNSPECIFIED, INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER
-- column span_name VARCHAR: name
-- column start_time TIMESTAMP_NS: start, UTC; NULL past the year 2200
-- column end_time TIMESTAMP_NS: end, UTC; NULL when unknown, or past the year 2200
-- column duration_ns BIGINT: end minus start, nanoseconds; NULL when unknown
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version that ran this span; NULL when unknown
-- column version_source VARCHAR: where the version was read
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id
-- column resource_id UBIGINT: row of `resources`
-- column endpoint VARCHAR: low-cardinality name; SERVER and CONSUMER spans only
-- column peer VARCHAR: what a call talks to; CLIENT and PRODUCER spans only
-- column outcome VARCHAR: ok, client_error, server_error or timeout
-- column failure BOOLEAN: outcome is server_error or timeout
-- column adjusted_count DOUBLE: spans this one stands for; NULL when the sender did not say
-- column weight DOUBLE: adjusted_count, or 1
-- column status_code VARCHAR: UNSET, OK or ERROR
-- column status_message VARCHAR: status description
-- column error_type VARCHAR: error.type
-- column http_request_method VARCHAR: http.request.method
-- column http_route VARCHAR: http.route
-- column http_status_code INTEGER: http.response.status_code
-- column http_resend_count INTEGER: http.request.resend_count
-- column rpc_system VARCHAR: rpc.system.name
-- column rpc_method VARCHAR: fully qualified rpc.method
-- column rpc_status_code VARCHAR: rpc.status_code
-- column db_system VARCHAR: db.system.name
-- column db_namespace VARCHAR: db.namespace
-- column db_operation VARCHAR: db.operation.name
-- column db_collection VARCHAR: db.collection.name
-- column db_status_code VARCHAR: db.response.status_code
-- column messaging_operation VARCHAR: messaging.operation.type
-- column messaging_destination VARCHAR: messaging.destination.name
-- column server_address VARCHAR: server.address
-- column server_port INTEGER: server.port
-- column user_id VARCHAR: user.id
-- column scope_name VARCHAR: instrumentation scope
-- column scope_version VARCHAR: its version
-- column attributes VARCHAR: all as one JSON object; read one with attr(attributes, 'key')
-- column events VARCHAR: JSON array, NULL when none; the stack of an exception is in `exceptions`
-- column links VARCHAR: span links as a JSON array; NULL when none
-- column trace_state VARCHAR: W3C tracestate
-- column received_at TIMESTAMP_NS: when it was received
CREATE OR REPLACE VIEW spans AS
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
    moment(s.received_at_unix_nano) AS received_at
FROM store.spans AS s;
