-- Retries per peer: calls made again, and whether they ended well.
-- Calls of one parent span to one peer, of one name, are one try repeated when all but the last
-- failed, or when a call says so itself (http.request.resend_count). Where retries end well their
-- callers see no failure, and the called service gets more requests than its users made.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column peer VARCHAR: what was called
-- column candidate_calls BIGINT: calls of the candidate
-- column candidate_retries BIGINT: of these, made again
-- column candidate_retry_rate DOUBLE: share of the calls, 0 to 1, weighted
-- column candidate_repeated BIGINT: tries that were repeated
-- column candidate_ended_well_share DOUBLE: of these, those whose last call did not fail
-- column candidate_repeats_max BIGINT: most repetitions of one try
-- column baseline_calls BIGINT: calls of the baseline; NULL without a baseline
-- column baseline_retries BIGINT: as the candidate's
-- column baseline_retry_rate DOUBLE: as the candidate's
-- column baseline_repeated BIGINT: as the candidate's
-- column baseline_ended_well_share DOUBLE: as the candidate's
-- column difference DOUBLE: candidate's retry rate minus the baseline's
-- column first_retry TIMESTAMP_NS: start of the candidate's first repeated try
-- column example_trace_id VARCHAR: the candidate's latest repeated try, else the baseline's
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
), tries AS (
    -- The root of a trace has no siblings.
    SELECT side, peer, trace_key, coalesce(parent_span_key, span_key) AS parent_key,
        coalesce(db_operation || ' ' || db_collection, span_name) AS call_name,
        count(*) AS calls,
        count(*) FILTER (failure) AS failures,
        count(*) FILTER (http_resend_count > 0) AS said_so,
        coalesce(max(http_resend_count), 0) AS resend_count,
        arg_max(failure, (start_time, span_key)) AS last_failed,
        min(start_time) AS first_time,
        max(start_time) AS last_time,
        avg(weight) AS weight
    FROM sided_spans($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    WHERE span_kind IN ('CLIENT', 'PRODUCER')
    GROUP BY ALL
), counted AS (
    SELECT *,
        CASE WHEN calls > 1 AND failures - last_failed::BIGINT = calls - 1
            THEN calls - 1 ELSE said_so END AS retries,
        CASE WHEN retries > 0 THEN greatest(retries, resend_count) END AS repeats
    FROM tries
), peers AS (
    SELECT side, peer,
        sum(calls)::BIGINT AS calls,
        sum(retries)::BIGINT AS retries,
        share(sum(weight * retries), sum(weight * calls)) AS retry_rate,
        count(*) FILTER (retries > 0) AS repeated,
        share(sum(weight) FILTER (retries > 0 AND NOT last_failed),
            sum(weight) FILTER (retries > 0)) AS ended_well_share,
        max(repeats) AS repeats_max,
        min(first_time) FILTER (retries > 0) AS first_retry,
        arg_max(trace_key, (last_time, trace_key)) FILTER (retries > 0) AS example_trace_key
    FROM counted
    GROUP BY side, peer
), pairs AS (
    SELECT coalesce(n.peer, o.peer) AS peer, n, o
    FROM (FROM peers WHERE side = 'candidate') AS n
    FULL JOIN (FROM peers WHERE side = 'baseline') AS o ON o.peer IS NOT DISTINCT FROM n.peer
)
SELECT
    p.peer,
    coalesce(p.n.calls, 0) AS candidate_calls,
    coalesce(p.n.retries, 0) AS candidate_retries,
    p.n.retry_rate AS candidate_retry_rate,
    coalesce(p.n.repeated, 0) AS candidate_repeated,
    p.n.ended_well_share AS candidate_ended_well_share,
    coalesce(p.n.repeats_max, 0)::BIGINT AS candidate_repeats_max,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.calls, 0) END AS baseline_calls,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.retries, 0) END AS baseline_retries,
    p.o.retry_rate AS baseline_retry_rate,
    CASE WHEN c.baseline_kind IS NOT NULL THEN coalesce(p.o.repeated, 0) END AS baseline_repeated,
    p.o.ended_well_share AS baseline_ended_well_share,
    p.n.retry_rate - p.o.retry_rate AS difference,
    p.n.first_retry AS first_retry,
    trace_hex(coalesce(p.n.example_trace_key, p.o.example_trace_key)) AS example_trace_id,
    c.*
FROM pairs AS p
CROSS JOIN the_comparison AS c
WHERE p.n.retries > 0 OR p.o.retries > 0
ORDER BY coalesce(difference, p.n.retry_rate) DESC NULLS LAST, candidate_retries DESC, p.peer;
