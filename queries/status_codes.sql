-- How the requests ended: client error, server error or timeout, by status code.
-- A rise of 401, 404 or 400 after a release is a regression too, though no failure: it is ranked
-- with the rest, by the difference of the shares.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column outcome VARCHAR: ok, client_error, server_error or timeout
-- column http_status_code INTEGER: HTTP status; NULL when none was sent
-- column rpc_status_code VARCHAR: RPC status; NULL when none was sent
-- column candidate_requests BIGINT: requests of the candidate that ended so
-- column candidate_share DOUBLE: of its requests, 0 to 1, weighted
-- column baseline_requests BIGINT: requests of the baseline that ended so; NULL without a baseline
-- column baseline_share DOUBLE: of its requests, 0 to 1, weighted
-- column difference DOUBLE: candidate's share minus the baseline's
-- column endpoints BIGINT: endpoints of the candidate that answered so
-- column example_trace_id VARCHAR: the candidate's latest such request, else the baseline's
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
WITH compared AS (
    FROM compared_requests(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), totals AS (
    SELECT
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight
    FROM compared
), codes AS (
    SELECT
        outcome,
        http_status_code,
        rpc_status_code,
        count(*) FILTER (side = 'candidate') AS candidate_requests,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        count(*) FILTER (side = 'baseline') AS baseline_requests,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        count(DISTINCT endpoint) FILTER (side = 'candidate') AS endpoints,
        arg_max(trace_key, (side, start_time, span_key)) AS example_trace_key
    FROM compared
    GROUP BY outcome, http_status_code, rpc_status_code
)
SELECT
    s.outcome,
    s.http_status_code,
    s.rpc_status_code,
    s.candidate_requests,
    share(s.candidate_weight, t.candidate_weight) AS candidate_share,
    CASE WHEN c.baseline_kind IS NOT NULL THEN s.baseline_requests END AS baseline_requests,
    share(s.baseline_weight, t.baseline_weight) AS baseline_share,
    share(s.candidate_weight, t.candidate_weight) - share(s.baseline_weight, t.baseline_weight)
        AS difference,
    s.endpoints,
    trace_hex(s.example_trace_key) AS example_trace_id,
    c.*
FROM codes AS s CROSS JOIN totals AS t
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
ORDER BY s.outcome = 'ok', difference DESC NULLS LAST, s.candidate_requests DESC, s.outcome,
    s.http_status_code, s.rpc_status_code;
