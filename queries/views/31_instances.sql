-- Instances of each deployment: is it all of them, or one?
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when none is known
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id; NULL when none was sent
-- column first_seen TIMESTAMP_NS: start of its first span
-- column last_seen TIMESTAMP_NS: start of its last span
-- column requests BIGINT: requests received
-- column failures BIGINT: requests that failed
-- column failure_rate DOUBLE: share of requests that failed, weighted; NULL without requests
CREATE OR REPLACE VIEW instances AS
SELECT
    service_namespace, service_name, service_version, environment_name, deployment_id, instance_id,
    min(start_time) AS first_seen,
    max(start_time) AS last_seen,
    count(*) FILTER (span_kind IN ('SERVER', 'CONSUMER')) AS requests,
    count(*) FILTER (span_kind IN ('SERVER', 'CONSUMER') AND failure) AS failures,
    share(
        sum(weight) FILTER (span_kind IN ('SERVER', 'CONSUMER') AND failure),
        sum(weight) FILTER (span_kind IN ('SERVER', 'CONSUMER'))
    ) AS failure_rate
FROM spans
GROUP BY ALL;
