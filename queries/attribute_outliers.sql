-- What the failing requests of a deployment have in common: attributes that go with failing.
-- Every attribute of the request's span and of its resource, its endpoint, and of its trace who
-- called, which services it reached and which of its calls failed. A value is listed when it has
-- the support, the risk ratio and the significance asked for (DIFF and its defaults: Bailis et al.,
-- MacroBase, 2017). Significance: ln_overlap of queries/views/80_association.sql, times the values
-- looked at (Bonferroni). Those are the values frequent enough to reach the support; an id or a
-- time that every request has for itself is none. What only tells that a request failed (status
-- codes, errors) is left out. At most `sample_max` failing and as many other requests are read; the
-- rates are those of all. Most significant first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param support_min DOUBLE = 0.01: least share of the failing requests that have it
-- param risk_ratio_min DOUBLE = 3: least ratio of the failure rates with it and without it
-- param p_value_max DOUBLE = 0.01: largest probability that one of all values looks so by chance
-- param sample_max BIGINT = 10000: failing requests read at most, and others
-- column source VARCHAR: 'span', 'resource', 'request' or 'trace'
-- column attribute VARCHAR: key; 'endpoint'; 'caller', 'reached' or 'failing_call'
-- column value VARCHAR: its value as text, at most 200 characters
-- column failing_requests BIGINT: failing requests read that have it
-- column other_requests BIGINT: others read that have it
-- column support DOUBLE: share of the failing requests that have it, 0 to 1, weighted
-- column risk_ratio DOUBLE: of the next two; NULL when none failed without it
-- column failure_rate_with DOUBLE: share that failed of those that have it, 0 to 1, weighted
-- column failure_rate_without DOUBLE: the same of those that do not have it
-- column p_value DOUBLE: that one of all values looks so by chance; no less than 1e-300
-- column values_looked_at BIGINT: values it was corrected for
-- column failures_read BIGINT: failing requests read
-- column others_read BIGINT: others read
-- column example_trace_id VARCHAR: latest failing request that has it
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
), shared AS MATERIALIZED (
    SELECT source, attribute, value,
        count(*) FILTER (failure) AS failing,
        count(*) FILTER (NOT failure) AS going,
        coalesce(sum(weight) FILTER (failure) * max(scale) FILTER (failure), 0) AS failing_weight,
        coalesce(sum(weight) FILTER (NOT failure) * max(scale) FILTER (NOT failure), 0)
            + failing_weight AS weight,
        arg_max(trace_key, (start_time, trace_key)) FILTER (failure) AS example_trace_key
    FROM request_facts(
        $service_name, $service_version, $until,
        (SELECT the_comparison FROM the_comparison), $sample_max)
    GROUP BY source, attribute, value
), tested AS (
    SELECT s.*,
        n.failing AS failures, n.going AS others,
        share(s.failing_weight, n.failing_weight) AS support,
        share(s.failing_weight, s.weight) AS rate_with,
        share(n.failing_weight - s.failing_weight, n.weight - s.weight) AS rate_without,
        count(*) OVER () AS looked_at,
        ln_overlap(s.failing, n.failing, s.failing + s.going, n.failing + n.going)
            + ln(count(*) OVER ()) AS ln_p
    FROM (
        FROM shared WHERE source <> 'all' AND NOT (source = 'span' AND tells_outcome(attribute))
    ) AS s
    CROSS JOIN (FROM shared WHERE source = 'all') AS n
    -- Of a key that is written twice in one span, there may be more than there are requests.
    WHERE s.failing + s.going >= $support_min * n.failing
        AND s.failing <= n.failing AND s.going <= n.going
)
SELECT
    t.source,
    t.attribute,
    t.value,
    t.failing AS failing_requests,
    t.going AS other_requests,
    t.support,
    t.rate_with / nullif(t.rate_without, 0) AS risk_ratio,
    t.rate_with AS failure_rate_with,
    t.rate_without AS failure_rate_without,
    exp(greatest(least(t.ln_p, 0), ln(1e-300))) AS p_value,
    t.looked_at AS values_looked_at,
    t.failures AS failures_read,
    t.others AS others_read,
    trace_hex(t.example_trace_key) AS example_trace_id,
    c.*
FROM tested AS t
CROSS JOIN the_comparison AS c
WHERE t.failing > 0 AND t.support >= $support_min AND t.ln_p <= ln($p_value_max)
    AND t.rate_with >= $risk_ratio_min * t.rate_without
ORDER BY t.ln_p, t.support DESC, t.source, t.attribute, t.value;
