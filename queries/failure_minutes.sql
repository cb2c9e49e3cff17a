-- Requests per deployment and minute of the last hour stored, and how many failed.
-- Up to a moment, else up to the last time of anything stored. A deployment that answers no
-- requests (a job, a browser) has a row for each minute in which it sent a span. What claims to
-- have ended after it was received is left out.
-- param until TIMESTAMP = NULL: end of the hour, not included, UTC; NULL: the last time stored
-- param service_name VARCHAR = NULL: service; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param length INTERVAL = '1 hour': how long before its end the window starts
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column minute BIGINT: minutes since 1970, UTC
-- column spans BIGINT: spans that started in the minute
-- column requests BIGINT: of them requests
-- column failures BIGINT: of the requests, those that failed
-- column failure_rate DOUBLE: share of the requests that failed, weighted; NULL without requests
-- column last_time TIMESTAMP_NS: the last time of anything stored before the end of the window
WITH edge AS MATERIALIZED (
    SELECT last_seen, epoch_ns(last_seen) AS last_unix_nano
    FROM last_stored($until)
)
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    minute_of(start_time_unix_nano) AS minute,
    count(*) AS spans,
    count(*) FILTER (span_kind IN ('SERVER', 'CONSUMER')) AS requests,
    count(*) FILTER (span_kind IN ('SERVER', 'CONSUMER') AND is_failure(outcome)) AS failures,
    share(
        sum(weight(adjusted_count))
            FILTER (span_kind IN ('SERVER', 'CONSUMER') AND is_failure(outcome)),
        sum(weight(adjusted_count)) FILTER (span_kind IN ('SERVER', 'CONSUMER'))
    ) AS failure_rate,
    any_value(e.last_seen) AS last_time
FROM store.spans CROSS JOIN edge AS e
WHERE start_time_unix_nano > (SELECT last_unix_nano FROM edge)
        - epoch_ns(TIMESTAMP '1970-01-01' + $length)
    AND start_time_unix_nano <= (SELECT last_unix_nano FROM edge)
    AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
    AND asked($service_name, service_name)
    AND asked($environment_name, environment_name)
GROUP BY ALL
ORDER BY minute, service_name, service_namespace, service_version, environment_name, deployment_id;
