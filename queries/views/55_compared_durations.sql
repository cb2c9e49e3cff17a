-- Durations of the compared requests: p50, p95, p99 per endpoint and over all, with 95 % intervals.
-- A quantile is the shortest duration that at least that share of the requests, by weight, did not
-- exceed. Its interval is distribution-free: the order statistics at the ranks l and u + 1, where l
-- and u are the 2.5 % and 97.5 % points of the binomial(n, q), by the normal approximation with the
-- Cornish-Fisher term for its skew (checked for n up to 3,000: never narrower than the exact ranks,
-- at most one rank wider). With weights, n is the effective number (sum w)^2 / sum w^2. A bound
-- beyond the sample is NULL: unknown.
-- Parameters as in compared_spans.
-- column side VARCHAR: 'candidate' or 'baseline'
-- column endpoint VARCHAR: endpoint, or '(all)'
-- column quantile VARCHAR: p50, p95 or p99
-- column requests BIGINT: requests whose duration is known
-- column duration_ns BIGINT: the quantile, nanoseconds
-- column duration_ns_low BIGINT: lower bound
-- column duration_ns_high BIGINT: upper bound
CREATE OR REPLACE MACRO compared_durations(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until
) AS TABLE
WITH durations AS (
    SELECT r.side, e.endpoint, r.duration_ns, r.weight
    FROM compared_requests(
        asked_service, asked_version, asked_environment, asked_deployment,
        asked_baseline, asked_since, asked_until
    ) AS r
    CROSS JOIN LATERAL (VALUES (r.endpoint), ('(all)')) AS e(endpoint)
    WHERE r.duration_ns IS NOT NULL
), ranked AS (
    SELECT side, endpoint, duration_ns,
        sum(weight) OVER (
            PARTITION BY side, endpoint ORDER BY duration_ns ROWS UNBOUNDED PRECEDING
        ) / sum(weight) OVER (PARTITION BY side, endpoint) AS share_up_to,
        sum(weight) OVER (PARTITION BY side, endpoint) ** 2
            / sum(weight * weight) OVER (PARTITION BY side, endpoint) AS n
    FROM durations
), marked AS (
    -- 1e-9 keeps a rank that is a whole number from being rounded away.
    SELECT r.side, r.endpoint, r.duration_ns, q.quantile, q.q,
        r.share_up_to + 1e-9 AS share_up_to,
        r.share_up_to * r.n + 1e-9 AS rank,
        r.n * q.q + 0.474 * (1 - 2 * q.q) - 0.5 AS middle,
        1.96 * sqrt(r.n * q.q * (1 - q.q)) AS reach
    FROM ranked AS r
    CROSS JOIN (
        VALUES ('p50', 0.50::DOUBLE), ('p95', 0.95::DOUBLE), ('p99', 0.99::DOUBLE)
    ) AS q(quantile, q)
)
SELECT side, endpoint, quantile,
    count(*) AS requests,
    min(duration_ns) FILTER (share_up_to >= q) AS duration_ns,
    CASE WHEN any_value(ceil(middle - reach)) >= 1
        THEN min(duration_ns) FILTER (rank >= ceil(middle - reach)) END AS duration_ns_low,
    min(duration_ns) FILTER (rank >= ceil(middle + reach) + 1) AS duration_ns_high
FROM marked
GROUP BY side, endpoint, quantile;
