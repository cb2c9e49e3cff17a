-- Requests per minute, by the versions that their trace passed through.
-- So the failures of one deployment can be asked for among traces that met, or did not meet, the
-- new version of another service. Nothing that starts at or after the end of the window is read;
-- where a failure started is looked for in spans up to 10 minutes before it.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param settling_s BIGINT = 60: seconds that an instance takes to settle
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column minute BIGINT: minutes since 1970, UTC, of the trace's first span in the window
-- column versions VARCHAR[]: service@version, sorted; 'service@' for spans without a version
-- column settling VARCHAR[]: those of them an instance of which was settling, sorted
-- column unanswered VARCHAR[]: services that a failing call in it was not answered by, sorted
-- column requests BIGINT: requests
-- column failures BIGINT: of them failed
-- column elsewhere_failures BIGINT: failed, each origin in another service or version, or silent
WITH elsewhere AS (
    SELECT trace_key, request_key
    FROM origins_between($since, $until)
    GROUP BY trace_key, request_key
    HAVING bool_and(elsewhere)
)
SELECT r.service_namespace, r.service_name, r.service_version, r.environment_name, r.deployment_id,
    t.minute, t.versions, t.settling, t.unanswered,
    count(*) AS requests,
    count(*) FILTER (r.failure) AS failures,
    count(e.request_key) FILTER (r.failure) AS elsewhere_failures
FROM requests_between($since, $until, NULL, $environment_name) AS r
JOIN trace_versions_between($since, $until, $environment_name, $settling_s) AS t
    ON t.trace_key = r.trace_key AND t.environment_name IS NOT DISTINCT FROM r.environment_name
LEFT JOIN elsewhere AS e ON e.trace_key = r.trace_key AND e.request_key = r.span_key
GROUP BY ALL
ORDER BY t.minute, r.service_name, r.service_namespace, r.service_version, r.environment_name,
    r.deployment_id, t.versions, t.settling, t.unanswered;
