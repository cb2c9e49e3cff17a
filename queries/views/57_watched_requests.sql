-- Requests of a service that were watched, where exceptions could have shown: minute by minute.
-- All that is stored of the candidate's place up to the end of its window; and what was deleted, in
-- one row for each deployment, at its last minute. Where nothing ever answered a request (a job, a
-- browser), spans and exceptions are counted instead. A minute is on the side where it begins.
-- param asked_service VARCHAR: service name
-- param asked_version VARCHAR: service version; '' for what has none
-- param asked_until TIMESTAMP: the moment to judge at, or NULL
-- param asked_comparison STRUCT: the row of `comparison`
-- column service_version VARCHAR: version that served; NULL when unknown
-- column side VARCHAR: as in comparison_side
-- column before BOOLEAN: before the candidate's first traffic
-- column deleted BOOLEAN: of what was deleted
-- column minute BIGINT: minutes since 1970, UTC
-- column first_time TIMESTAMP_NS: the first of them
-- column requests BIGINT: requests served
-- column candidate_first_seen TIMESTAMP_NS: first traffic of the candidate
-- column window_minutes BIGINT: length of the candidate's window
CREATE OR REPLACE MACRO watched_requests(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH signs AS (
    SELECT service_namespace, environment_name, service_version, deployment_id, false AS deleted,
        minute, first_time, last_time, requests, traffic
    FROM served_minutes(asked_service, asked_until)
    UNION ALL
    SELECT service_namespace, environment_name, service_version, deployment_id, true,
        epoch_ns(last_seen) // 60_000_000_000, first_seen, last_seen, requests, spans
    FROM deleted_deployments WHERE service_name = asked_service
), placed AS (
    SELECT s.service_version,
        comparison_side(s.service_version, s.deployment_id, s.first_time, asked_version, c) AS side,
        s.first_time < c.candidate_first_seen AS before,
        s.deleted,
        s.minute, s.first_time, s.requests, s.traffic,
        s.last_time >= c.candidate_from AS reaches_window,
        c.candidate_first_seen,
        (epoch_ns(c.candidate_until) - epoch_ns(c.candidate_from)) // 60_000_000_000
            AS window_minutes
    FROM signs AS s
    CROSS JOIN comparison_row(asked_comparison) AS c
    WHERE s.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND s.environment_name IS NOT DISTINCT FROM c.environment_name
        AND s.first_time < c.candidate_until
)
SELECT service_version,
    CASE WHEN side = 'own' AND reaches_window AND NOT deleted THEN 'candidate' ELSE side END
        AS side,
    before, deleted, minute, first_time,
    CASE WHEN sum(requests) OVER () > 0 THEN requests ELSE traffic END AS requests,
    candidate_first_seen, window_minutes
FROM placed;
