-- Traces per minute, by the versions they passed through, and how many of them failed.
-- Named are versions of services that have two or more in the window and environment; a trace that
-- passed through none of these has an empty list. A trace counts in the minute of its first span in
-- the window. It failed when it ended badly: a failing span that nothing stored asked for, or a
-- failing CONSUMER, whose failure cannot reach its producer. A failure that its caller handled is
-- none. A trace in two environments counts in both. What claims to have ended after it was received
-- is left out.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service the traces passed through; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- column environment_name VARCHAR: deployment.environment.name
-- column minute BIGINT: minutes since 1970, UTC
-- column endpoint VARCHAR: the first that the trace asked the service for; NULL for all services
-- column versions VARCHAR[]: service@version, sorted; 'service@' for spans without a version
-- column traces BIGINT: traces
-- column failed_traces BIGINT: of them failed
WITH failing AS MATERIALIZED (
    SELECT trace_id, span_kind, parent_span_id, environment_name
    FROM store.spans
    WHERE is_failure(outcome)
        AND within(start_time_unix_nano, $since, $until)
        AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
        AND asked($environment_name, environment_name)
), failed AS (
    SELECT DISTINCT f.trace_id, f.environment_name
    FROM failing AS f
    WHERE f.span_kind = 'CONSUMER' OR f.parent_span_id IS NULL OR NOT EXISTS (
        FROM store.spans AS p
        WHERE p.trace_id = f.trace_id AND p.span_id = f.parent_span_id
            AND reachable(p.start_time_unix_nano, $since, $until))
), passed AS MATERIALIZED (
    SELECT trace_id, environment_name, service_name, service_version,
        start_time_unix_nano AS start_unix_nano, endpoint
    FROM store.spans
    WHERE within(start_time_unix_nano, $since, $until)
        AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
        AND asked($environment_name, environment_name)
), several AS MATERIALIZED (
    SELECT environment_name, service_name, service_version,
        service_name || '@' || coalesce(service_version, '') AS version
    FROM (SELECT DISTINCT environment_name, service_name, service_version FROM passed)
    QUALIFY count(*) OVER (PARTITION BY environment_name, service_name) > 1
), versions AS (
    SELECT environment_name, trace_id, list_sort(list(version)) AS versions
    FROM (
        SELECT DISTINCT p.environment_name, p.trace_id, s.version
        FROM passed AS p
        JOIN several AS s ON s.service_name = p.service_name
            AND s.service_version IS NOT DISTINCT FROM p.service_version
            AND s.environment_name IS NOT DISTINCT FROM p.environment_name)
    GROUP BY environment_name, trace_id
), traced AS (
    SELECT environment_name, trace_id,
        minute_of(min(start_unix_nano)) AS minute,
        arg_min(endpoint, start_unix_nano) FILTER (service_name = $service_name) AS endpoint
    FROM passed
    GROUP BY environment_name, trace_id
    HAVING $service_name IS NULL OR bool_or(service_name = $service_name)
)
SELECT t.environment_name, t.minute, t.endpoint, coalesce(v.versions, []) AS versions,
    count(*) AS traces,
    count(f.trace_id) AS failed_traces
FROM traced AS t
LEFT JOIN versions AS v ON v.trace_id = t.trace_id
    AND v.environment_name IS NOT DISTINCT FROM t.environment_name
LEFT JOIN failed AS f ON f.trace_id = t.trace_id
    AND f.environment_name IS NOT DISTINCT FROM t.environment_name
GROUP BY ALL
ORDER BY t.minute, t.environment_name, t.endpoint, versions;
