-- How long after its end a span was received, per service, over the last hour in which any came.
-- ahead_s is what 19 of 20 spans reach, late_s what half of them reach; seconds.
WITH latest AS (SELECT max(received_at) AS received_at FROM spans)
SELECT
    s.service_name,
    count(*) AS span_count,
    quantile_cont((epoch_ns(s.received_at) - epoch_ns(s.end_time)) / 1e9, 0.05) AS ahead_s,
    quantile_cont((epoch_ns(s.received_at) - epoch_ns(s.end_time)) / 1e9, 0.5) AS late_s
FROM spans AS s, latest
WHERE
    s.received_at > latest.received_at - INTERVAL 1 HOUR
    AND s.end_time IS NOT NULL
GROUP BY s.service_name
ORDER BY least(ahead_s, 0), late_s DESC
LIMIT 1000
