-- Calls per peer and minute: how many failed, were answered, or were made again.
-- A call counts in the minute it starts in. It is answered when a request span lies beneath it; one
-- that starts at or after the end of the window does not count. What claims to have ended after it
-- was received is left out.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service that called; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column peer VARCHAR: what is called
-- column peer_service VARCHAR: service that answers such calls, or that the peer names; or NULL
-- column minute BIGINT: minutes since 1970, UTC
-- column calls BIGINT: calls that started in the minute
-- column failed_calls BIGINT: of them failed
-- column answered_calls BIGINT: of them with a request beneath
-- column unanswered_failures BIGINT: failed, without a request beneath
-- column resent_calls BIGINT: made again: sent as such, or after a failing one to the same peer
WITH made AS NOT MATERIALIZED (
    -- Read twice: the failures among them are few, and keeping all for them takes longer.
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        peer, trace_id, span_id, parent_span_id, start_time_unix_nano, http_resend_count,
        ended(start_time_unix_nano, coalesce(duration_ns, 0)) AS end_unix_nano,
        is_failure(outcome) AS failure
    FROM store.spans
    WHERE span_kind IN ('CLIENT', 'PRODUCER')
        AND reachable(start_time_unix_nano, $since, $until)
        AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
        AND asked($service_name, service_name)
        AND asked($environment_name, environment_name)
), first_failures AS (
    SELECT trace_id, parent_span_id, peer, min(end_unix_nano) AS end_unix_nano
    FROM made
    WHERE failure AND parent_span_id IS NOT NULL
    GROUP BY trace_id, parent_span_id, peer
), answered AS (
    SELECT m.*,
        (m.trace_id, m.span_id) IN (
            SELECT (r.trace_id, r.parent_span_id)
            FROM store.spans AS r
            WHERE r.span_kind IN ('SERVER', 'CONSUMER') AND r.parent_span_id IS NOT NULL
                AND within(r.start_time_unix_nano, $since, $until)
        ) AS answered
    FROM made AS m
)
SELECT m.service_namespace, m.service_name, m.service_version, m.environment_name, m.deployment_id,
    m.peer,
    p.peer_service,
    minute_of(m.start_time_unix_nano) AS minute,
    count(*) AS calls,
    count(*) FILTER (m.failure) AS failed_calls,
    count(*) FILTER (m.answered) AS answered_calls,
    count(*) FILTER (m.failure AND NOT m.answered) AS unanswered_failures,
    count(*) FILTER (m.http_resend_count > 0 OR f.end_unix_nano <= m.start_time_unix_nano)
        AS resent_calls
FROM answered AS m
LEFT JOIN first_failures AS f ON f.trace_id = m.trace_id AND f.parent_span_id = m.parent_span_id
    AND f.peer IS NOT DISTINCT FROM m.peer
LEFT JOIN peer_services($since, $until) AS p
    ON p.peer = m.peer AND p.environment_name IS NOT DISTINCT FROM m.environment_name
WHERE within(m.start_time_unix_nano, $since, $until)
GROUP BY ALL
ORDER BY minute, m.service_name, m.service_namespace, m.service_version, m.environment_name,
    m.deployment_id, m.peer;
