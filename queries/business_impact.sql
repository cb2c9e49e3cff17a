-- What the failing requests were worth: sums of a number that the spans carry.
-- You name the attribute (order.total, basket.items). Its value is read on the request, else it is
-- the largest on the service's other spans in the trace. The first row is over all endpoints; then
-- the largest sum that failed first. Weighted: a sampled request counts for all it stands for.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param attribute VARCHAR: span attribute that holds the number
-- column endpoint VARCHAR: endpoint of the service, or (all)
-- column candidate_requests BIGINT: requests of the candidate with the number
-- column candidate_failures BIGINT: of these, failed
-- column candidate_sum DOUBLE: sum over these requests, weighted
-- column candidate_failed_sum DOUBLE: sum over the failing ones, weighted
-- column candidate_failed_share DOUBLE: of the sum; NULL when that is 0
-- column candidate_failures_without BIGINT: failing requests without the number
-- column baseline_sum DOUBLE: as the candidate's; NULL without a baseline that has the number
-- column baseline_failed_sum DOUBLE: as the candidate's
-- column baseline_failed_share DOUBLE: as the candidate's
-- column excess_failed_sum DOUBLE: what failed beyond the baseline's share; can be negative
-- column example_trace_id VARCHAR: the candidate's failing request with the largest number
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
), numbers AS MATERIALIZED (
    SELECT side, trace_key, span_key, span_kind, endpoint, failure, weight,
        CASE WHEN contains(attributes, $attribute)
            THEN try_cast(attr(attributes, $attribute) AS DOUBLE) END AS number
    FROM sided_spans($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
), compared AS (
    -- Not a number and infinity would make every sum so.
    SELECT * REPLACE (CASE WHEN isfinite(number) THEN number END AS number) FROM numbers
), elsewhere AS (
    SELECT side, trace_key, max(number) AS number
    FROM compared
    WHERE span_kind NOT IN ('SERVER', 'CONSUMER') AND number IS NOT NULL
    GROUP BY side, trace_key
), placed AS (
    SELECT r.side, e.endpoint, r.trace_key, r.failure, r.weight,
        coalesce(r.number, o.number) AS number
    FROM compared AS r
    LEFT JOIN elsewhere AS o ON o.side = r.side AND o.trace_key = r.trace_key
    CROSS JOIN LATERAL (VALUES (r.endpoint), ('(all)')) AS e(endpoint)
    WHERE r.span_kind IN ('SERVER', 'CONSUMER')
), sides AS (
    SELECT side, endpoint,
        count(number) AS requests,
        count(number) FILTER (failure) AS failures,
        sum(number * weight) AS total,
        CASE WHEN requests > 0 THEN coalesce(sum(number * weight) FILTER (failure), 0) END
            AS failed,
        count(*) FILTER (failure AND number IS NULL) AS failures_without,
        arg_max(trace_key, (number, trace_key)) FILTER (failure AND number IS NOT NULL)
            AS example_trace_key
    FROM placed
    GROUP BY side, endpoint
)
SELECT n.endpoint,
    n.requests AS candidate_requests,
    n.failures AS candidate_failures,
    n.total AS candidate_sum,
    n.failed AS candidate_failed_sum,
    share(n.failed, n.total) AS candidate_failed_share,
    n.failures_without AS candidate_failures_without,
    o.total AS baseline_sum,
    o.failed AS baseline_failed_sum,
    share(o.failed, o.total) AS baseline_failed_share,
    n.failed - baseline_failed_share * n.total AS excess_failed_sum,
    trace_hex(n.example_trace_key) AS example_trace_id,
    c.*
FROM (FROM sides WHERE side = 'candidate') AS n
LEFT JOIN sides AS o ON o.side = 'baseline' AND o.endpoint IS NOT DISTINCT FROM n.endpoint
CROSS JOIN the_comparison AS c
WHERE n.endpoint = '(all)' OR n.requests > 0
ORDER BY n.endpoint = '(all)' DESC, n.failed DESC NULLS LAST, n.endpoint;
