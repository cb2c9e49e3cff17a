-- What is missing from the telemetry: silence, traces cut off, clocks that disagree.
-- silence: minutes in which a service sent nothing, though it usually does; the rule is in
--     queries/views/85_pauses.sql. Telemetry that is lost and a service that is down look the same.
-- cut_trace: requests whose parent is not stored: sampled away, late, or of a caller that sends
--     nothing; that one has a share of 1.
-- clock_skew: requests that begin before the span that asked for them. Times of two such services
--     are no finer than that.
-- Most silence first, then the largest shares.
-- param service_name VARCHAR = NULL: service; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param since TIMESTAMP = NULL: start, UTC; NULL: from the first stored
-- param until TIMESTAMP = NULL: end, UTC, not included; NULL: to the last stored
-- column kind VARCHAR: silence, cut_trace or clock_skew
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service that was silent, or was asked
-- column environment_name VARCHAR: deployment.environment.name
-- column caller_service_name VARCHAR: of clock_skew, who asked; else NULL
-- column count BIGINT: minutes of silence; requests cut off, or skewed
-- column total BIGINT: minutes from its first to the last; requests with a parent, of that caller
-- column share DOUBLE: count of total, 0 to 1
-- column skew_ms_p50 DOUBLE: median of how much too early the skewed requests begin; else NULL
-- column skew_ms_max DOUBLE: the most; else NULL
-- column first_time TIMESTAMP_NS: first minute of silence, or start of the first such request
-- column last_time TIMESTAMP_NS: last minute of silence, or start of the last such request
-- column example_trace_id VARCHAR: latest cut, or most skewed; NULL for silence
WITH asked AS (
    SELECT service_namespace, service_name, environment_name, trace_key, parent_span_key, start_time
    FROM requests
    WHERE parent_span_key IS NOT NULL
        AND coalesce(service_name = $service_name, $service_name IS NULL)
        AND coalesce(environment_name = $environment_name, $environment_name IS NULL)
        AND ($since IS NULL OR start_time >= $since::TIMESTAMP_NS)
        AND ($until IS NULL OR start_time < $until::TIMESTAMP_NS)
), linked AS (
    SELECT r.*, k.span_key IS NULL AS cut, k.service_name AS caller,
        (epoch_ns(k.start_time) - epoch_ns(r.start_time)) / 1e6 AS early_ms
    FROM asked AS r
    LEFT JOIN spans AS k ON k.trace_key = r.trace_key AND k.span_key = r.parent_span_key
        AND ($until IS NULL OR k.start_time < $until::TIMESTAMP_NS)
), found AS (
    SELECT 'silence' AS kind, service_namespace, service_name, environment_name,
        NULL AS caller_service_name,
        sum(minutes)::BIGINT AS count, any_value(minutes_all) AS total,
        NULL AS skew_ms_p50, NULL AS skew_ms_max,
        min(first_time) AS first_time, max(last_time) AS last_time, NULL AS trace_key
    FROM pauses($environment_name, $since, $until)
    WHERE coalesce(service_name = $service_name, $service_name IS NULL)
    GROUP BY ALL
    UNION ALL
    SELECT 'cut_trace', service_namespace, service_name, environment_name, NULL,
        count(*) FILTER (cut), count(*), NULL, NULL,
        min(start_time) FILTER (cut), max(start_time) FILTER (cut),
        arg_max(trace_key, (start_time, trace_key)) FILTER (cut)
    FROM linked
    GROUP BY ALL
    UNION ALL
    SELECT 'clock_skew', service_namespace, service_name, environment_name, caller,
        count(*) FILTER (early_ms > 0), count(*),
        p50(CASE WHEN early_ms > 0 THEN early_ms END), max(early_ms),
        min(start_time) FILTER (early_ms > 0), max(start_time) FILTER (early_ms > 0),
        arg_max(trace_key, (early_ms, trace_key)) FILTER (early_ms > 0)
    FROM linked
    WHERE NOT cut AND caller <> service_name
    GROUP BY ALL
)
SELECT kind, service_namespace, service_name, environment_name, caller_service_name,
    count,
    total,
    share(count, total) AS share,
    skew_ms_p50,
    skew_ms_max,
    first_time,
    last_time,
    trace_hex(trace_key) AS example_trace_id
FROM found
WHERE count > 0
ORDER BY kind DESC, share DESC, service_name, service_namespace, environment_name,
    caller_service_name;
