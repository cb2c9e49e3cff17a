-- Requests per endpoint and minute: how many failed, how, and how many through no fault of theirs.
-- A request counts in the minute it starts in. Nothing that starts at or after the end of the
-- window is read; where a failure started is looked for in spans up to 10 minutes before it. What
-- claims to have ended after it was received is left out.
-- Noise is what starts in the first or last seconds of an instance: that it fails says little about
-- its version. An instance has a first moment when it was not seen in the 10 minutes before the
-- window, and a last one when it was silent for two minutes before the window's end. One that lived
-- less than three times as long has neither: a version that cannot stay up is no noise.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service that answered; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param warm_up_s DOUBLE = 60: how many seconds at either end of an instance are noise
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column endpoint VARCHAR: low-cardinality name
-- column minute BIGINT: minutes since 1970, UTC
-- column requests BIGINT: requests that started in the minute
-- column failures BIGINT: of them failed: server_error or timeout
-- column timeouts BIGINT: of them timed out
-- column elsewhere_failures BIGINT: failed, each origin in another service or version or unanswered
-- column client_errors BIGINT: outcome client_error
-- column unauthorized BIGINT: HTTP 401 or 407, or RPC UNAUTHENTICATED
-- column forbidden BIGINT: HTTP 403, or RPC PERMISSION_DENIED
-- column not_found BIGINT: HTTP 404, or RPC NOT_FOUND
-- column invalid BIGINT: HTTP 400 or 422, or RPC INVALID_ARGUMENT
-- column throttled BIGINT: HTTP 429, or RPC RESOURCE_EXHAUSTED
-- column request_weight DOUBLE: requests they stand for
-- column failure_weight DOUBLE: failures they stand for
-- column unknown_weights BIGINT: requests of which the sender did not say how many they stand for
-- column noise_requests BIGINT: requests in the first or last seconds of their instance
-- column noise_failures BIGINT: of these failed
-- column noise_elsewhere_failures BIGINT: of these counted in elsewhere_failures
WITH elsewhere AS (
    SELECT trace_key, request_key
    FROM origins_between($since, $until)
    GROUP BY trace_key, request_key
    HAVING bool_and(elsewhere)
), lives AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        instance_id,
        min(start_time_unix_nano) AS born_unix_nano,
        max(start_time_unix_nano) AS died_unix_nano
    FROM store.spans
    WHERE instance_id IS NOT NULL
        AND reachable(start_time_unix_nano, $since, $until)
        AND ended_believably(start_time_unix_nano, duration_ns, received_at_unix_nano)
        AND asked($service_name, service_name)
        AND asked($environment_name, environment_name)
    GROUP BY ALL
), edges AS (
    SELECT * EXCLUDE (born_unix_nano, died_unix_nano),
        CASE WHEN born_unix_nano >= epoch_ns($since::TIMESTAMP)
            THEN born_unix_nano + ($warm_up_s * 1e9)::BIGINT END AS warm_unix_nano,
        CASE WHEN died_unix_nano < epoch_ns($until::TIMESTAMP) - 120_000_000_000
            THEN died_unix_nano - ($warm_up_s * 1e9)::BIGINT END AS ending_unix_nano
    FROM lives
    WHERE died_unix_nano - born_unix_nano >= 3e9 * $warm_up_s
), placed AS (
    SELECT r.*,
        s.request_key IS NOT NULL AS elsewhere,
        coalesce(r.start_time_unix_nano < e.warm_unix_nano, false)
            OR coalesce(r.start_time_unix_nano >= e.ending_unix_nano, false) AS noise
    FROM requests_between($since, $until, $service_name, $environment_name) AS r
    LEFT JOIN elsewhere AS s ON s.trace_key = r.trace_key AND s.request_key = r.span_key
    LEFT JOIN edges AS e
        ON e.service_name = r.service_name AND e.instance_id = r.instance_id
        AND e.service_namespace IS NOT DISTINCT FROM r.service_namespace
        AND e.service_version IS NOT DISTINCT FROM r.service_version
        AND e.environment_name IS NOT DISTINCT FROM r.environment_name
        AND e.deployment_id IS NOT DISTINCT FROM r.deployment_id
)
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    endpoint,
    minute,
    count(*) AS requests,
    count(*) FILTER (failure) AS failures,
    count(*) FILTER (outcome = 'timeout') AS timeouts,
    count(*) FILTER (failure AND elsewhere) AS elsewhere_failures,
    count(*) FILTER (outcome = 'client_error') AS client_errors,
    count(*) FILTER (http_status_code IN (401, 407) OR rpc_status_code = 'UNAUTHENTICATED')
        AS unauthorized,
    count(*) FILTER (http_status_code = 403 OR rpc_status_code = 'PERMISSION_DENIED')
        AS forbidden,
    count(*) FILTER (http_status_code = 404 OR rpc_status_code = 'NOT_FOUND') AS not_found,
    count(*) FILTER (http_status_code IN (400, 422) OR rpc_status_code = 'INVALID_ARGUMENT')
        AS invalid,
    count(*) FILTER (http_status_code = 429 OR rpc_status_code = 'RESOURCE_EXHAUSTED')
        AS throttled,
    sum(weight(adjusted_count)) AS request_weight,
    coalesce(sum(weight(adjusted_count)) FILTER (failure), 0) AS failure_weight,
    count(*) FILTER (adjusted_count IS NULL) AS unknown_weights,
    count(*) FILTER (noise) AS noise_requests,
    count(*) FILTER (noise AND failure) AS noise_failures,
    count(*) FILTER (noise AND failure AND elsewhere) AS noise_elsewhere_failures
FROM placed
GROUP BY ALL
ORDER BY minute, service_name, service_namespace, service_version, environment_name, deployment_id,
    endpoint;
