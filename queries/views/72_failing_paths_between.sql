-- Where each failing request of a window starts to fail: the rule of views/54_failing_paths.sql for
-- every service at once. One row per failing request and origin beneath it, or it itself.
-- Read are spans that start in the window, and up to 10 minutes before it those above them. Nothing
-- that starts at or after its end is read, also of traces that go on.
-- param asked_since TIMESTAMP: start of the window
-- param asked_until TIMESTAMP: its end, not included
-- column trace_key UUID: trace_id as stored
-- column request_key UBIGINT: the failing request
-- column origin_key UBIGINT: the failing span the failure starts in
-- column topmost BOOLEAN: no failing request of the same service is above it on the path
-- column request_service VARCHAR: service of the request
-- column request_version VARCHAR: its version
-- Then, of the origin: origin_service, origin_version, origin_deployment, origin_environment,
-- origin_kind, origin_name, peer, error and origin_unix_nano, its start.
CREATE OR REPLACE MACRO failing_paths_between(asked_since, asked_until) AS TABLE
WITH RECURSIVE failing AS MATERIALIZED (
    SELECT trace_id, span_id, parent_span_id, service_name, service_version, deployment_id,
        environment_name, span_kind, span_name, peer, start_time_unix_nano,
        coalesce(error_type, http_status_code::VARCHAR, rpc_status_code) AS error,
        span_kind IN ('SERVER', 'CONSUMER') AS request
    FROM store.spans
    WHERE is_failure(outcome) AND reachable(start_time_unix_nano, asked_since, asked_until)
), unmarked AS MATERIALIZED (
    SELECT trace_id, span_id, parent_span_id
    FROM store.spans
    WHERE span_kind = 'INTERNAL' AND status_code = 'UNSET' AND NOT is_failure(outcome)
        AND reachable(start_time_unix_nano, asked_since, asked_until)
        AND trace_id IN (SELECT trace_id FROM failing)
), climb AS (
    -- Up past the unmarked spans, from the failing spans below one. UNION ends the loops of broken
    -- senders.
    SELECT f.trace_id, f.span_id, u.parent_span_id AS above_id
    FROM failing AS f
    JOIN unmarked AS u ON u.trace_id = f.trace_id AND u.span_id = f.parent_span_id
    UNION
    SELECT c.trace_id, c.span_id, u.parent_span_id
    FROM climb AS c
    JOIN unmarked AS u ON u.trace_id = c.trace_id AND u.span_id = c.above_id
), links AS MATERIALIZED (
    SELECT s.trace_id, s.span_id, s.parent_span_id AS above_id, s.request
    FROM failing AS s
    SEMI JOIN failing AS a ON a.trace_id = s.trace_id AND a.span_id = s.parent_span_id
    UNION ALL
    SELECT s.trace_id, s.span_id, c.above_id, s.request
    FROM climb AS c
    JOIN failing AS s ON s.trace_id = c.trace_id AND s.span_id = c.span_id
    SEMI JOIN failing AS a ON a.trace_id = c.trace_id AND a.span_id = c.above_id
), paths AS (
    -- Down from the topmost failing spans, with the requests on the way.
    SELECT trace_id, span_id, CASE WHEN request THEN [span_id] ELSE [] END AS requests
    FROM failing AS f
    WHERE NOT EXISTS (FROM links AS l WHERE l.trace_id = f.trace_id AND l.span_id = f.span_id)
    UNION
    SELECT p.trace_id, l.span_id, CASE WHEN l.request AND NOT list_contains(p.requests, l.span_id)
        THEN list_append(p.requests, l.span_id) ELSE p.requests END
    FROM paths AS p
    JOIN links AS l ON l.trace_id = p.trace_id AND l.above_id = p.span_id
), pairs AS (
    SELECT p.trace_id, p.span_id AS origin_id, unnest(p.requests) AS request_id,
        generate_subscripts(p.requests, 1) AS place
    FROM paths AS p
    WHERE NOT EXISTS (FROM links AS l WHERE l.trace_id = p.trace_id AND l.above_id = p.span_id)
)
SELECT p.trace_id AS trace_key,
    p.request_id AS request_key,
    p.origin_id AS origin_key,
    row_number() OVER (
        PARTITION BY p.trace_id, p.origin_id, r.service_name ORDER BY p.place) = 1 AS topmost,
    r.service_name AS request_service,
    r.service_version AS request_version,
    o.service_name AS origin_service,
    o.service_version AS origin_version,
    o.deployment_id AS origin_deployment,
    o.environment_name AS origin_environment,
    o.span_kind AS origin_kind,
    o.span_name AS origin_name,
    o.peer,
    o.error,
    o.start_time_unix_nano AS origin_unix_nano
-- Both are there: a LEFT JOIN keeps them from being joined to each other first, by trace alone.
FROM pairs AS p
LEFT JOIN failing AS r ON r.trace_id = p.trace_id AND r.span_id = p.request_id
LEFT JOIN failing AS o ON o.trace_id = p.trace_id AND o.span_id = p.origin_id;
