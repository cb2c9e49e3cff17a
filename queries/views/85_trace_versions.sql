-- The versions that each trace passed through in a window, and which of them were just settling in;
-- and the services that it was to pass through, and that did not answer.
-- Named are versions of services that have two or more in the window and environment. A trace
-- belongs to the minute of its first span in the window. An instance settles within so many seconds
-- of its first and of its last span, unless those lie as near to the ends of the window. A trace in
-- two environments has a row in each. What claims to have ended after it was received is left out.
-- param asked_since TIMESTAMP: start of the window
-- param asked_until TIMESTAMP: its end, not included
-- param asked_environment VARCHAR: environment name; NULL: all
-- param settling_s BIGINT: seconds that an instance takes to settle
-- column environment_name VARCHAR: deployment.environment.name
-- column trace_key UUID: trace_id as stored
-- column minute BIGINT: minutes since 1970, UTC
-- column versions VARCHAR[]: service@version, sorted; 'service@' for spans without a version
-- column settling VARCHAR[]: those of them an instance of which was settling, sorted
-- column unanswered VARCHAR[]: services that a failing call in it was not answered by, sorted
-- column failed BOOLEAN: a request in it failed
CREATE OR REPLACE MACRO trace_versions_between(
    asked_since, asked_until, asked_environment, settling_s
) AS TABLE
WITH seen AS MATERIALIZED (
    SELECT trace_id, environment_name, service_name, service_version, instance_id,
        min(start_time_unix_nano) AS start_unix_nano,
        bool_or(span_kind IN ('SERVER', 'CONSUMER') AND is_failure(outcome)) AS failed
    FROM store.spans
    WHERE within(start_time_unix_nano, asked_since, asked_until)
        AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
        AND asked(asked_environment, environment_name)
    GROUP BY trace_id, environment_name, service_name, service_version, instance_id
), instances AS (
    SELECT environment_name, service_name, service_version, instance_id,
        min(start_unix_nano) AS first_unix_nano,
        max(start_unix_nano) AS last_unix_nano
    FROM seen
    WHERE instance_id IS NOT NULL
    GROUP BY environment_name, service_name, service_version, instance_id
), borders AS (
    SELECT environment_name, service_name, service_version, instance_id,
        CASE WHEN first_unix_nano
                > epoch_ns(asked_since::TIMESTAMP) + settling_s::BIGINT * 1_000_000_000
            THEN first_unix_nano + settling_s::BIGINT * 1_000_000_000 END AS settled_unix_nano,
        CASE WHEN last_unix_nano
                < epoch_ns(asked_until::TIMESTAMP) - settling_s::BIGINT * 1_000_000_000
            THEN last_unix_nano - settling_s::BIGINT * 1_000_000_000 END AS leaving_unix_nano
    FROM instances
), unanswered AS (
    SELECT c.trace_id, c.environment_name,
        list_sort(list(DISTINCT p.peer_service)) AS services
    FROM store.spans AS c
    JOIN peer_services(asked_since, asked_until) AS p
        ON p.peer = c.peer AND p.peer_service IS NOT NULL
        AND p.environment_name IS NOT DISTINCT FROM c.environment_name
    WHERE c.span_kind IN ('CLIENT', 'PRODUCER') AND is_failure(c.outcome)
        AND within(c.start_time_unix_nano, asked_since, asked_until)
        AND NOT EXISTS (
            FROM store.spans AS r
            WHERE r.trace_id = c.trace_id AND r.parent_span_id = c.span_id
                AND r.span_kind IN ('SERVER', 'CONSUMER')
                AND within(r.start_time_unix_nano, asked_since, asked_until))
    GROUP BY c.trace_id, c.environment_name
), several AS (
    SELECT environment_name, service_name, service_version,
        service_name || '@' || coalesce(service_version, '') AS version
    FROM (SELECT DISTINCT environment_name, service_name, service_version FROM seen)
    QUALIFY count(*) OVER (PARTITION BY environment_name, service_name) > 1
)
SELECT p.environment_name,
    p.trace_id AS trace_key,
    minute_of(min(p.start_unix_nano)) AS minute,
    coalesce(list_sort(list(DISTINCT s.version) FILTER (s.version IS NOT NULL)), []) AS versions,
    coalesce(list_sort(list(DISTINCT s.version) FILTER (
        s.version IS NOT NULL AND (p.start_unix_nano < b.settled_unix_nano
            OR p.start_unix_nano > b.leaving_unix_nano))), []) AS settling,
    coalesce(any_value(u.services), []) AS unanswered,
    bool_or(p.failed) AS failed
FROM seen AS p
LEFT JOIN several AS s ON s.service_name = p.service_name
    AND s.service_version IS NOT DISTINCT FROM p.service_version
    AND s.environment_name IS NOT DISTINCT FROM p.environment_name
LEFT JOIN borders AS b ON b.service_name = p.service_name
    AND b.instance_id = p.instance_id
    AND b.service_version IS NOT DISTINCT FROM p.service_version
    AND b.environment_name IS NOT DISTINCT FROM p.environment_name
LEFT JOIN unanswered AS u ON u.trace_id = p.trace_id
    AND u.environment_name IS NOT DISTINCT FROM p.environment_name
GROUP BY p.environment_name, p.trace_id;
