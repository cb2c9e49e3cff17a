-- The stored tables, one statement each. Times are unix nanoseconds, as in the proto; NULL means
-- unknown. Long, repetitive text is stored as zstd: measured half the bytes and half the insert
-- time of the default.

CREATE TABLE store_schema (
    schema_version INTEGER NOT NULL,
    created_by VARCHAR NOT NULL,
    created_at_unix_nano BIGINT NOT NULL
);

-- One row per distinct resource: a hash of all its attributes, so a new version is a new row.
CREATE TABLE resources (
    resource_id UBIGINT NOT NULL,
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR,
    version_source VARCHAR,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    instance_id VARCHAR,
    sdk_language VARCHAR,
    vcs_revision VARCHAR,
    attributes VARCHAR NOT NULL,
    dropped_attributes_count UINTEGER NOT NULL,
    entity_refs VARCHAR,
    schema_url VARCHAR,
    received_at_unix_nano BIGINT NOT NULL
);

CREATE TABLE spans (
    trace_id UUID NOT NULL,
    span_id UBIGINT NOT NULL,
    parent_span_id UBIGINT,
    trace_state VARCHAR,
    flags UINTEGER NOT NULL,
    span_kind VARCHAR NOT NULL,
    span_name VARCHAR NOT NULL,
    start_time_unix_nano BIGINT NOT NULL,
    duration_ns BIGINT,
    status_code VARCHAR NOT NULL,
    status_message VARCHAR,
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR,
    version_source VARCHAR,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    instance_id VARCHAR,
    resource_id UBIGINT NOT NULL,
    scope_name VARCHAR,
    scope_version VARCHAR,
    scope_attributes VARCHAR,
    scope_dropped_attributes_count UINTEGER NOT NULL,
    scope_schema_url VARCHAR,
    endpoint VARCHAR,
    outcome VARCHAR NOT NULL,
    peer VARCHAR,
    adjusted_count DOUBLE,
    error_type VARCHAR,
    http_request_method VARCHAR,
    http_route VARCHAR,
    http_status_code INTEGER,
    http_resend_count INTEGER,
    rpc_system VARCHAR,
    rpc_method VARCHAR,
    rpc_status_code VARCHAR,
    db_system VARCHAR,
    db_namespace VARCHAR,
    db_operation VARCHAR,
    db_collection VARCHAR,
    db_status_code VARCHAR,
    messaging_operation VARCHAR,
    messaging_destination VARCHAR,
    server_address VARCHAR,
    server_port INTEGER,
    user_id VARCHAR,
    attributes VARCHAR USING COMPRESSION zstd,
    dropped_attributes_count UINTEGER NOT NULL,
    events VARCHAR USING COMPRESSION zstd,
    dropped_events_count UINTEGER NOT NULL,
    links VARCHAR USING COMPRESSION zstd,
    dropped_links_count UINTEGER NOT NULL,
    request_id BIGINT NOT NULL,
    received_at_unix_nano BIGINT NOT NULL
);

-- One row per recorded exception: from a span event ('event') or from a log record ('log'); and one
-- per failed span that recorded none ('status'). The text of the stack is in `stacktraces`;
-- `message_at` is the offset in characters at which the message was cut out of it, NULL for none.
CREATE TABLE exceptions (
    trace_id UUID,
    span_id UBIGINT,
    time_unix_nano BIGINT NOT NULL,
    signal VARCHAR NOT NULL,
    exception_source VARCHAR NOT NULL,
    event_name VARCHAR,
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR,
    version_source VARCHAR,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    instance_id VARCHAR,
    resource_id UBIGINT NOT NULL,
    endpoint VARCHAR,
    adjusted_count DOUBLE,
    exception_type VARCHAR,
    exception_message VARCHAR USING COMPRESSION zstd,
    stacktrace_id UBIGINT,
    message_at INTEGER,
    exception_escaped BOOLEAN,
    severity_number INTEGER,
    sdk_language VARCHAR,
    fingerprint VARCHAR NOT NULL,
    fingerprint_loose VARCHAR NOT NULL,
    fingerprint_version INTEGER NOT NULL,
    top_frame VARCHAR,
    request_id BIGINT NOT NULL
);

-- Every distinct text of a stack without its message, once; the id is a hash of the text.
CREATE TABLE stacktraces (
    stacktrace_id UBIGINT NOT NULL,
    stacktrace VARCHAR NOT NULL USING COMPRESSION zstd
);

CREATE TABLE log_records (
    trace_id UUID,
    span_id UBIGINT,
    flags UINTEGER NOT NULL,
    time_unix_nano BIGINT,
    observed_time_unix_nano BIGINT,
    severity_number INTEGER,
    severity_text VARCHAR,
    event_name VARCHAR,
    body VARCHAR USING COMPRESSION zstd,
    body_type VARCHAR,
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR,
    version_source VARCHAR,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    instance_id VARCHAR,
    resource_id UBIGINT NOT NULL,
    scope_name VARCHAR,
    scope_version VARCHAR,
    scope_attributes VARCHAR,
    scope_dropped_attributes_count UINTEGER NOT NULL,
    scope_schema_url VARCHAR,
    attributes VARCHAR USING COMPRESSION zstd,
    dropped_attributes_count UINTEGER NOT NULL,
    request_id BIGINT NOT NULL,
    received_at_unix_nano BIGINT NOT NULL
);

-- The ledger: one row per committed export request, written in the transaction of its rows.
CREATE TABLE export_requests (
    request_id BIGINT NOT NULL,
    digest UUID NOT NULL,
    signal VARCHAR NOT NULL,
    transport VARCHAR NOT NULL,
    payload_bytes BIGINT NOT NULL,
    accepted_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    rejected_reason VARCHAR,
    received_at_unix_nano BIGINT NOT NULL
);

-- What people and pipelines told us about a deployment.
CREATE TABLE deployment_marks (
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR NOT NULL,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    vcs_revision VARCHAR,
    previous_vcs_revision VARCHAR,
    strategy VARCHAR,
    irreversible BOOLEAN NOT NULL,
    note VARCHAR,
    marked_at_unix_nano BIGINT NOT NULL
);

-- What deletions have removed of each deployment; nothing of it is still in the other tables.
CREATE TABLE deployment_history (
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    version_source VARCHAR,
    vcs_revision VARCHAR,
    first_seen_unix_nano BIGINT,
    last_seen_unix_nano BIGINT,
    spans BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    request_weight DOUBLE NOT NULL,
    failure_weight DOUBLE NOT NULL
);

-- What deletions have removed of each exception, by deployment and strict fingerprint, and one
-- example, from which the fingerprint can be made again.
CREATE TABLE exception_history (
    service_namespace VARCHAR,
    service_name VARCHAR NOT NULL,
    service_version VARCHAR,
    environment_name VARCHAR,
    deployment_id VARCHAR,
    fingerprint VARCHAR NOT NULL,
    fingerprint_loose VARCHAR NOT NULL,
    fingerprint_version INTEGER NOT NULL,
    exception_type VARCHAR,
    top_frame VARCHAR,
    first_seen_unix_nano BIGINT,
    last_seen_unix_nano BIGINT,
    sightings BIGINT NOT NULL,
    exception_message VARCHAR USING COMPRESSION zstd,
    exception_stacktrace VARCHAR USING COMPRESSION zstd,
    sdk_language VARCHAR,
    exception_source VARCHAR
);

-- One row: the last request whose rows were deleted (0: none yet), and how many rows went so far.
CREATE TABLE retention_edge (
    last_request_id BIGINT NOT NULL,
    received_at_unix_nano BIGINT,
    deleted_at_unix_nano BIGINT,
    spans BIGINT NOT NULL,
    exceptions BIGINT NOT NULL,
    log_records BIGINT NOT NULL
);

-- What people decided about exceptions, the latest of a fingerprint and service counts. The
-- fingerprint is a strict or a loose key; no service means every service. The example is what the
-- fingerprint can be made from again.
CREATE TABLE resolutions (
    fingerprint VARCHAR NOT NULL,
    service_name VARCHAR,
    in_version VARCHAR,
    note VARCHAR,
    withdrawn BOOLEAN NOT NULL,
    decided_at_unix_nano BIGINT NOT NULL,
    exception_type VARCHAR,
    exception_message VARCHAR,
    exception_stacktrace VARCHAR,
    sdk_language VARCHAR
);

CREATE TABLE silences (
    fingerprint VARCHAR NOT NULL,
    service_name VARCHAR,
    until_unix_nano BIGINT,
    note VARCHAR,
    withdrawn BOOLEAN NOT NULL,
    decided_at_unix_nano BIGINT NOT NULL,
    exception_type VARCHAR,
    exception_message VARCHAR,
    exception_stacktrace VARCHAR,
    sdk_language VARCHAR
);

-- One row: what the stored fingerprints were made with.
CREATE TABLE grouping (
    fingerprint_version INTEGER NOT NULL,
    rules_digest VARCHAR NOT NULL,
    grouped_at_unix_nano BIGINT NOT NULL
);
