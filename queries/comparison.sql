-- What a deployment is compared with.
-- One row; none when the version sent nothing. The rule is in queries/views/42_comparison.sql.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column candidate_requests BIGINT: requests of the candidate in its window
-- column candidate_instances BIGINT: distinct instances of the candidate; NULL when none was sent
-- column candidate_version_source VARCHAR: where the version was read
-- column baseline_requests BIGINT: requests of the baseline in its window; NULL without a baseline
-- column baseline_instances BIGINT: distinct instances of the baseline; NULL when none was sent
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
WITH the_comparison AS MATERIALIZED (
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), sides AS (
    SELECT side,
        count(*) FILTER (span_kind IN ('SERVER', 'CONSUMER')) AS requests,
        nullif(count(DISTINCT instance_id), 0) AS instances,
        min(version_source) AS version_source
    FROM sided_spans(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    GROUP BY side
)
SELECT
    coalesce(candidate.requests, 0) AS candidate_requests,
    candidate.instances AS candidate_instances,
    candidate.version_source AS candidate_version_source,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(baseline.requests, 0) END
        AS baseline_requests,
    baseline.instances AS baseline_instances,
    c.*
FROM the_comparison AS c
LEFT JOIN sides AS candidate ON candidate.side = 'candidate'
LEFT JOIN sides AS baseline ON baseline.side = 'baseline';
