-- Endpoints that fail, candidate against baseline.
-- All endpoints or a few? An endpoint is listed when it failed on either side, or answered client
-- errors on the candidate's; most excess failures first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column endpoint VARCHAR: endpoint of the service
-- column candidate_requests BIGINT: requests of the candidate
-- column candidate_failures BIGINT: of these, failed: server errors and timeouts
-- column candidate_failure_rate DOUBLE: share that failed, weighted; NULL without requests
-- column baseline_requests BIGINT: requests of the baseline; NULL without a baseline
-- column baseline_failures BIGINT: of these, failed
-- column baseline_failure_rate DOUBLE: share of requests that failed, 0 to 1, weighted
-- column excess_failures DOUBLE: failures beyond the baseline's rate, weighted; can be negative
-- column candidate_timeouts BIGINT: failures of the candidate that were timeouts
-- column candidate_client_error_rate DOUBLE: share of client errors, weighted
-- column baseline_client_error_rate DOUBLE: the same of the baseline
-- column first_failure TIMESTAMP_NS: start of the candidate's first failing request
-- column first_failure_trace_id VARCHAR: its trace
-- column example_trace_id VARCHAR: the candidate's latest failing request, else the baseline's
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
WITH endpoints AS (
    SELECT
        endpoint,
        count(*) FILTER (side = 'candidate') AS candidate_requests,
        count(*) FILTER (side = 'candidate' AND failure) AS candidate_failures,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        coalesce(sum(weight) FILTER (side = 'candidate' AND failure), 0) AS candidate_failed_weight,
        count(*) FILTER (side = 'baseline') AS baseline_requests,
        count(*) FILTER (side = 'baseline' AND failure) AS baseline_failures,
        share(
            sum(weight) FILTER (side = 'baseline' AND failure),
            sum(weight) FILTER (side = 'baseline')
        ) AS baseline_failure_rate,
        count(*) FILTER (side = 'candidate' AND outcome = 'timeout') AS candidate_timeouts,
        count(*) FILTER (side = 'candidate' AND outcome = 'client_error')
            AS candidate_client_errors,
        share(
            sum(weight) FILTER (side = 'candidate' AND outcome = 'client_error'),
            sum(weight) FILTER (side = 'candidate')
        ) AS candidate_client_error_rate,
        share(
            sum(weight) FILTER (side = 'baseline' AND outcome = 'client_error'),
            sum(weight) FILTER (side = 'baseline')
        ) AS baseline_client_error_rate,
        min(start_time) FILTER (side = 'candidate' AND failure) AS first_failure,
        arg_min(trace_key, (start_time, span_key)) FILTER (side = 'candidate' AND failure)
            AS first_failure_trace_key,
        coalesce(
            arg_max(trace_key, (start_time, span_key)) FILTER (side = 'candidate' AND failure),
            arg_max(trace_key, (start_time, span_key)) FILTER (side = 'baseline' AND failure)
        ) AS example_trace_key
    FROM compared_requests(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
    GROUP BY endpoint
)
SELECT
    e.endpoint,
    e.candidate_requests,
    e.candidate_failures,
    share(e.candidate_failed_weight, e.candidate_weight) AS candidate_failure_rate,
    CASE WHEN c.baseline_kind IS NOT NULL THEN e.baseline_requests END AS baseline_requests,
    CASE WHEN c.baseline_kind IS NOT NULL THEN e.baseline_failures END AS baseline_failures,
    e.baseline_failure_rate,
    e.candidate_failed_weight - e.baseline_failure_rate * e.candidate_weight AS excess_failures,
    e.candidate_timeouts,
    e.candidate_client_error_rate,
    e.baseline_client_error_rate,
    e.first_failure,
    trace_hex(e.first_failure_trace_key) AS first_failure_trace_id,
    trace_hex(e.example_trace_key) AS example_trace_id,
    c.*
FROM endpoints AS e
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
WHERE e.candidate_failures + e.baseline_failures + e.candidate_client_errors > 0
ORDER BY coalesce(excess_failures, e.candidate_failures) DESC, e.candidate_failures DESC,
    e.endpoint;
