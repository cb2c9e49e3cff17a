-- Requests and calls refused for want of authority, candidate against baseline.
-- HTTP 401, 403 and 407, RPC UNAUTHENTICATED and PERMISSION_DENIED.
-- Requests the service refused, per endpoint and version of the caller; and its own calls that were
-- refused, per peer: a new version with a wrong secret fails there. They are client errors and no
-- failures, so no failure rate shows them. Largest rise first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column direction VARCHAR: 'received' or 'made'
-- column endpoint VARCHAR: endpoint of the service; NULL for calls made for no request
-- column caller VARCHAR: service@version that asked; NULL when it sent no span, and for calls made
-- column peer VARCHAR: what was called, or (unknown); NULL for requests received
-- column code VARCHAR: HTTP status, else RPC status
-- column candidate_refused BIGINT: of the candidate
-- column candidate_share DOUBLE: of the same requests or calls, 0 to 1, weighted
-- column baseline_refused BIGINT: of the baseline; NULL without a baseline
-- column baseline_share DOUBLE: of the same requests or calls, weighted
-- column difference DOUBLE: candidate's share minus the baseline's
-- column first_refused TIMESTAMP_NS: start of the candidate's first
-- column example_trace_id VARCHAR: the candidate's latest such trace, else the baseline's
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
), compared AS MATERIALIZED (
    SELECT side, trace_key, span_key, parent_span_key, endpoint, http_status_code, rpc_status_code,
        weight, start_time
    FROM sided_requests(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
), callers AS (
    SELECT r.side, r.trace_key, r.span_key,
        any_value(k.service_name || coalesce('@' || k.service_version, '')) AS caller
    FROM compared AS r
    JOIN spans AS k ON k.trace_key = r.trace_key AND k.span_key = r.parent_span_key
    WHERE $until IS NULL OR k.start_time < $until::TIMESTAMP_NS
    GROUP BY r.side, r.trace_key, r.span_key
), happened AS (
    SELECT 'received' AS direction, r.side, r.endpoint, k.caller, NULL AS peer,
        r.http_status_code, r.rpc_status_code, r.weight, r.start_time, r.span_key, r.trace_key
    FROM compared AS r
    LEFT JOIN callers AS k
        ON k.side = r.side AND k.trace_key = r.trace_key AND k.span_key = r.span_key
    UNION ALL
    SELECT 'made', side, endpoint, NULL, coalesce(peer, '(unknown)'),
        http_status_code, rpc_status_code, weight, start_time, span_key, trace_key
    FROM sided_calls($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
), coded AS (
    SELECT *, CASE
            WHEN http_status_code IN (401, 403, 407) THEN http_status_code::VARCHAR
            WHEN rpc_status_code IN ('UNAUTHENTICATED', 'PERMISSION_DENIED') THEN rpc_status_code
        END AS code
    FROM happened
), places AS (
    SELECT direction, endpoint, caller, peer, side, sum(weight) AS weight
    FROM coded GROUP BY ALL
), refused AS (
    SELECT direction, endpoint, caller, peer, code,
        count(*) FILTER (side = 'candidate') AS candidate_refused,
        count(*) FILTER (side = 'baseline') AS baseline_refused,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        min(start_time) FILTER (side = 'candidate') AS first_refused,
        arg_max(trace_key, (side, start_time, span_key)) AS example_trace_key
    FROM coded WHERE code IS NOT NULL
    GROUP BY ALL
)
SELECT r.direction, r.endpoint, r.caller, r.peer, r.code,
    r.candidate_refused,
    share(r.candidate_weight, n.weight) AS candidate_share,
    CASE WHEN c.baseline_kind IS NOT NULL THEN r.baseline_refused END AS baseline_refused,
    share(r.baseline_weight, o.weight) AS baseline_share,
    candidate_share - baseline_share AS difference,
    r.first_refused,
    trace_hex(r.example_trace_key) AS example_trace_id,
    c.*
FROM refused AS r
LEFT JOIN places AS n ON n.side = 'candidate' AND n.direction = r.direction
    AND (n.endpoint, n.caller, n.peer) IS NOT DISTINCT FROM (r.endpoint, r.caller, r.peer)
LEFT JOIN places AS o ON o.side = 'baseline' AND o.direction = r.direction
    AND (o.endpoint, o.caller, o.peer) IS NOT DISTINCT FROM (r.endpoint, r.caller, r.peer)
CROSS JOIN the_comparison AS c
ORDER BY coalesce(difference, candidate_share) DESC NULLS LAST, r.candidate_refused DESC,
    r.direction, r.endpoint, r.caller, r.peer, r.code;
