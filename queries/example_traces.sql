-- Traces worth opening: the candidate's failing requests, exceptions, then the slowest.
-- At most three of a sort (endpoint, outcome, status, exception type): one of each first, frequent
-- sorts first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param endpoint VARCHAR = NULL: only this endpoint
-- param rows_max BIGINT = 10: traces to return
-- column trace_id VARCHAR: trace
-- column span_id VARCHAR: the request in it
-- column reason VARCHAR: 'failure', 'exception' (recorded in it, though it ended well), 'slow'
-- column start_time TIMESTAMP_NS: start of the request
-- column endpoint VARCHAR: endpoint
-- column outcome VARCHAR: ok, client_error, server_error or timeout
-- column http_status_code INTEGER: HTTP status; NULL when none was sent
-- column duration_ms DOUBLE: duration, milliseconds
-- column exception_type VARCHAR: last exception the candidate recorded in the trace; NULL when none
-- column exception_message VARCHAR: its message
-- column alike BIGINT: requests of the candidate of the same sort
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
WITH recorded AS (
    SELECT trace_key,
        arg_max(exception_type, (time, span_key)) AS exception_type,
        arg_max(exception_message, (time, span_key)) AS exception_message
    FROM compared_exceptions(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
    WHERE side = 'candidate' AND trace_key IS NOT NULL AND exception_source <> 'status'
    GROUP BY trace_key
), sorted AS (
    SELECT r.trace_key, r.span_key, r.start_time, r.endpoint, r.outcome, r.http_status_code,
        r.duration_ns, e.exception_type, e.exception_message,
        CASE WHEN r.failure THEN 'failure' WHEN e.trace_key IS NOT NULL THEN 'exception'
            ELSE 'slow' END AS reason,
        count(*) OVER sort AS alike,
        row_number() OVER (
            sort ORDER BY CASE WHEN reason = 'slow' THEN r.duration_ns END DESC,
                r.start_time DESC, r.span_key
        ) AS place
    FROM compared_requests(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until) AS r
    LEFT JOIN recorded AS e ON e.trace_key = r.trace_key
    WHERE r.side = 'candidate' AND ($endpoint IS NULL OR r.endpoint = $endpoint)
    WINDOW sort AS (
        PARTITION BY reason, r.endpoint, r.outcome, r.http_status_code, e.exception_type
    )
)
SELECT
    trace_hex(s.trace_key) AS trace_id,
    span_hex(s.span_key) AS span_id,
    s.reason,
    s.start_time,
    s.endpoint,
    s.outcome,
    s.http_status_code,
    milliseconds(s.duration_ns) AS duration_ms,
    s.exception_type,
    s.exception_message,
    s.alike,
    c.*
FROM sorted AS s
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
WHERE s.place <= 3
ORDER BY s.reason = 'slow', s.reason = 'exception', s.place, s.alike DESC, s.start_time DESC,
    s.span_key
LIMIT $rows_max;
