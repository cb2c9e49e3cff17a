-- Traces with each exception per minute.
-- A trace counts once for an exception of a deployment, in the minute of the first sighting in the
-- window; a sighting outside a trace stands for itself. What claims to have happened after it was
-- received is left out. Copies on several signals count once, as in the view `exceptions`.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service that recorded it; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column exception_type VARCHAR: exception.type of the first sighting
-- column minute BIGINT: minutes since 1970, UTC
-- column traces BIGINT: traces that show it first in the minute
WITH shown AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        fingerprint,
        arg_min(fingerprint_loose, time_unix_nano) AS fingerprint_loose,
        arg_min(exception_type, time_unix_nano) AS exception_type,
        minute_of(min(time_unix_nano)) AS minute,
        CASE WHEN trace_key IS NULL THEN count(*) ELSE 1 END AS traces
    FROM exceptions_between($since, $until, $service_name, $environment_name)
    GROUP BY service_namespace, service_name, service_version, environment_name, deployment_id,
        fingerprint, trace_key, CASE WHEN trace_key IS NULL THEN time_unix_nano END
)
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    fingerprint,
    fingerprint_loose,
    exception_type,
    minute,
    sum(traces)::BIGINT AS traces
FROM shown
GROUP BY ALL
ORDER BY minute, service_name, service_namespace, service_version, environment_name, deployment_id,
    fingerprint, fingerprint_loose, exception_type;
