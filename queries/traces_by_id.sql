-- Traces whose id starts with these hex digits.
-- At most ten, by id: enough to tell whether the beginning names one.
-- param id_start VARCHAR: 1 to 32 hex digits
-- column trace_id VARCHAR: 32 hex digits
-- column start_time TIMESTAMP_NS: start of its first span, UTC
-- column spans BIGINT: spans received
SELECT trace_hex(trace_key) AS trace_id, min(start_time) AS start_time, count(*) AS spans
FROM spans
WHERE trace_key BETWEEN try_cast(rpad($id_start, 32, '0') AS UUID)
    AND try_cast(rpad($id_start, 32, 'f') AS UUID)
GROUP BY trace_key
ORDER BY trace_key
LIMIT 10;
