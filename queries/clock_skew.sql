-- Which clocks disagree, and which traces are cut, between two moments: per caller and service.
-- A request that begins before the call that asked for it, or after that had ended, shows two
-- clocks that differ by at least so much. A request whose parent is not stored is cut: its caller
-- was sampled away, is late, or sends nothing. telemetry_gaps looks for the same in all that is
-- stored.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param service_name VARCHAR = NULL: service that was asked; NULL: all
-- param environment_name VARCHAR = NULL: its environment; NULL: all
-- column service_name VARCHAR: service that was asked
-- column caller_service_name VARCHAR: service that asked; NULL for requests that are cut
-- column requests BIGINT: its requests, with a parent
-- column skewed_requests BIGINT: of them outside the call that asked for them
-- column skew_ms_p50 DOUBLE: median of by how much; NULL when there are none
WITH asked AS MATERIALIZED (
    SELECT trace_id, parent_span_id, service_name, start_time_unix_nano AS began
    FROM store.spans
    WHERE span_kind = 'SERVER' AND parent_span_id IS NOT NULL
        AND within(start_time_unix_nano, $since, $until)
        AND asked($service_name, service_name)
        AND asked($environment_name, environment_name)
), linked AS (
    SELECT r.service_name, c.service_name AS caller_service_name,
        greatest(
            c.start_time_unix_nano - r.began,
            r.began - ended(c.start_time_unix_nano, c.duration_ns)
        ) / 1e6 AS skew_ms
    FROM asked AS r
    LEFT JOIN store.spans AS c
        ON c.trace_id = r.trace_id AND c.span_id = r.parent_span_id
        AND reachable(c.start_time_unix_nano, $since, $until)
)
SELECT service_name, caller_service_name,
    count(*) AS requests,
    count(*) FILTER (skew_ms > 0) AS skewed_requests,
    p50(CASE WHEN skew_ms > 0 THEN skew_ms END) AS skew_ms_p50
FROM linked
GROUP BY service_name, caller_service_name
ORDER BY service_name, caller_service_name;
