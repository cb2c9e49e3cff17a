-- Failing calls that no stored request answers, and the service that they were for.
-- A call is for a service when its peer is the service by name; only services of the store and of
-- its marks are looked for.
-- param asked_environment VARCHAR: environment name, or NULL for all
-- param asked_since TIMESTAMP: start, or NULL
-- param asked_until TIMESTAMP: end, not included, or NULL
-- column service_name VARCHAR: service that was called
-- column environment_name VARCHAR: environment of the caller
-- column caller_service_name VARCHAR: who called
-- column start_time TIMESTAMP_NS: start of the call
-- column trace_key UUID: trace_id as stored
CREATE OR REPLACE MACRO unanswered_calls(asked_environment, asked_since, asked_until) AS TABLE
WITH failing AS MATERIALIZED (
    SELECT service_name, environment_name, peer, start_time, trace_key, span_key
    FROM calls
    WHERE failure AND peer IS NOT NULL
        AND coalesce(environment_name = asked_environment, asked_environment IS NULL)
        AND (asked_since IS NULL OR start_time >= asked_since::TIMESTAMP_NS)
        AND (asked_until IS NULL OR start_time < asked_until::TIMESTAMP_NS)
), answered AS (
    SELECT DISTINCT k.trace_key, k.span_key
    FROM requests AS r
    JOIN failing AS k ON k.trace_key = r.trace_key AND k.span_key = r.parent_span_key
    WHERE asked_until IS NULL OR r.start_time < asked_until::TIMESTAMP_NS
), called AS (
    SELECT p.peer, s.service_name
    FROM (SELECT DISTINCT peer FROM failing) AS p
    JOIN (
        SELECT DISTINCT service_name FROM store.resources
        UNION SELECT service_name FROM store.deployment_marks
        UNION SELECT DISTINCT service_name FROM store.spans
    ) AS s ON peer_is(p.peer, s.service_name)
)
SELECT c.service_name, k.environment_name, k.service_name AS caller_service_name,
    k.start_time, k.trace_key
FROM failing AS k
JOIN called AS c ON c.peer = k.peer
WHERE k.service_name <> c.service_name
    AND NOT EXISTS (
        SELECT 1 FROM answered AS a WHERE a.trace_key = k.trace_key AND a.span_key = k.span_key
    );
