-- Services that fail in traces that passed through the candidate, against the baseline.
-- A wrong answer of the candidate may only break its caller: so every service of these traces is
-- counted, one row per service and version. `failures` counts requests that failed, for any reason;
-- `origins` counts the traces in which a failure starts in this service.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column service_name VARCHAR: service
-- column service_version VARCHAR: its version
-- column candidate_failures BIGINT: its requests in traces through the candidate that failed
-- column baseline_failures BIGINT: in traces through the baseline; NULL without one
-- column candidate_failure_rate DOUBLE: share of them that failed, weighted; NULL without requests
-- column baseline_failure_rate DOUBLE: share of them that failed, 0 to 1, weighted
-- column candidate_requests BIGINT: its requests in traces through the candidate, failed or not
-- column baseline_requests BIGINT: its requests in traces through the baseline; NULL without one
-- column candidate_origins BIGINT: traces through the candidate in which a failure starts here
-- column baseline_origins BIGINT: traces through the baseline in which a failure starts here
-- column example_trace_id VARCHAR: latest in which a failure starts here, else any failing
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
WITH requests_by_service AS (
    SELECT r.service_name, r.service_version,
        count(*) FILTER (t.side = 'candidate') AS candidate_requests,
        count(*) FILTER (t.side = 'candidate' AND r.failure) AS candidate_failures,
        share(
            sum(r.weight) FILTER (t.side = 'candidate' AND r.failure),
            sum(r.weight) FILTER (t.side = 'candidate')
        ) AS candidate_failure_rate,
        count(*) FILTER (t.side = 'baseline') AS baseline_requests,
        count(*) FILTER (t.side = 'baseline' AND r.failure) AS baseline_failures,
        share(
            sum(r.weight) FILTER (t.side = 'baseline' AND r.failure),
            sum(r.weight) FILTER (t.side = 'baseline')
        ) AS baseline_failure_rate,
        arg_max(r.trace_key, (t.side, r.start_time, r.span_key)) FILTER (r.failure)
            AS example_trace_key
    FROM requests AS r
    JOIN compared_traces(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until) AS t ON t.trace_key = r.trace_key
    WHERE $until IS NULL OR r.start_time < $until::TIMESTAMP_NS
    GROUP BY r.service_name, r.service_version
), origins_by_service AS (
    SELECT s.service_name, s.service_version,
        count(DISTINCT p.trace_key) FILTER (p.side = 'candidate') AS candidate_origins,
        count(DISTINCT p.trace_key) FILTER (p.side = 'baseline') AS baseline_origins,
        arg_max(p.trace_key, (p.side, s.start_time, s.span_key)) AS example_trace_key
    FROM failing_paths(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until) AS p
    JOIN spans AS s ON s.trace_key = p.trace_key AND s.span_key = p.span_key
    WHERE p.origin
    GROUP BY s.service_name, s.service_version
)
SELECT
    coalesce(r.service_name, o.service_name) AS service_name,
    coalesce(r.service_version, o.service_version) AS service_version,
    coalesce(r.candidate_failures, 0) AS candidate_failures,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(r.baseline_failures, 0) END
        AS baseline_failures,
    r.candidate_failure_rate,
    r.baseline_failure_rate,
    coalesce(r.candidate_requests, 0) AS candidate_requests,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(r.baseline_requests, 0) END
        AS baseline_requests,
    coalesce(o.candidate_origins, 0) AS candidate_origins,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(o.baseline_origins, 0) END
        AS baseline_origins,
    trace_hex(coalesce(o.example_trace_key, r.example_trace_key)) AS example_trace_id,
    c.*
FROM requests_by_service AS r
FULL JOIN origins_by_service AS o
    ON o.service_name = r.service_name AND o.service_version IS NOT DISTINCT FROM r.service_version
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
WHERE o.service_name IS NOT NULL OR r.candidate_failures + r.baseline_failures > 0
ORDER BY candidate_origins DESC, candidate_failures DESC, baseline_origins DESC,
    coalesce(r.service_name, o.service_name), coalesce(r.service_version, o.service_version);
