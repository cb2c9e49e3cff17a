-- One roll-out of one version, minute by minute, beside the other versions in the same place.
-- No rows when the version sent nothing. What was not asked for is worked out:
-- Where: the namespace and environment the version reached last; there, its id that started last.
-- From: `since`, else its first stored traffic. A version that comes back, as after a rollback,
-- starts anew: after a pause ten times its usual one in which another version served.
-- Until: its last traffic when another version served later; else the end of what is stored (no
-- later than it was received), so that a version that falls silent is judged for its silence too.
-- param asked_service VARCHAR: service name
-- param asked_version VARCHAR: service version; '' for spans without one
-- param asked_environment VARCHAR: environment name, or NULL
-- param asked_deployment VARCHAR: deployment id, or NULL
-- param asked_since TIMESTAMP: start of the window, or NULL
-- param asked_until TIMESTAMP: the moment to judge at: nothing later is read; or NULL
-- column service_namespace VARCHAR: namespace of the roll-out
-- column environment_name VARCHAR: its environment
-- column deployment_id VARCHAR: its deployment id
-- column candidate_first_seen TIMESTAMP_NS: its first traffic, also of what was deleted
-- column candidate_from TIMESTAMP_NS: start of its window
-- column candidate_until TIMESTAMP_NS: its end, not included
-- column own BOOLEAN: of the roll-out itself, in its window; else of others, at any time
-- column service_version VARCHAR: version that served; NULL when unknown
-- column minute BIGINT: minutes since 1970, UTC
-- column traffic BIGINT: as in served_minutes
-- column first_time TIMESTAMP_NS: first traffic in the minute
-- column last_time TIMESTAMP_NS: end of the last of it to end
CREATE OR REPLACE MACRO roll_out(
    asked_service, asked_version, asked_environment, asked_deployment, asked_since, asked_until
) AS TABLE
WITH served AS (
    SELECT *, coalesce(service_version, '') = asked_version
        AND coalesce(environment_name = asked_environment, asked_environment IS NULL)
        AND coalesce(deployment_id = asked_deployment, asked_deployment IS NULL)
        AND coalesce(last_time >= asked_since::TIMESTAMP_NS, asked_since IS NULL) AS asked
    FROM served_minutes(asked_service, asked_until)
), chosen AS (
    SELECT service_namespace, environment_name, deployment_id FROM (
        SELECT service_namespace, environment_name, deployment_id, min(first_time) AS first_time
        FROM served WHERE asked
        GROUP BY service_namespace, environment_name, deployment_id
    )
    ORDER BY
        min(first_time) OVER (PARTITION BY service_namespace, environment_name) DESC,
        first_time DESC, service_namespace, environment_name, deployment_id
    LIMIT 1
), versions AS (
    SELECT s.service_version, s.minute,
        coalesce(s.service_version, '') = asked_version
            AND s.deployment_id IS NOT DISTINCT FROM c.deployment_id AS own,
        sum(s.traffic)::BIGINT AS traffic,
        min(s.first_time) AS first_time,
        max(s.last_time) AS last_time
    FROM served AS s
    JOIN chosen AS c
        ON s.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND s.environment_name IS NOT DISTINCT FROM c.environment_name
    GROUP BY s.service_version, s.minute, own
), timeline AS (
    SELECT minute,
        max(traffic) FILTER (own) AS own_traffic,
        max(last_time) FILTER (own) AS own_last_time,
        sum(coalesce(sum(traffic) FILTER (NOT own), 0)) OVER (ORDER BY minute) AS other_traffic
    FROM versions
    GROUP BY minute
), pauses AS (
    SELECT minute, own_last_time, minute - lag(minute) OVER (ORDER BY minute) AS pause,
        other_traffic - lag(other_traffic) OVER (ORDER BY minute) AS meanwhile
    FROM timeline
    WHERE own_traffic > 0
), start AS (
    SELECT coalesce(max(p.minute), 0) AS minute
    FROM pauses AS p
    CROSS JOIN (SELECT greatest(1, quantile_disc(pause, 0.5)) AS pause,
            min(minute) FILTER (own_last_time >= asked_since::TIMESTAMP_NS) AS minute
        FROM pauses
    ) AS usual
    WHERE p.meanwhile > 0 AND p.pause > 10 * usual.pause
        AND coalesce(p.minute <= usual.minute, asked_since IS NULL)
), ends AS (
    SELECT
        min(v.first_time) FILTER (v.own AND v.minute >= s.minute) AS first_stored,
        max(v.last_time) FILTER (v.own) AS last_seen,
        max(v.last_time) FILTER (NOT v.own) AS other_last_seen,
        any_value(d.first_seen) AS first_deleted,
        any_value(d.last_seen) AS last_deleted
    FROM versions AS v CROSS JOIN start AS s CROSS JOIN chosen AS c
    LEFT JOIN deleted_deployments AS d ON d.service_name = asked_service
        AND coalesce(d.service_version, '') = asked_version
        AND d.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND d.environment_name IS NOT DISTINCT FROM c.environment_name
        AND d.deployment_id IS NOT DISTINCT FROM c.deployment_id
), span_of_time AS (
    SELECT
        least(e.first_stored, CASE WHEN e.last_deleted >= e.first_stored - INTERVAL 1 HOUR
            THEN e.first_deleted END) AS first_seen,
        greatest(e.first_stored, asked_since::TIMESTAMP_NS) AS since,
        least(
            asked_until::TIMESTAMP_NS,
            make_timestamp_ns(1 + epoch_ns(CASE
                WHEN e.other_last_seen > e.last_seen THEN e.last_seen
                ELSE greatest(e.last_seen, s.last_seen)
            END))
        ) AS until
    FROM ends AS e CROSS JOIN last_stored(asked_until) AS s
)
SELECT c.service_namespace, c.environment_name, c.deployment_id,
    w.first_seen AS candidate_first_seen, w.since AS candidate_from, w.until AS candidate_until,
    v.own, v.service_version, v.minute, v.traffic, v.first_time, v.last_time
FROM versions AS v CROSS JOIN chosen AS c CROSS JOIN span_of_time AS w
WHERE NOT v.own OR v.last_time >= w.since;
