-- Durations of the requests that did not fail, per endpoint and minute, as a histogram.
-- The edges of the buckets are powers of 1.05: a quantile read from them is at most 5 % off. A
-- request counts in the minute it starts in. What claims to have ended after it was received is
-- left out.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service that answered; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column endpoint VARCHAR: low-cardinality name
-- column minute BIGINT: minutes since 1970, UTC
-- column duration_bucket INTEGER: b of durations from 1.05^b up to 1.05^(b+1) nanoseconds
-- column requests BIGINT: requests that did not fail
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    endpoint,
    minute,
    floor(ln(greatest(duration_ns, 1)) / ln(1.05))::INTEGER AS duration_bucket,
    count(*) AS requests
FROM requests_between($since, $until, $service_name, $environment_name)
WHERE NOT failure AND duration_ns IS NOT NULL
GROUP BY ALL
ORDER BY minute, service_name, service_namespace, service_version, environment_name, deployment_id,
    endpoint, duration_bucket;
