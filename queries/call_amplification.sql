-- Calls per request: does the candidate call more often than the baseline? (N+1, retries)
-- Per endpoint, peer and call (database operation and collection, else span name); requests that
-- made none count as 0. `amplified`: the median rose by `ratio_min` or more and by `calls_min` or
-- more calls. Most additional calls first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param ratio_min DOUBLE = 2: least ratio of the medians
-- param calls_min DOUBLE = 5: least difference of the medians
-- column endpoint VARCHAR: endpoint of the service; NULL for calls made for no request
-- column peer VARCHAR: what was called
-- column call_name VARCHAR: database operation and collection, else span name
-- column candidate_calls BIGINT: calls of the candidate
-- column candidate_calls_per_request DOUBLE: mean, weighted; NULL without requests
-- column candidate_median BIGINT: calls of the median request
-- column candidate_siblings_max BIGINT: most calls of this name and peer under one parent span
-- column baseline_calls BIGINT: calls of the baseline; NULL without a baseline
-- column baseline_calls_per_request DOUBLE: mean, weighted
-- column baseline_median BIGINT: calls of the median request
-- column baseline_siblings_max BIGINT: as the candidate's
-- column ratio DOUBLE: of the means; NULL when the baseline made none
-- column difference DOUBLE: of the means: additional calls per request
-- column amplified BOOLEAN: as above; NULL without a baseline that served the endpoint
-- column example_trace_id VARCHAR: the candidate's request with the most such calls
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
), served AS (
    SELECT endpoint, side, count(*) AS requests, sum(weight) AS weight
    FROM sided_requests(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    GROUP BY endpoint, side
), by_parent AS (
    SELECT side, endpoint, peer, call_name, trace_key, request_key, parent_span_key,
        count(*) AS calls, sum(weight) AS weight
    FROM sided_calls($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    GROUP BY ALL
), by_request AS (
    SELECT side, endpoint, peer, call_name, trace_key, request_key,
        sum(calls)::BIGINT AS calls, sum(weight) AS weight, max(calls) AS siblings
    FROM by_parent
    GROUP BY ALL
), ranked AS (
    SELECT side, endpoint, peer, call_name, calls, sum(weight) AS weight,
        max(siblings) AS siblings, min(trace_key) AS trace_key, count(*) AS callers,
        sum(count(*)) OVER (PARTITION BY side, endpoint, peer, call_name ORDER BY calls) AS up_to,
        sum(count(*)) OVER (PARTITION BY side, endpoint, peer, call_name) AS callers_all
    FROM by_request
    GROUP BY side, endpoint, peer, call_name, calls
), sides AS (
    SELECT r.side, r.endpoint, r.peer, r.call_name,
        sum(r.calls * r.callers)::BIGINT AS calls,
        sum(r.weight) AS weight,
        max(r.siblings) AS siblings,
        arg_max(r.trace_key, r.calls) AS trace_key,
        -- The requests that made no such call stand before the others.
        CASE WHEN any_value(s.requests) IS NOT NULL THEN coalesce(min(r.calls) FILTER (
            2 * (s.requests - r.callers_all + r.up_to) >= s.requests + 1
            AND 2 * (s.requests - r.callers_all) < s.requests + 1), 0) END AS median
    FROM ranked AS r
    LEFT JOIN served AS s ON s.side = r.side AND s.endpoint IS NOT DISTINCT FROM r.endpoint
    GROUP BY r.side, r.endpoint, r.peer, r.call_name
), pairs AS (
    SELECT coalesce(n.endpoint, o.endpoint) AS endpoint, coalesce(n.peer, o.peer) AS peer,
        coalesce(n.call_name, o.call_name) AS call_name, n, o
    FROM (FROM sides WHERE side = 'candidate') AS n
    FULL JOIN (FROM sides WHERE side = 'baseline') AS o
        ON o.endpoint IS NOT DISTINCT FROM n.endpoint AND o.peer IS NOT DISTINCT FROM n.peer
        AND o.call_name = n.call_name
)
SELECT
    p.endpoint, p.peer, p.call_name,
    coalesce(p.n.calls, 0) AS candidate_calls,
    share(p.n.weight, sn.weight) AS candidate_calls_per_request,
    CASE WHEN sn.requests IS NOT NULL THEN coalesce(p.n.median, 0) END AS candidate_median,
    p.n.siblings AS candidate_siblings_max,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.calls, 0) END AS baseline_calls,
    share(p.o.weight, so.weight) AS baseline_calls_per_request,
    CASE WHEN so.requests IS NOT NULL THEN coalesce(p.o.median, 0) END AS baseline_median,
    p.o.siblings AS baseline_siblings_max,
    candidate_calls_per_request / nullif(baseline_calls_per_request, 0) AS ratio,
    candidate_calls_per_request - baseline_calls_per_request AS difference,
    candidate_median >= $ratio_min * baseline_median
        AND candidate_median - baseline_median >= $calls_min AS amplified,
    trace_hex(p.n.trace_key) AS example_trace_id,
    c.*
FROM pairs AS p
LEFT JOIN served AS sn ON sn.side = 'candidate' AND sn.endpoint = p.endpoint
LEFT JOIN served AS so ON so.side = 'baseline' AND so.endpoint = p.endpoint
CROSS JOIN the_comparison AS c
ORDER BY difference DESC NULLS LAST, candidate_calls DESC, p.endpoint, p.peer, p.call_name;
