-- Where the failing requests of a deployment start: the deepest failing span below each.
-- The origin may lie in another service and version; where that sends no spans, it is the call to
-- it, and `peer` names the suspect. A failing call whose caller went on well is not an origin. A
-- request with two origins counts for both. Largest share of the candidate's failures first. The
-- rule is in queries/views/54_failing_paths.sql.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column service_name VARCHAR: service in which the failure starts
-- column service_version VARCHAR: its version
-- column span_kind VARCHAR: kind of the origin span
-- column span_name VARCHAR: name of the origin span
-- column candidate_failures BIGINT: failing requests of the candidate that start here
-- column candidate_share DOUBLE: of the candidate's failing requests, 0 to 1, weighted
-- column peer VARCHAR: what it called; NULL for a request
-- column exception_type VARCHAR: last exception recorded on it, else on the failing request
-- column error VARCHAR: error.type, else HTTP or RPC status; NULL when none was sent
-- column candidate_rate DOUBLE: of all requests of the candidate, 0 to 1, weighted
-- column baseline_failures BIGINT: failing requests that start here; NULL without a baseline
-- column baseline_share DOUBLE: of the baseline's failing requests, 0 to 1, weighted
-- column baseline_rate DOUBLE: of all requests of the baseline, 0 to 1, weighted
-- column first_seen TIMESTAMP_NS: start of the first such origin span on the candidate's side
-- column message VARCHAR: message of its latest exception, else its status message
-- column example_trace_id VARCHAR: latest such trace of the candidate, else of the baseline
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
        sum(weight) FILTER (side = 'candidate' AND failure) AS candidate_failed,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        sum(weight) FILTER (side = 'baseline' AND failure) AS baseline_failed
    FROM compared
), recorded AS (
    SELECT trace_key, span_key,
        arg_max(exception_type, time) AS exception_type,
        arg_max(exception_message, time) AS exception_message
    FROM exceptions
    WHERE exception_source <> 'status' AND trace_key IS NOT NULL
        AND ($until IS NULL OR time < $until::TIMESTAMP_NS)
    GROUP BY trace_key, span_key
), origins AS (
    SELECT r.side, r.span_key AS request_key, r.weight, o.trace_key, o.span_key, o.start_time,
        o.service_name, o.service_version, o.span_kind, o.span_name, o.peer, o.status_message,
        coalesce(o.error_type, o.http_status_code::VARCHAR, o.rpc_status_code) AS error,
        CASE WHEN e.span_key IS NOT NULL THEN e.exception_type
            WHEN o.service_name = $service_name THEN f.exception_type END AS exception_type,
        CASE WHEN e.span_key IS NOT NULL THEN e.exception_message
            WHEN o.service_name = $service_name THEN f.exception_message END AS exception_message
    FROM compared AS r
    JOIN failing_paths(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until) AS p
        ON p.trace_key = r.trace_key AND p.request_key = r.span_key AND p.origin
    JOIN spans AS o ON o.trace_key = p.trace_key AND o.span_key = p.span_key
    LEFT JOIN recorded AS e ON e.trace_key = o.trace_key AND e.span_key = o.span_key
    LEFT JOIN recorded AS f ON f.trace_key = r.trace_key AND f.span_key = r.span_key
    WHERE r.failure
), by_request AS (
    SELECT service_name, service_version, span_kind, span_name, peer, exception_type, error,
        side, request_key, trace_key, weight, min(start_time) AS start_time,
        arg_max(coalesce(exception_message, status_message), (start_time, span_key)) AS message
    FROM origins
    GROUP BY ALL
), grouped AS (
    SELECT service_name, service_version, span_kind, span_name, peer, exception_type, error,
        count(*) FILTER (side = 'candidate') AS candidate_failures,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        count(*) FILTER (side = 'baseline') AS baseline_failures,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        min(start_time) FILTER (side = 'candidate') AS first_seen,
        arg_max(message, (side, start_time, request_key)) AS message,
        arg_max(trace_key, (side, start_time, request_key)) AS example_trace_key
    FROM by_request
    GROUP BY ALL
)
SELECT
    g.service_name,
    g.service_version,
    g.span_kind,
    g.span_name,
    g.candidate_failures,
    share(g.candidate_weight, t.candidate_failed) AS candidate_share,
    g.peer,
    g.exception_type,
    g.error,
    share(g.candidate_weight, t.candidate_weight) AS candidate_rate,
    CASE WHEN c.baseline_kind IS NOT NULL THEN g.baseline_failures END AS baseline_failures,
    share(g.baseline_weight, t.baseline_failed) AS baseline_share,
    share(g.baseline_weight, t.baseline_weight) AS baseline_rate,
    g.first_seen,
    g.message,
    trace_hex(g.example_trace_key) AS example_trace_id,
    c.*
FROM grouped AS g CROSS JOIN totals AS t
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
ORDER BY candidate_share DESC NULLS LAST, g.candidate_failures DESC, g.baseline_failures DESC,
    g.service_name, g.service_version, g.span_name, g.peer, g.exception_type, g.error;
