-- How far the roll-out is: every version of the service over time.
-- From ten minutes before the candidate's first traffic to the end of its window, one row per step
-- and version; steps in which a version served nothing are left out.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param step INTERVAL = '1 minute': length of a step
-- column step_start TIMESTAMP_NS: start of the step, UTC
-- column service_version VARCHAR: version that served; NULL when unknown
-- column served_deployment_id VARCHAR: its deployment.id
-- column candidate BOOLEAN: it is the candidate
-- column instances BIGINT: distinct instances that served; NULL when none was sent
-- column requests BIGINT: requests served
-- column request_share DOUBLE: of all requests in the step, 0 to 1, weighted
-- column failures BIGINT: requests that failed
-- column failure_rate DOUBLE: share of its requests that failed, 0 to 1, weighted
-- column service_namespace VARCHAR: namespace of the candidate
-- column environment_name VARCHAR: environment both were compared in
-- column deployment_id VARCHAR: roll-out of the candidate
-- column candidate_first_seen TIMESTAMP_NS: first traffic of the candidate
-- column candidate_from TIMESTAMP_NS: start of the candidate's window
-- column candidate_until TIMESTAMP_NS: end of the candidate's window, not included
-- column baseline_version VARCHAR: version compared with; without a kind, one that was deleted
-- column baseline_kind VARCHAR: concurrent, before or named; NULL without a baseline
-- column baseline_from TIMESTAMP_NS: start of the baseline's window
-- column baseline_until TIMESTAMP_NS: end of the baseline's window, not included
WITH c AS (
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), steps AS (
    SELECT
        bucket($step, r.start_time) AS step_start,
        r.service_version AS service_version,
        r.deployment_id AS served_deployment_id,
        nullif(count(DISTINCT r.instance_id), 0) AS instances,
        count(*) AS requests,
        sum(r.weight) AS weight,
        count(*) FILTER (r.failure) AS failures,
        share(sum(r.weight) FILTER (r.failure), sum(r.weight)) AS failure_rate
    FROM requests AS r CROSS JOIN c
    WHERE r.service_name = $service_name
        AND r.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND r.environment_name IS NOT DISTINCT FROM c.environment_name
        AND r.start_time >= c.candidate_first_seen - INTERVAL 10 MINUTE
        AND r.start_time < c.candidate_until
    GROUP BY ALL
)
SELECT
    s.step_start,
    s.service_version,
    s.served_deployment_id,
    coalesce(s.service_version, '') = $service_version
        AND s.served_deployment_id IS NOT DISTINCT FROM c.deployment_id AS candidate,
    s.instances,
    s.requests,
    s.weight / sum(s.weight) OVER (PARTITION BY s.step_start) AS request_share,
    s.failures,
    s.failure_rate,
    c.*
FROM steps AS s CROSS JOIN c
ORDER BY s.step_start, candidate, s.service_version, s.served_deployment_id;
