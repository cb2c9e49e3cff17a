-- What the service calls, and how that fails: candidate against baseline, per peer.
-- A failing call is unanswered when no request beneath it is stored: the called service is down,
-- unreachable, or sends no spans (then `answering_service` is NULL). Largest rise first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column peer VARCHAR: what was called
-- column answering_service VARCHAR: service whose requests answered; NULL when none ever did
-- column candidate_calls BIGINT: calls of the candidate
-- column candidate_failures BIGINT: of these, failed
-- column candidate_failure_rate DOUBLE: share that failed, 0 to 1, weighted
-- column candidate_timeouts BIGINT: failures that were timeouts
-- column candidate_unanswered BIGINT: failures without a request beneath
-- column baseline_calls BIGINT: calls of the baseline; NULL without a baseline
-- column baseline_failures BIGINT: of these, failed
-- column baseline_failure_rate DOUBLE: share that failed, weighted
-- column baseline_unanswered BIGINT: as the candidate's
-- column difference DOUBLE: candidate's failure rate minus the baseline's
-- column candidate_duration_ms_p95 DOUBLE: 95 % of the candidate's calls took no longer
-- column baseline_duration_ms_p95 DOUBLE: the same of the baseline
-- column first_failure TIMESTAMP_NS: start of the candidate's first failing call
-- column example_trace_id VARCHAR: the candidate's latest failing call, else the baseline's
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
    SELECT side, trace_key, span_key, peer, start_time, outcome, failure, weight, duration_ns
    FROM sided_spans($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    WHERE span_kind IN ('CLIENT', 'PRODUCER')
), answers AS (
    SELECT k.side, k.trace_key, k.span_key, min(r.service_name) AS service_name
    FROM requests AS r
    JOIN compared AS k ON k.trace_key = r.trace_key AND k.span_key = r.parent_span_key
    WHERE $until IS NULL OR r.start_time < $until::TIMESTAMP_NS
    GROUP BY k.side, k.trace_key, k.span_key
), peers AS (
    SELECT k.peer,
        mode(a.service_name ORDER BY a.service_name) AS answering_service,
        count(*) FILTER (k.side = 'candidate') AS candidate_calls,
        count(*) FILTER (k.side = 'candidate' AND k.failure) AS candidate_failures,
        share(sum(k.weight) FILTER (k.side = 'candidate' AND k.failure),
            sum(k.weight) FILTER (k.side = 'candidate')) AS candidate_failure_rate,
        count(*) FILTER (k.side = 'candidate' AND k.outcome = 'timeout') AS candidate_timeouts,
        count(*) FILTER (k.side = 'candidate' AND k.failure AND a.span_key IS NULL)
            AS candidate_unanswered,
        count(*) FILTER (k.side = 'baseline') AS baseline_calls,
        count(*) FILTER (k.side = 'baseline' AND k.failure) AS baseline_failures,
        share(sum(k.weight) FILTER (k.side = 'baseline' AND k.failure),
            sum(k.weight) FILTER (k.side = 'baseline')) AS baseline_failure_rate,
        count(*) FILTER (k.side = 'baseline' AND k.failure AND a.span_key IS NULL)
            AS baseline_unanswered,
        milliseconds(p95(CASE WHEN k.side = 'candidate' THEN k.duration_ns END))
            AS candidate_duration_ms_p95,
        milliseconds(p95(CASE WHEN k.side = 'baseline' THEN k.duration_ns END))
            AS baseline_duration_ms_p95,
        min(k.start_time) FILTER (k.side = 'candidate' AND k.failure) AS first_failure,
        arg_max(k.trace_key, (k.side, k.start_time, k.span_key)) FILTER (k.failure)
            AS example_trace_key
    FROM compared AS k
    LEFT JOIN answers AS a
        ON a.side = k.side AND a.trace_key = k.trace_key AND a.span_key = k.span_key
    GROUP BY k.peer
)
SELECT p.peer, p.answering_service, p.candidate_calls, p.candidate_failures,
    p.candidate_failure_rate, p.candidate_timeouts, p.candidate_unanswered,
    CASE WHEN c.baseline_kind IS NOT NULL THEN p.baseline_calls END AS baseline_calls,
    CASE WHEN c.baseline_kind IS NOT NULL THEN p.baseline_failures END AS baseline_failures,
    p.baseline_failure_rate,
    CASE WHEN c.baseline_kind IS NOT NULL THEN p.baseline_unanswered END AS baseline_unanswered,
    p.candidate_failure_rate - p.baseline_failure_rate AS difference,
    p.candidate_duration_ms_p95,
    p.baseline_duration_ms_p95,
    p.first_failure,
    trace_hex(p.example_trace_key) AS example_trace_id,
    c.*
FROM peers AS p
CROSS JOIN the_comparison AS c
ORDER BY coalesce(difference, p.candidate_failure_rate) DESC NULLS LAST,
    p.candidate_failures DESC, p.candidate_calls DESC, p.peer;
