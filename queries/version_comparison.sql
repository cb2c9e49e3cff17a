-- Old version against new, measure by measure.
-- Counts are of spans received; rates, ratios and durations are weighted by adjusted count.
-- 'failure rate, same minutes' is there for a concurrent baseline: over the minutes both served,
-- the baseline's rate of each minute counts as much as the candidate served in it. A changing share
-- of the traffic, or a bad hour that met both versions, then favours neither.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column measure VARCHAR: what is measured
-- column unit VARCHAR: spans, instances, per minute, share (0 to 1), per request, or ms
-- column candidate DOUBLE: value of the candidate
-- column baseline DOUBLE: value of the baseline; NULL without one
-- column difference DOUBLE: candidate minus baseline
-- column ratio DOUBLE: candidate divided by baseline; NULL when the baseline is 0
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
WITH c AS (
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), compared AS (
    FROM compared_spans(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), sides AS (
    SELECT 'candidate' AS side, candidate_from AS since, candidate_until AS until FROM c
    UNION ALL
    SELECT 'baseline', baseline_from, baseline_until FROM c WHERE baseline_kind IS NOT NULL
), requests_by_side AS (
    SELECT side, count(*) AS requests, count(*) FILTER (failure) AS failures, sum(weight) AS weight,
        sum(weight) FILTER (failure) AS failed,
        sum(weight) FILTER (outcome = 'timeout') AS timeouts,
        sum(weight) FILTER (outcome = 'client_error') AS client_errors
    FROM compared
    WHERE span_kind IN ('SERVER', 'CONSUMER')
    GROUP BY side
), spans_by_side AS (
    SELECT side, nullif(count(DISTINCT instance_id), 0) AS instances,
        sum(weight) FILTER (span_kind IN ('CLIENT', 'PRODUCER')) AS calls
    FROM compared
    GROUP BY side
), exceptions_by_side AS (
    SELECT side, sum(weight) AS exceptions FROM compared_exceptions(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
    WHERE exception_source <> 'status'
    GROUP BY side
), durations_by_side AS (
    SELECT side,
        max(duration_ns) FILTER (quantile = 'p50') AS p50,
        max(duration_ns) FILTER (quantile = 'p95') AS p95,
        max(duration_ns) FILTER (quantile = 'p99') AS p99
    FROM compared_durations(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
    WHERE endpoint = '(all)'
    GROUP BY side
), minutes AS (
    SELECT sum(weight) FILTER (side = 'candidate') AS candidate,
        sum(weight) FILTER (side = 'candidate' AND failure) AS candidate_failed,
        sum(weight) FILTER (side = 'baseline' AND failure) AS baseline_failed,
        sum(weight) FILTER (side = 'baseline') AS baseline
    FROM compared
    WHERE span_kind IN ('SERVER', 'CONSUMER')
    GROUP BY bucket(INTERVAL 1 MINUTE, start_time)
), same_minutes AS (
    SELECT s.side, share(fsum(CASE s.side WHEN 'candidate' THEN m.candidate_failed
        ELSE m.candidate * m.baseline_failed / m.baseline END), sum(m.candidate)) AS rate
    FROM minutes AS m CROSS JOIN sides AS s
    WHERE m.candidate > 0 AND m.baseline > 0
    GROUP BY s.side
), measures AS (
    SELECT s.side, m.*
    FROM sides AS s
    LEFT JOIN requests_by_side AS r USING (side)
    LEFT JOIN spans_by_side AS p USING (side)
    LEFT JOIN exceptions_by_side AS e USING (side)
    LEFT JOIN durations_by_side AS d USING (side)
    LEFT JOIN same_minutes AS t
        ON t.side = s.side AND EXISTS (FROM c WHERE baseline_kind = 'concurrent')
    CROSS JOIN LATERAL (VALUES
        (1, 'requests', 'spans', coalesce(r.requests, 0)),
        (2, 'failures', 'spans', coalesce(r.failures, 0)),
        (3, 'failure rate', 'share', share(r.failed, r.weight)),
        (4, 'failure rate, same minutes', 'share', t.rate),
        (5, 'timeout rate', 'share', share(r.timeouts, r.weight)),
        (6, 'client error rate', 'share', share(r.client_errors, r.weight)),
        (7, 'exceptions', 'per request', share(e.exceptions, r.weight)),
        (8, 'duration p50', 'ms', milliseconds(d.p50)),
        (9, 'duration p95', 'ms', milliseconds(d.p95)),
        (10, 'duration p99', 'ms', milliseconds(d.p99)),
        (11, 'requests', 'per minute', per_minute(coalesce(r.weight, 0), s.since, s.until)),
        (12, 'calls', 'per request', share(p.calls, r.weight)),
        (13, 'instances', 'instances', p.instances)
    ) AS m(position, measure, unit, value)
), pairs AS (
    SELECT position, measure, unit,
        max(value::DOUBLE) FILTER (side = 'candidate') AS candidate,
        max(value::DOUBLE) FILTER (side = 'baseline') AS baseline
    FROM measures
    GROUP BY position, measure, unit
)
SELECT pairs.measure, pairs.unit, pairs.candidate, pairs.baseline,
    pairs.candidate - pairs.baseline AS difference,
    pairs.candidate / nullif(pairs.baseline, 0) AS ratio,
    c.*
FROM pairs CROSS JOIN c
ORDER BY pairs.position;
