-- Caller version by callee version: does only new-to-old fail, or old-to-new?
-- Every call to and from the two compared versions, in their windows, and the failing calls to the
-- service that no request answers, from the start of the earlier window to the end of the
-- candidate's. A call failed when either end says so. Most failures first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column caller_service_name VARCHAR: who called; NULL when the caller sent no span
-- column caller_service_version VARCHAR: its version
-- column callee_service_name VARCHAR: who was called; the call's peer when it sent no span
-- column callee_service_version VARCHAR: its version; NULL when unknown or unanswered
-- column calls BIGINT: calls; a request whose caller sent no span counts as one
-- column failures BIGINT: of these, failed
-- column failure_rate DOUBLE: share that failed, 0 to 1, weighted
-- column unanswered BIGINT: failed, without a span of the called service
-- column first_failure TIMESTAMP_NS: start of the first failing call
-- column example_trace_id VARCHAR: latest failing call; NULL when none failed
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
    SELECT *, coalesce(least(baseline_from, candidate_from), candidate_from) AS since
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), compared AS (
    FROM compared_spans(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), calls_received AS (
    SELECT k.service_name AS caller, k.service_version AS caller_version,
        r.service_name AS callee, r.service_version AS callee_version,
        r.failure OR coalesce(k.failure AND k.span_kind IN ('CLIENT', 'PRODUCER'), false)
            AS failure,
        false AS unanswered, r.weight, r.start_time, r.trace_key
    FROM compared AS r
    LEFT JOIN spans AS k ON k.trace_key = r.trace_key AND k.span_key = r.parent_span_key
        AND ($until IS NULL OR k.start_time < $until::TIMESTAMP_NS)
    WHERE r.span_kind IN ('SERVER', 'CONSUMER')
), calls_made AS (
    SELECT k.service_name, k.service_version,
        coalesce(r.service_name, k.peer), r.service_version,
        k.failure OR coalesce(r.failure, false),
        k.failure AND r.trace_key IS NULL, k.weight, k.start_time, k.trace_key
    FROM compared AS k
    LEFT JOIN requests AS r ON r.trace_key = k.trace_key AND r.parent_span_key = k.span_key
        AND ($until IS NULL OR r.start_time < $until::TIMESTAMP_NS)
    WHERE k.span_kind IN ('CLIENT', 'PRODUCER')
        -- A call between two compared spans was received above.
        AND coalesce(r.service_name <> $service_name, true)
), calls_unanswered AS (
    SELECT k.service_name, k.service_version, $service_name, NULL, true, true,
        k.weight, k.start_time, k.trace_key
    FROM calls AS k CROSS JOIN c
    WHERE k.failure AND peer_is(k.peer, $service_name) AND k.service_name <> $service_name
        AND k.environment_name IS NOT DISTINCT FROM c.environment_name
        AND k.start_time >= c.since AND k.start_time < c.candidate_until
        AND NOT EXISTS (
            SELECT 1 FROM requests AS r
            WHERE r.trace_key = k.trace_key AND r.parent_span_key = k.span_key
                AND ($until IS NULL OR r.start_time < $until::TIMESTAMP_NS)
        )
)
SELECT
    a.caller AS caller_service_name,
    a.caller_version AS caller_service_version,
    a.callee AS callee_service_name,
    a.callee_version AS callee_service_version,
    count(*) AS calls,
    count(*) FILTER (a.failure) AS failures,
    share(sum(a.weight) FILTER (a.failure), sum(a.weight)) AS failure_rate,
    count(*) FILTER (a.unanswered) AS unanswered,
    min(a.start_time) FILTER (a.failure) AS first_failure,
    trace_hex(arg_max(a.trace_key, a.start_time) FILTER (a.failure)) AS example_trace_id,
    c.* EXCLUDE (since)
FROM (
    FROM calls_received UNION ALL FROM calls_made UNION ALL FROM calls_unanswered
) AS a
CROSS JOIN c
GROUP BY ALL
ORDER BY failures DESC, calls DESC, caller_service_name, caller_service_version,
    callee_service_name, callee_service_version;
