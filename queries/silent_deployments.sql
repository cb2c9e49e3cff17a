-- Deployments that answer nothing while they are called: crashed, unreachable, or never started.
-- never_answered: it was marked, or left exceptions, log records or spans, but no request; and
--     calls to its service fail unanswered.
-- fell_silent: its requests stopped, no deployment that came after it answers, and calls to its
--     service fail unanswered. The pause is a minute or more, and ten times its usual one or more.
-- Counted are the calls `within` so long after that. Most unanswered calls first. What the
-- service's other deployments answer meanwhile is told: of two side by side one may be down.
-- param service_name VARCHAR = NULL: service; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param since TIMESTAMP = NULL: start, UTC; NULL: from the first stored
-- param until TIMESTAMP = NULL: end, UTC, not included; nothing later is read; NULL: now
-- param within INTERVAL = '30 minutes': how long after it fell silent calls are counted
-- param calls_min BIGINT = 3: least number of unanswered calls
-- column sign VARCHAR: never_answered or fell_silent
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column silent_since TIMESTAMP_NS: its mark or first sign of life; or its last request
-- column requests BIGINT: requests it answered before
-- column exceptions BIGINT: exceptions it left
-- column log_records BIGINT: log records it left
-- column other_requests BIGINT: requests that the service's other deployments answered within
-- column unanswered_calls BIGINT: failing calls to the service within that nothing answered
-- column caller_services BIGINT: services that made them
-- column first_call TIMESTAMP_NS: the first of them
-- column last_call TIMESTAMP_NS: the last of them
-- column example_trace_id VARCHAR: trace of the latest
WITH known AS MATERIALIZED (
    FROM signs_of_life($until)
), ends AS (
    SELECT coalesce($until::TIMESTAMP_NS, max(last_sign)) AS time FROM known
), silent AS MATERIALIZED (
    SELECT d.*, CASE WHEN requests = 0 THEN 'never_answered' ELSE 'fell_silent' END AS sign,
        CASE WHEN requests = 0 THEN coalesce(marked_at, first_sign) ELSE last_request END
            AS silent_since
    FROM known AS d CROSS JOIN ends AS e
    WHERE coalesce(d.service_name = $service_name, $service_name IS NULL)
        AND (d.environment_name IS NULL
            OR coalesce(d.environment_name = $environment_name, $environment_name IS NULL))
        AND ($since IS NULL OR silent_since >= $since::TIMESTAMP_NS)
        AND (requests = 0
            OR epoch_ns(e.time) - epoch_ns(last_request) >= greatest(
                60e9, 10 * (epoch_ns(last_request) - epoch_ns(first_request)) / requests)
            AND NOT EXISTS (
                SELECT 1 FROM known AS later
                WHERE later.service_name = d.service_name
                    AND later.environment_name IS NOT DISTINCT FROM d.environment_name
                    AND later.first_request > d.first_request
                    AND later.last_request > d.last_request
            ))
), called AS (
    SELECT s.sign, s.service_namespace, s.service_name, s.service_version, s.environment_name,
        s.deployment_id, s.silent_since, s.requests, s.exceptions, s.log_records,
        count(*) AS unanswered_calls,
        count(DISTINCT k.caller_service_name) AS caller_services,
        min(k.start_time) AS first_call,
        max(k.start_time) AS last_call,
        arg_max(k.trace_key, (k.start_time, k.trace_key)) AS example_trace_key
    FROM silent AS s
    JOIN unanswered_calls($environment_name, $since, $until) AS k
        ON k.service_name = s.service_name
        AND (k.environment_name IS NOT DISTINCT FROM s.environment_name
            OR s.environment_name IS NULL)
        AND k.start_time >= s.silent_since AND k.start_time < s.silent_since + $within::INTERVAL
    GROUP BY ALL
    HAVING count(*) >= $calls_min
)
SELECT k.sign, k.service_namespace, k.service_name, k.service_version, k.environment_name,
    k.deployment_id, k.silent_since, k.requests, k.exceptions, k.log_records,
    count(r.trace_key) AS other_requests,
    k.unanswered_calls, k.caller_services, k.first_call, k.last_call,
    trace_hex(k.example_trace_key) AS example_trace_id
FROM called AS k
LEFT JOIN requests AS r ON r.service_name = k.service_name
    AND (r.environment_name IS NOT DISTINCT FROM k.environment_name OR k.environment_name IS NULL)
    AND r.start_time > k.silent_since AND r.start_time < k.silent_since + $within::INTERVAL
    AND ($until IS NULL OR r.start_time < $until::TIMESTAMP_NS)
GROUP BY ALL
ORDER BY k.unanswered_calls DESC, k.silent_since, k.service_name, k.service_version,
    k.environment_name, k.deployment_id;
