-- What a deployment is compared with: one row, or none when the version sent nothing.
-- The baseline is the first of these that there is:
--   named: the version asked for.
--   concurrent: another version that shared three minutes or more with the candidate, which hold
--     half of the candidate's traffic or more; the busiest of several. Less is a hard cut-over, or
--     long over. Both windows are then the candidate's. Its minutes without the other version stay
--     in: leaving them out would hide its newest failures.
--   before: the version that served most in the 30 minutes before the candidate's first traffic,
--     else the one that served last; so one rolled back in between is passed over. Its window ends
--     with its last traffic before that, and is as long as the candidate's, at least 30 minutes.
-- Another deployment id of the same version is the baseline only where no other version served as
-- near. Spans without a version may be what served before; they are never concurrent with one:
-- they may be it. A named version takes the windows of the rule that its traffic allows; if it only
-- served later, its window starts with its first traffic. Where there is none of these, but the
-- rows of a version that served before were deleted, that version is told, without a kind.
-- param asked_service VARCHAR: service name
-- param asked_version VARCHAR: service version; '' for spans without one
-- param asked_environment VARCHAR: environment name, or NULL
-- param asked_deployment VARCHAR: deployment id, or NULL
-- param asked_baseline VARCHAR: baseline version, or NULL
-- param asked_since TIMESTAMP: start of the candidate's window, or NULL
-- param asked_until TIMESTAMP: the moment to judge at: nothing later is read; or NULL
-- column service_namespace VARCHAR: namespace of the candidate
-- column environment_name VARCHAR: its environment
-- column deployment_id VARCHAR: its deployment id
-- column candidate_first_seen TIMESTAMP_NS: its first traffic
-- column candidate_from TIMESTAMP_NS: start of its window
-- column candidate_until TIMESTAMP_NS: end of its window, not included
-- column baseline_version VARCHAR: version compared with; without a kind, one that was deleted
-- column baseline_kind VARCHAR: 'concurrent', 'before' or 'named'; NULL when there is no baseline
-- column baseline_from TIMESTAMP_NS: start of the baseline's window
-- column baseline_until TIMESTAMP_NS: end of the baseline's window, not included
CREATE OR REPLACE MACRO comparison(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until
) AS TABLE
WITH traffic AS (
    FROM roll_out(
        asked_service, asked_version, asked_environment, asked_deployment, asked_since, asked_until)
), candidate AS (
    SELECT service_namespace, environment_name, deployment_id,
        candidate_first_seen, candidate_from, candidate_until,
        sum(traffic) AS traffic,
        greatest(30 * 60_000_000_000, epoch_ns(candidate_until) - epoch_ns(candidate_from))
            AS length_ns
    FROM traffic
    WHERE own
    GROUP BY ALL
), others AS (
    SELECT
        o.service_version,
        coalesce(o.service_version, '') <> asked_version AS another,
        count(c.minute) >= 3 AND 2 * sum(c.traffic) >= (SELECT traffic FROM candidate)
            AND (o.service_version IS NOT NULL OR asked_version = '') AS concurrent,
        sum(o.traffic) FILTER (c.minute IS NOT NULL) AS shared_traffic,
        coalesce(sum(o.traffic) FILTER (
            o.first_time < o.candidate_first_seen
            AND o.last_time >= o.candidate_first_seen - INTERVAL 30 MINUTE
        ), 0) AS recent_traffic,
        min(o.first_time) AS first_time,
        max(o.last_time) AS last_time,
        max(least(o.last_time, o.candidate_first_seen)) FILTER (
            o.first_time < o.candidate_first_seen
        ) AS last_before
    FROM traffic AS o
    LEFT JOIN traffic AS c ON c.own AND c.minute = o.minute
    WHERE NOT o.own
        AND (asked_baseline IS NULL OR coalesce(o.service_version, '') = asked_baseline)
    GROUP BY o.service_version
), picked AS (
    SELECT * FROM others
    WHERE concurrent OR last_before IS NOT NULL OR asked_baseline IS NOT NULL
    ORDER BY
        concurrent OR recent_traffic > 0 DESC,
        another DESC,
        concurrent DESC,
        CASE WHEN concurrent THEN shared_traffic ELSE recent_traffic END DESC,
        last_before DESC,
        service_version
    LIMIT 1
), windows AS (
    SELECT c.*,
        p.service_version AS baseline_version,
        CASE WHEN p.first_time IS NULL THEN NULL WHEN asked_baseline IS NOT NULL THEN 'named'
            WHEN p.concurrent THEN 'concurrent' ELSE 'before' END AS baseline_kind,
        p.concurrent,
        p.first_time,
        make_timestamp_ns(CASE
            WHEN p.last_before IS NOT NULL
            THEN least(epoch_ns(p.last_before) + 1, epoch_ns(c.candidate_first_seen))
            ELSE least(epoch_ns(p.first_time) + c.length_ns, epoch_ns(p.last_time) + 1)
        END) AS ended
    FROM candidate AS c LEFT JOIN picked AS p ON true
)
SELECT service_namespace, environment_name, deployment_id,
    candidate_first_seen, candidate_from, candidate_until,
    CASE WHEN baseline_kind IS NOT NULL THEN baseline_version ELSE (
        SELECT arg_max(d.service_version, d.last_seen)
        FROM deleted_deployments AS d
        WHERE d.service_name = asked_service
            AND d.service_namespace IS NOT DISTINCT FROM w.service_namespace
            AND d.environment_name IS NOT DISTINCT FROM w.environment_name
            AND d.service_version <> asked_version
            AND d.service_version = coalesce(asked_baseline, d.service_version)
            AND (d.first_seen < w.candidate_first_seen OR asked_baseline IS NOT NULL)
    ) END AS baseline_version,
    baseline_kind,
    CASE WHEN concurrent THEN candidate_from
        ELSE greatest(first_time, make_timestamp_ns(epoch_ns(ended) - length_ns))
    END AS baseline_from,
    CASE WHEN concurrent THEN candidate_until ELSE ended END AS baseline_until
FROM windows AS w;
