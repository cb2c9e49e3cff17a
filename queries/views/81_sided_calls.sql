-- Calls of the candidate and of its baseline, each with the request it was made for.
-- That is its parent, where it is a request; else the latest one of the service in its trace that
-- began before it. Parameters as in sided_spans.
-- column side VARCHAR: 'candidate' or 'baseline'
-- column endpoint VARCHAR: endpoint of the request; NULL for a call made for none (a job)
-- column request_key UBIGINT: span of the request; NULL for none
-- column call_name VARCHAR: database operation and collection, else the span's name
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column parent_span_key UBIGINT: parent_span_id as stored
-- column peer VARCHAR: what was called
-- column start_time TIMESTAMP_NS: start
-- column duration_ns BIGINT: duration
-- column outcome VARCHAR: ok, client_error, server_error or timeout
-- column failure BOOLEAN: outcome is server_error or timeout
-- column weight DOUBLE: adjusted_count, or 1
-- column http_status_code INTEGER: HTTP status
-- column http_resend_count INTEGER: http.request.resend_count
-- column rpc_status_code VARCHAR: RPC status
-- column error_type VARCHAR: error.type
-- column db_system VARCHAR: db.system.name
-- column db_operation VARCHAR: db.operation.name
-- column db_collection VARCHAR: db.collection.name
-- column db_status_code VARCHAR: db.response.status_code
-- column status_message VARCHAR: status description
CREATE OR REPLACE MACRO sided_calls(asked_service, asked_version, asked_comparison) AS TABLE
WITH compared AS MATERIALIZED (
    SELECT side, trace_key, span_key, parent_span_key, span_kind, endpoint, peer, start_time,
        duration_ns, outcome, failure, weight, http_status_code, http_resend_count,
        rpc_status_code, error_type, db_system, db_operation, db_collection, db_status_code,
        status_message,
        coalesce(db_operation || ' ' || db_collection, span_name) AS call_name
    FROM sided_spans(asked_service, asked_version, asked_comparison)
    WHERE span_kind IN ('SERVER', 'CONSUMER', 'CLIENT', 'PRODUCER')
), placed AS (
    -- As a window, for a join on a time may compare every call with every request.
    SELECT *, last_value(CASE WHEN span_kind IN ('SERVER', 'CONSUMER')
            THEN {'key': span_key, 'endpoint': endpoint} END IGNORE NULLS) OVER (
            PARTITION BY side, trace_key
            ORDER BY start_time, span_kind NOT IN ('SERVER', 'CONSUMER'), span_key
            ROWS UNBOUNDED PRECEDING
        ) AS latest
    FROM compared
), parents AS (
    SELECT side, trace_key, span_key, any_value(endpoint) AS endpoint
    FROM compared WHERE span_kind IN ('SERVER', 'CONSUMER')
    GROUP BY side, trace_key, span_key
)
SELECT k.side,
    CASE WHEN r.span_key IS NULL THEN k.latest.endpoint ELSE r.endpoint END AS endpoint,
    coalesce(r.span_key, k.latest.key) AS request_key,
    k.call_name, k.trace_key, k.span_key, k.parent_span_key, k.peer, k.start_time, k.duration_ns,
    k.outcome, k.failure, k.weight, k.http_status_code, k.http_resend_count, k.rpc_status_code,
    k.error_type, k.db_system, k.db_operation, k.db_collection, k.db_status_code, k.status_message
FROM placed AS k
LEFT JOIN parents AS r
    ON r.side = k.side AND r.trace_key = k.trace_key AND r.span_key = k.parent_span_key
WHERE k.span_kind IN ('CLIENT', 'PRODUCER');
