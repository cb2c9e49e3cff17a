-- Traces per minute, by the versions they passed through, and how many of them failed.
-- Named are versions of services that have two or more in the window and environment; a trace that
-- passed through none of these has an empty list. A trace counts in the minute of its first span in
-- the window, and failed when a failing path in it reaches a request, by the rule of
-- queries/views/54_failing_paths.sql: then a request in it failed. A trace in two environments
-- counts in both. What claims to have ended after it was received is left out.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service the traces passed through; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- column environment_name VARCHAR: deployment.environment.name
-- column minute BIGINT: minutes since 1970, UTC
-- column versions VARCHAR[]: service@version, sorted; 'service@' for spans without a version
-- column traces BIGINT: traces
-- column failed_traces BIGINT: of them failed
WITH passed AS MATERIALIZED (
    SELECT trace_id, environment_name, service_name, service_version,
        min(start_time_unix_nano) AS start_unix_nano,
        bool_or(span_kind IN ('SERVER', 'CONSUMER') AND is_failure(outcome)) AS failed
    FROM store.spans
    WHERE within(start_time_unix_nano, $since, $until)
        AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
        AND asked($environment_name, environment_name)
    GROUP BY trace_id, environment_name, service_name, service_version
), several AS (
    SELECT environment_name, service_name, service_version,
        service_name || '@' || coalesce(service_version, '') AS version
    FROM (SELECT DISTINCT environment_name, service_name, service_version FROM passed)
    QUALIFY count(*) OVER (PARTITION BY environment_name, service_name) > 1
), traced AS (
    SELECT p.environment_name, p.trace_id,
        minute_of(min(p.start_unix_nano)) AS minute,
        coalesce(list_sort(list(s.version) FILTER (s.version IS NOT NULL)), []) AS versions,
        bool_or(p.failed) AS failed
    FROM passed AS p
    LEFT JOIN several AS s ON s.service_name = p.service_name
        AND s.service_version IS NOT DISTINCT FROM p.service_version
        AND s.environment_name IS NOT DISTINCT FROM p.environment_name
    GROUP BY p.environment_name, p.trace_id
    HAVING $service_name IS NULL OR bool_or(p.service_name = $service_name)
)
SELECT environment_name, minute, versions,
    count(*) AS traces,
    count(*) FILTER (failed) AS failed_traces
FROM traced
GROUP BY ALL
ORDER BY minute, environment_name, versions;
