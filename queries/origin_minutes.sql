-- Where failing requests start to fail, per minute: the deepest failing span beneath each.
-- The rule is in queries/views/54_failing_paths.sql, for every service at once. The failing request
-- is the topmost of its service on the path. A request with two origins counts for both. It counts
-- in the minute it starts in. Nothing that starts at or after the end of the window is read, and
-- spans up to 10 minutes before it.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service of the failing requests; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column endpoint VARCHAR: endpoint of the failing request
-- column minute BIGINT: minutes since 1970, UTC
-- column origin_service VARCHAR: service the failure starts in
-- column origin_version VARCHAR: its version
-- column origin_deployment VARCHAR: its deployment.id
-- column origin_kind VARCHAR: kind of the origin span
-- column origin_name VARCHAR: its name
-- column peer VARCHAR: what it calls; NULL for a request
-- column unanswered BOOLEAN: a call without a request beneath, to a service that answers others
-- column exception_type VARCHAR: last exception recorded on it, else on a request of its service
-- column error VARCHAR: error.type, else HTTP or RPC status; NULL when none was sent
-- column failures BIGINT: failing requests that start here
-- column example_trace_id VARCHAR: the latest such trace
WITH failed AS (
    SELECT r.*, o.* EXCLUDE (trace_key, request_key, topmost, elsewhere)
    FROM requests_between($since, $until, $service_name, $environment_name) AS r
    JOIN origins_between($since, $until) AS o
        ON o.topmost AND o.trace_key = r.trace_key AND o.request_key = r.span_key
    WHERE r.failure
), recorded AS (
    SELECT trace_key, span_key, arg_max(exception_type, time_unix_nano) AS exception_type
    FROM exceptions_between($since, $until, NULL, NULL)
    WHERE exception_source <> 'status'
    GROUP BY trace_key, span_key
)
SELECT f.service_namespace, f.service_name, f.service_version, f.environment_name, f.deployment_id,
    f.endpoint,
    f.minute,
    f.origin_service, f.origin_version, f.origin_deployment, f.origin_kind, f.origin_name,
    f.peer,
    f.unanswered,
    CASE WHEN e.span_key IS NOT NULL THEN e.exception_type
        WHEN f.origin_service = f.service_name THEN q.exception_type END AS exception_type,
    f.error,
    count(DISTINCT (f.trace_key, f.span_key)) AS failures,
    trace_hex(arg_max(f.trace_key, (f.origin_unix_nano, f.origin_key)))
        AS example_trace_id
FROM failed AS f
LEFT JOIN recorded AS e ON e.trace_key = f.trace_key AND e.span_key = f.origin_key
LEFT JOIN recorded AS q ON q.trace_key = f.trace_key AND q.span_key = f.span_key
GROUP BY ALL
ORDER BY ALL;
