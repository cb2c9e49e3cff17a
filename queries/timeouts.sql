-- Timeouts per endpoint and peer, and the round time at which they pile up.
-- A request that timed out, and each call that did, by the endpoint of the request it was made for.
-- A timeout that was set shows as durations just above one round value: the limit, and often the
-- changed setting. Most additional timeouts first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column endpoint VARCHAR: endpoint of the service; NULL for calls made for no request
-- column peer VARCHAR: what was called, or (unknown); NULL for the request itself
-- column candidate_spans BIGINT: calls to the peer, or requests, of the candidate
-- column candidate_timeouts BIGINT: of these, timed out
-- column candidate_timeout_rate DOUBLE: share that timed out, 0 to 1, weighted
-- column candidate_limit_ms DOUBLE: round value at which half or more of 2 or more end; else NULL
-- column candidate_limit_share DOUBLE: of the timeouts, those that end within 5 % above that
-- column baseline_spans BIGINT: as the candidate's; NULL without a baseline
-- column baseline_timeouts BIGINT: of these, timed out
-- column baseline_timeout_rate DOUBLE: share that timed out, weighted
-- column baseline_limit_ms DOUBLE: as the candidate's
-- column difference DOUBLE: candidate's timeout rate minus the baseline's
-- column first_timeout TIMESTAMP_NS: start of the candidate's first
-- column example_trace_id VARCHAR: the candidate's latest timeout, else the baseline's
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
), happened AS (
    SELECT side, endpoint, NULL AS peer, outcome = 'timeout' AS timeout, duration_ns, weight,
        start_time, span_key, trace_key
    FROM sided_requests(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    UNION ALL
    SELECT side, endpoint, coalesce(peer, '(unknown)'), outcome = 'timeout', duration_ns, weight,
        start_time, span_key, trace_key
    FROM sided_calls($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
), limits AS (
    -- The largest round value that the duration reaches, if that is within 5 %.
    SELECT side, endpoint, peer, limit_ms, count(*) AS spans
    FROM (
        SELECT side, endpoint, peer, duration_ns / 1e6 AS ms,
            10 ** floor(log10(duration_ns / 1e6) + 1e-9) AS unit,
            list_max(list_filter([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 9]::DOUBLE[],
                lambda round: round * unit <= ms * (1 + 1e-9))) * unit AS limit_ms
        FROM happened WHERE timeout AND duration_ns > 0
    )
    WHERE ms <= 1.05 * limit_ms
    GROUP BY side, endpoint, peer, limit_ms
), sides AS (
    SELECT h.side, h.endpoint, h.peer,
        count(*) AS spans,
        count(*) FILTER (h.timeout) AS timeouts,
        share(sum(h.weight) FILTER (h.timeout), sum(h.weight)) AS rate,
        min(h.start_time) FILTER (h.timeout) AS first_timeout,
        arg_max(h.trace_key, (h.start_time, h.span_key)) FILTER (h.timeout) AS example_trace_key
    FROM happened AS h
    GROUP BY h.side, h.endpoint, h.peer
), piled AS (
    SELECT s.*, share(l.spans, s.timeouts) AS limit_share, l.limit_ms
    FROM sides AS s
    LEFT JOIN limits AS l ON l.side = s.side AND l.endpoint IS NOT DISTINCT FROM s.endpoint
        AND l.peer IS NOT DISTINCT FROM s.peer AND 2 * l.spans >= s.timeouts AND l.spans >= 2
    QUALIFY row_number() OVER (
        PARTITION BY s.side, s.endpoint, s.peer ORDER BY l.spans DESC, l.limit_ms) = 1
), pairs AS (
    SELECT coalesce(n.endpoint, o.endpoint) AS endpoint, coalesce(n.peer, o.peer) AS peer, n, o
    FROM (FROM piled WHERE side = 'candidate') AS n
    FULL JOIN (FROM piled WHERE side = 'baseline') AS o
        ON o.endpoint IS NOT DISTINCT FROM n.endpoint AND o.peer IS NOT DISTINCT FROM n.peer
)
SELECT
    p.endpoint, p.peer,
    coalesce(p.n.spans, 0) AS candidate_spans,
    coalesce(p.n.timeouts, 0) AS candidate_timeouts,
    p.n.rate AS candidate_timeout_rate,
    p.n.limit_ms AS candidate_limit_ms,
    CASE WHEN p.n.limit_ms IS NOT NULL THEN p.n.limit_share END AS candidate_limit_share,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.spans, 0) END AS baseline_spans,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.timeouts, 0) END AS baseline_timeouts,
    p.o.rate AS baseline_timeout_rate,
    p.o.limit_ms AS baseline_limit_ms,
    p.n.rate - p.o.rate AS difference,
    p.n.first_timeout AS first_timeout,
    trace_hex(coalesce(p.n.example_trace_key, p.o.example_trace_key)) AS example_trace_id,
    c.*
FROM pairs AS p
CROSS JOIN the_comparison AS c
WHERE p.n.timeouts > 0 OR p.o.timeouts > 0
ORDER BY coalesce(difference, p.n.rate) DESC NULLS LAST, candidate_timeouts DESC,
    p.endpoint, p.peer;
