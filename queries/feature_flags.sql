-- Feature flags: failures per flag and variant, candidate against baseline.
-- A request counts for each variant that its service evaluated in its trace, as span attributes,
-- span events or log records tell it. A flag can change without a deployment: then both versions
-- fail with the same variant. Most significant first, by ln_overlap of
-- queries/views/80_association.sql, times the variants of the candidate (Bonferroni).
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column flag_key VARCHAR: feature_flag.key
-- column variant VARCHAR: variant, else value; NULL when neither was sent
-- column provider_name VARCHAR: where the flag is kept
-- column candidate_requests BIGINT: requests of the candidate with this variant
-- column candidate_failures BIGINT: of these, failed
-- column candidate_failure_rate DOUBLE: share that failed, 0 to 1, weighted
-- column candidate_failure_rate_without DOUBLE: of its requests without this variant
-- column risk_ratio DOUBLE: of these two; NULL when none failed without it, or none is without
-- column p_value DOUBLE: that one of all variants looks so by chance
-- column candidate_share DOUBLE: of the candidate's requests, 0 to 1, weighted
-- column candidate_error_share DOUBLE: of the requests with it, those evaluated with reason error
-- column candidate_default_share DOUBLE: the same, with reason default
-- column baseline_requests BIGINT: requests of the baseline with it; NULL without a baseline
-- column baseline_failures BIGINT: of these, failed
-- column baseline_failure_rate DOUBLE: share that failed, weighted
-- column baseline_share DOUBLE: of the baseline's requests, weighted
-- column baseline_error_share DOUBLE: as the candidate's
-- column baseline_default_share DOUBLE: as the candidate's
-- column example_trace_id VARCHAR: the candidate's latest such failure, else the baseline's
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
), requests_made AS MATERIALIZED (
    SELECT side, trace_key, span_key, start_time, failure, weight
    FROM sided_requests(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
), totals AS (
    SELECT count(*) FILTER (side = 'candidate') AS requests,
        count(*) FILTER (side = 'candidate' AND failure) AS failures,
        sum(weight) FILTER (side = 'candidate') AS weight,
        coalesce(sum(weight) FILTER (side = 'candidate' AND failure), 0) AS failed_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight
    FROM requests_made
), variants AS (
    SELECT side, trace_key, flag_key, variant, min(provider_name) AS provider_name,
        coalesce(bool_or(reason = 'error'), false) AS by_error,
        coalesce(bool_or(reason = 'default'), false) AS by_default
    FROM flag_evaluations(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    GROUP BY side, trace_key, flag_key, variant
), counted AS (
    SELECT v.flag_key, v.variant, min(v.provider_name) AS provider_name, r.side,
        count(*) AS requests,
        count(*) FILTER (r.failure) AS failures,
        sum(r.weight) AS weight,
        coalesce(sum(r.weight) FILTER (r.failure), 0) AS failed_weight,
        share(sum(r.weight) FILTER (v.by_error), sum(r.weight)) AS error_share,
        share(sum(r.weight) FILTER (v.by_default), sum(r.weight)) AS default_share,
        arg_max(r.trace_key, (r.start_time, r.span_key)) FILTER (r.failure) AS example_trace_key
    FROM variants AS v JOIN requests_made AS r ON r.side = v.side AND r.trace_key = v.trace_key
    GROUP BY v.flag_key, v.variant, r.side
), pairs AS (
    SELECT coalesce(n.flag_key, o.flag_key) AS flag_key, coalesce(n.variant, o.variant) AS variant,
        coalesce(n.provider_name, o.provider_name) AS provider_name, n, o,
        ln_overlap(n.failures, t.failures, n.requests, t.requests) + ln(count(n.requests) OVER ())
            AS ln_p
    FROM (FROM counted WHERE side = 'candidate') AS n
    FULL JOIN (FROM counted WHERE side = 'baseline') AS o
        ON o.flag_key = n.flag_key AND o.variant IS NOT DISTINCT FROM n.variant
    CROSS JOIN totals AS t
)
SELECT
    p.flag_key,
    p.variant,
    p.provider_name,
    coalesce(p.n.requests, 0) AS candidate_requests,
    coalesce(p.n.failures, 0) AS candidate_failures,
    share(p.n.failed_weight, p.n.weight) AS candidate_failure_rate,
    share(t.failed_weight - coalesce(p.n.failed_weight, 0), t.weight - coalesce(p.n.weight, 0))
        AS candidate_failure_rate_without,
    candidate_failure_rate / nullif(candidate_failure_rate_without, 0) AS risk_ratio,
    exp(greatest(least(p.ln_p, 0), ln(1e-300))) AS p_value,
    share(p.n.weight, t.weight) AS candidate_share,
    p.n.error_share AS candidate_error_share,
    p.n.default_share AS candidate_default_share,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.requests, 0) END AS baseline_requests,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.failures, 0) END AS baseline_failures,
    share(p.o.failed_weight, p.o.weight) AS baseline_failure_rate,
    share(p.o.weight, t.baseline_weight) AS baseline_share,
    p.o.error_share AS baseline_error_share,
    p.o.default_share AS baseline_default_share,
    trace_hex(coalesce(p.n.example_trace_key, p.o.example_trace_key)) AS example_trace_id,
    c.*
FROM pairs AS p CROSS JOIN totals AS t
CROSS JOIN the_comparison AS c
ORDER BY p.ln_p NULLS LAST, candidate_failures DESC, p.flag_key, p.variant;
