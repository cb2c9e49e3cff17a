-- Calls per minute, by the versions that their trace passed through.
-- As `call_minutes`, so that calls can be asked about among traces that met, or did not meet, the
-- new version of another service. A call is answered when a request span lies beneath it; one that
-- starts at or after the end of the window does not count.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param settling_s BIGINT = 60: seconds that an instance takes to settle
-- column service_namespace VARCHAR: service.namespace of the caller
-- column service_name VARCHAR: caller
-- column service_version VARCHAR: its version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id of the caller
-- column peer VARCHAR: what is called
-- column peer_service VARCHAR: service that answers such calls, or that the peer names; or NULL
-- column minute BIGINT: minutes since 1970, UTC, of the trace's first span in the window
-- column versions VARCHAR[]: service@version, sorted; 'service@' for spans without a version
-- column settling VARCHAR[]: those of them an instance of which was settling, sorted
-- column unanswered VARCHAR[]: services that a failing call in it was not answered by, sorted
-- column calls BIGINT: calls
-- column answered_calls BIGINT: of them with a request beneath
-- column unanswered_failures BIGINT: failed, without a request beneath
WITH answers AS (
    SELECT DISTINCT trace_id, parent_span_id
    FROM store.spans
    WHERE span_kind IN ('SERVER', 'CONSUMER')
        AND within(start_time_unix_nano, $since, $until)
)
SELECT c.service_namespace, c.service_name, c.service_version, c.environment_name, c.deployment_id,
    c.peer,
    p.peer_service,
    t.minute, t.versions, t.settling, t.unanswered,
    count(*) AS calls,
    count(a.trace_id) AS answered_calls,
    count(*) FILTER (is_failure(c.outcome) AND a.trace_id IS NULL) AS unanswered_failures
FROM store.spans AS c
JOIN trace_versions_between($since, $until, $environment_name, $settling_s) AS t
    ON t.trace_key = c.trace_id AND t.environment_name IS NOT DISTINCT FROM c.environment_name
LEFT JOIN answers AS a ON a.trace_id = c.trace_id AND a.parent_span_id = c.span_id
LEFT JOIN peer_services($since, $until) AS p
    ON p.peer = c.peer AND p.environment_name IS NOT DISTINCT FROM c.environment_name
WHERE c.span_kind IN ('CLIENT', 'PRODUCER')
    AND within(c.start_time_unix_nano, $since, $until)
    AND ended_believably(c.start_time_unix_nano, c.duration_ns, c.received_at_unix_nano)
    AND asked($environment_name, c.environment_name)
GROUP BY ALL
ORDER BY t.minute, c.service_name, c.service_namespace, c.service_version, c.environment_name,
    c.deployment_id, c.peer, t.versions, t.settling, t.unanswered;
