-- Requests per instance and minute, and how many failed.
-- A request counts in the minute it starts in. What claims to have ended after it was received is
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
-- column instance_id VARCHAR: service.instance.id; NULL when none was sent
-- column minute BIGINT: minutes since 1970, UTC
-- column requests BIGINT: requests that started in the minute
-- column failures BIGINT: of them failed
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    instance_id,
    minute,
    count(*) AS requests,
    count(*) FILTER (failure) AS failures
FROM requests_between($since, $until, $service_name, $environment_name)
GROUP BY ALL
ORDER BY minute, service_name, service_namespace, service_version, environment_name, deployment_id,
    instance_id;
