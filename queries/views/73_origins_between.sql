-- Where each failing request of a window starts to fail, and whether that is not its own doing.
-- Rows and window as in failing_paths_between.
-- param asked_since TIMESTAMP: start of the window
-- param asked_until TIMESTAMP: its end, not included
-- column trace_key UUID: trace_id as stored
-- column request_key UBIGINT: the failing request
-- column origin_key UBIGINT: the failing span the failure starts in
-- column topmost BOOLEAN: no failing request of the same service is above it on the path
-- column unanswered BOOLEAN: a call without a request beneath, to a service that answers others
-- column elsewhere BOOLEAN: unanswered, or in another service or version than the request
-- Then the columns of the origin, as in failing_paths_between.
CREATE OR REPLACE MACRO origins_between(asked_since, asked_until) AS TABLE
WITH paths AS MATERIALIZED (
    FROM failing_paths_between(asked_since, asked_until)
), called AS MATERIALIZED (
    SELECT trace_key, origin_key, peer, origin_environment,
        epoch_ns(asked_since::TIMESTAMP) AS since_unix_nano
    FROM paths
    WHERE origin_kind IN ('CLIENT', 'PRODUCER')
), unanswered AS (
    SELECT DISTINCT p.trace_key, p.origin_key
    FROM called AS p
    JOIN peer_services(
        -- Most often no call is: then no other spans are read. With NULL all of them would be.
        asked_since, asked_until, asked_from := (
            SELECT coalesce(any_value(since_unix_nano), 9_223_372_036_854_775_807) FROM called)
    ) AS s
        ON s.alive AND s.peer = p.peer
        AND s.environment_name IS NOT DISTINCT FROM p.origin_environment
    WHERE NOT EXISTS (
        FROM store.spans AS r
        WHERE r.trace_id = p.trace_key AND r.parent_span_id = p.origin_key
            AND r.span_kind IN ('SERVER', 'CONSUMER')
            AND within(r.start_time_unix_nano, asked_since, asked_until)
            AND r.start_time_unix_nano >= (
                SELECT coalesce(any_value(since_unix_nano), 9_223_372_036_854_775_807) FROM called)
    )
)
SELECT p.trace_key, p.request_key, p.origin_key, p.topmost,
    u.origin_key IS NOT NULL AS unanswered,
    u.origin_key IS NOT NULL
        OR p.origin_service <> p.request_service
        OR p.origin_version IS DISTINCT FROM p.request_version AS elsewhere,
    p.origin_service, p.origin_version, p.origin_deployment, p.origin_environment,
    p.origin_kind, p.origin_name, p.peer, p.error, p.origin_unix_nano
FROM paths AS p
LEFT JOIN unanswered AS u ON u.trace_key = p.trace_key AND u.origin_key = p.origin_key;
