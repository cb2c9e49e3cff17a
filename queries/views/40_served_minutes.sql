-- Traffic of a service per minute and deployment, up to a moment.
-- Traffic is requests. A deployment that answers none (a job, a browser, a version that crashes at
-- its start) is measured by its spans and exceptions instead. What claims to have happened after it
-- was received is left out, unless the deployment sent nothing else: one wrong time moves nothing.
-- param asked_service VARCHAR: service name
-- param asked_until TIMESTAMP: nothing that starts at or after this moment is read; NULL reads all
-- column service_namespace VARCHAR: service.namespace
-- column environment_name VARCHAR: deployment.environment.name
-- column service_version VARCHAR: version
-- column deployment_id VARCHAR: deployment.id
-- column minute BIGINT: minutes since 1970, UTC
-- column traffic BIGINT: requests, or spans and exceptions; more than 0
-- column requests BIGINT: requests
-- column first_time TIMESTAMP_NS: first traffic in the minute
-- column last_time TIMESTAMP_NS: end of the last of it to end
CREATE OR REPLACE MACRO served_minutes(asked_service, asked_until) AS TABLE
WITH signs AS (
    SELECT service_namespace, environment_name, service_version, deployment_id,
        start_time_unix_nano,
        ended(start_time_unix_nano, coalesce(duration_ns, 0)) AS end_unix_nano,
        span_kind IN ('SERVER', 'CONSUMER') AS request,
        received_at_unix_nano
    FROM store.spans
    WHERE service_name = asked_service
        AND start_time_unix_nano < moments_before(asked_until)
    UNION ALL
    SELECT service_namespace, environment_name, service_version, deployment_id,
        time_unix_nano, time_unix_nano, false, received_at_unix_nano
    FROM store.exceptions LEFT JOIN store.export_requests USING (request_id)
    WHERE service_name = asked_service AND exception_source <> 'status'
        AND time_unix_nano < moments_before(asked_until)
), minutes AS (
    -- Of the stored numbers: making times of millions of them first takes as long as all the rest.
    SELECT service_namespace, environment_name, service_version, deployment_id,
        start_time_unix_nano // 60_000_000_000 AS minute,
        believable(end_unix_nano, received_at_unix_nano) AS believable,
        count(*) AS signs,
        count(*) FILTER (request) AS requests,
        moment(min(start_time_unix_nano)) AS first_time,
        moment(max(CASE WHEN end_unix_nano < moments_before(NULL) THEN end_unix_nano END))
            AS last_time
    FROM signs
    GROUP BY service_namespace, environment_name, service_version, deployment_id,
        minute, believable
    QUALIFY believable OR NOT bool_or(believable) OVER (
        PARTITION BY service_namespace, environment_name, service_version, deployment_id
    )
), measured AS (
    SELECT *,
        CASE WHEN sum(requests) OVER (
            PARTITION BY service_namespace, environment_name, service_version, deployment_id
        ) > 0 THEN requests ELSE signs END AS traffic
    FROM minutes
)
SELECT service_namespace, environment_name, service_version, deployment_id,
    minute, traffic, requests, first_time, last_time
FROM measured
WHERE traffic > 0;
