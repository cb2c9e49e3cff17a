-- The spans of one trace in the order of a waterfall.
-- Parents before children, siblings by start. The failing path and its origin are marked by the
-- rule of queries/views/54_failing_paths.sql.
-- param trace_id VARCHAR: 32 hex digits
-- column position BIGINT: place in the waterfall, from 1
-- column depth BIGINT: levels below the root, from 0
-- column service_name VARCHAR: service
-- column service_version VARCHAR: its version
-- column span_kind VARCHAR: kind of the span
-- column span_name VARCHAR: name of the span
-- column peer VARCHAR: what a call talks to; NULL for other kinds
-- column start_time TIMESTAMP_NS: start, UTC
-- column offset_ms DOUBLE: start after the earliest span of the trace, milliseconds
-- column duration_ms DOUBLE: duration, milliseconds
-- column outcome VARCHAR: ok, client_error, server_error or timeout
-- column http_status_code INTEGER: HTTP status; NULL when none was sent
-- column status_message VARCHAR: status description
-- column on_failing_path BOOLEAN: it failed, and so did what asked for it
-- column origin BOOLEAN: the failure starts here: on the path, and nothing below it failed
-- column parent_missing BOOLEAN: it names a parent that is not stored: cut by sampling, or late
-- column exception_type VARCHAR: last exception recorded on the span; NULL when none
-- column exception_message VARCHAR: its message
-- column span_id VARCHAR: 16 hex digits
-- column parent_span_id VARCHAR: 16 hex digits; NULL for a root
WITH RECURSIVE parts AS (
    SELECT *,
        row_number() OVER (ORDER BY start_time, span_key, span_kind, span_name) AS place,
        span_kind IN ('SERVER', 'CONSUMER') AS request,
        span_kind = 'INTERNAL' AND status_code = 'UNSET' AND NOT failure AS unmarked
    FROM spans
    WHERE trace_key = try_cast($trace_id AS UUID)
), edges AS (
    -- A span that was sent twice has its children once.
    SELECT child.place, min(parent.place) AS parent_place
    FROM parts AS child JOIN parts AS parent ON parent.span_key = child.parent_span_key
    GROUP BY child.place
), walk AS (
    -- `live`: a failing span below goes on with the path; `above`: the nearest span on it.
    SELECT place, 0 AS depth, [place] AS path,
        failure AS on_failing_path, failure OR unmarked AS live, NULL::BIGINT AS above,
        CASE WHEN failure THEN place END AS nearest
    FROM parts
    WHERE place NOT IN (SELECT place FROM edges)
    UNION ALL
    SELECT p.place, w.depth + 1, list_append(w.path, p.place),
        p.failure AND (w.live OR p.request),
        p.failure AND (w.live OR p.request) OR p.unmarked AND w.live,
        w.nearest,
        CASE WHEN p.failure AND (w.live OR p.request) THEN p.place
            WHEN p.unmarked AND w.live THEN w.nearest END
    FROM walk AS w
    JOIN edges AS e ON e.parent_place = w.place
    JOIN parts AS p ON p.place = e.place
), recorded AS (
    SELECT span_key,
        arg_max(exception_type, time) AS exception_type,
        arg_max(exception_message, time) AS exception_message
    FROM exceptions
    WHERE trace_key = try_cast($trace_id AS UUID) AND exception_source <> 'status'
    GROUP BY span_key
)
SELECT
    -- Spans that are each other's parents hang on no root; they come as roots.
    row_number() OVER (ORDER BY coalesce(w.path, [p.place])) AS position,
    coalesce(w.depth, 0)::BIGINT AS depth,
    p.service_name,
    p.service_version,
    p.span_kind,
    p.span_name,
    p.peer,
    p.start_time,
    milliseconds(epoch_ns(p.start_time) - epoch_ns(min(p.start_time) OVER ())) AS offset_ms,
    milliseconds(p.duration_ns) AS duration_ms,
    p.outcome,
    p.http_status_code,
    p.status_message,
    coalesce(w.on_failing_path, p.failure) AS on_failing_path,
    coalesce(w.on_failing_path, false)
        AND p.place NOT IN (SELECT above FROM walk WHERE on_failing_path AND above IS NOT NULL)
        AS origin,
    p.parent_span_key IS NOT NULL AND e.place IS NULL AS parent_missing,
    r.exception_type,
    r.exception_message,
    p.span_id,
    p.parent_span_id
FROM parts AS p
LEFT JOIN walk AS w ON w.place = p.place
LEFT JOIN edges AS e ON e.place = p.place
LEFT JOIN recorded AS r ON r.span_key = p.span_key
ORDER BY position;
