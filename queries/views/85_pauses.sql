-- Pauses of each service: minutes in which it sent nothing, though it usually does.
-- One row per pause. Usual is the median of what a service sends in a minute in which it sends,
-- and of the time from one such minute to the next. A pause is twice that time or more, and so long
-- that 10 requests are missing (spans, of a service that answers none): by chance less than once in
-- 20,000 times. One that lasts to the last minute stored is a pause too.
-- param asked_environment VARCHAR: environment name, or NULL for all
-- param asked_since TIMESTAMP: start, or NULL
-- param asked_until TIMESTAMP: end, not included, or NULL
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column environment_name VARCHAR: deployment.environment.name
-- column first_time TIMESTAMP_NS: first minute without anything
-- column last_time TIMESTAMP_NS: last minute without anything
-- column minutes BIGINT: length
-- column minutes_all BIGINT: from the service's first minute to the last stored
CREATE OR REPLACE MACRO pauses(asked_environment, asked_since, asked_until) AS TABLE
WITH served AS (
    SELECT service_namespace, service_name, environment_name,
        start_time_unix_nano // 60_000_000_000 AS minute,
        count(*) AS spans,
        count(*) FILTER (span_kind IN ('SERVER', 'CONSUMER')) AS requests
    FROM store.spans
    WHERE coalesce(environment_name = asked_environment, asked_environment IS NULL)
        AND (asked_since IS NULL OR start_time_unix_nano >= epoch_ns(asked_since::TIMESTAMP))
        AND (asked_until IS NULL OR start_time_unix_nano < epoch_ns(asked_until::TIMESTAMP))
        AND believable(start_time_unix_nano, received_at_unix_nano)
    GROUP BY ALL
), measured AS (
    SELECT *,
        max(minute) OVER () AS last_minute,
        lead(minute) OVER (
            PARTITION BY service_namespace, service_name, environment_name ORDER BY minute
        ) - minute AS distance
    FROM served
), paced AS (
    SELECT *,
        min(minute) OVER place AS first_minute,
        median(distance) OVER place AS usual_distance,
        median(CASE WHEN sum_of_requests = 0 THEN spans ELSE requests END) OVER place
            / median(distance) OVER place AS per_minute,
        coalesce(distance, last_minute - minute + 1) - 1 AS length
    FROM (
        SELECT *, sum(requests) OVER (
                PARTITION BY service_namespace, service_name, environment_name
            ) AS sum_of_requests
        FROM measured
    )
    WINDOW place AS (PARTITION BY service_namespace, service_name, environment_name)
)
SELECT service_namespace, service_name, environment_name,
    moment((minute + 1) * 60_000_000_000) AS first_time,
    moment((minute + length) * 60_000_000_000) AS last_time,
    length AS minutes,
    last_minute - first_minute + 1 AS minutes_all
FROM paced
WHERE length > 0 AND length + 1 >= 2 * usual_distance AND length * per_minute >= 10;
