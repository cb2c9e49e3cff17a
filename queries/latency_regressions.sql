-- Durations of the candidate's requests against the baseline's, per endpoint and over all.
-- p50, p95 and p99 with distribution-free 95 % intervals (queries/views/55_compared_durations.sql).
-- `slower` is said when both ratio and difference matter (1 ms that became 2 is no harm), and
-- the intervals do not overlap; to see a 50 % rise so takes some 200 requests on each side for p50,
-- 500 for p95, 2,000 for p99. Slower ones first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param ratio_min DOUBLE = 1.3: how many times as long counts as slower
-- param difference_min_ms DOUBLE = 10: how many milliseconds longer it must be besides
-- column endpoint VARCHAR: endpoint, or '(all)'
-- column quantile VARCHAR: p50, p95 or p99
-- column candidate_requests BIGINT: requests of the candidate
-- column candidate_ms DOUBLE: duration, milliseconds, weighted; NULL without requests
-- column candidate_ms_low DOUBLE: lower bound of its interval; NULL when beyond the sample
-- column candidate_ms_high DOUBLE: upper bound
-- column baseline_requests BIGINT: requests of the baseline; NULL without a baseline
-- column baseline_ms DOUBLE: duration, milliseconds, weighted
-- column baseline_ms_low DOUBLE: lower bound of its interval
-- column baseline_ms_high DOUBLE: upper bound
-- column ratio DOUBLE: candidate's duration divided by the baseline's
-- column slower BOOLEAN: both minima met, intervals apart; NULL when a side has no requests
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
WITH durations AS (
    FROM compared_durations(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), pairs AS (
    SELECT
        endpoint,
        quantile,
        coalesce(max(requests) FILTER (side = 'candidate'), 0) AS candidate_requests,
        milliseconds(max(duration_ns) FILTER (side = 'candidate')) AS candidate_ms,
        milliseconds(max(duration_ns_low) FILTER (side = 'candidate')) AS candidate_ms_low,
        milliseconds(max(duration_ns_high) FILTER (side = 'candidate')) AS candidate_ms_high,
        coalesce(max(requests) FILTER (side = 'baseline'), 0) AS baseline_requests,
        milliseconds(max(duration_ns) FILTER (side = 'baseline')) AS baseline_ms,
        milliseconds(max(duration_ns_low) FILTER (side = 'baseline')) AS baseline_ms_low,
        milliseconds(max(duration_ns_high) FILTER (side = 'baseline')) AS baseline_ms_high
    FROM durations
    GROUP BY endpoint, quantile
)
SELECT
    p.endpoint,
    p.quantile,
    p.candidate_requests,
    p.candidate_ms,
    p.candidate_ms_low,
    p.candidate_ms_high,
    CASE WHEN c.baseline_kind IS NOT NULL THEN p.baseline_requests END AS baseline_requests,
    p.baseline_ms,
    p.baseline_ms_low,
    p.baseline_ms_high,
    p.candidate_ms / nullif(p.baseline_ms, 0) AS ratio,
    CASE WHEN p.candidate_requests > 0 AND p.baseline_requests > 0
        THEN coalesce(
            ratio >= $ratio_min AND p.candidate_ms - p.baseline_ms >= $difference_min_ms
            AND p.candidate_ms_low > p.baseline_ms_high, false)
    END AS slower,
    c.*
FROM pairs AS p
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
ORDER BY slower DESC NULLS LAST, ratio DESC NULLS LAST, p.candidate_requests DESC, p.endpoint,
    p.quantile;
