-- How failures spread in the traces that passed through the candidate or its baseline.
-- One row per failing span on a failing path. A path starts at a failing request that nothing
-- failing asked for, or at a failing span whose parent is not stored (a root; or cut by sampling,
-- or late). It goes down from a failing span to its failing children. An INTERNAL span that was not
-- marked either way lets it through, for many instrumentations never mark them; any other child
-- that did not fail ends it. So a failing call whose caller went on well was handled, and is on no
-- path; the request it made, failing in the called service, starts a path of its own. The origin is
-- a failing span on a path without a failing child: the deepest sign of the failure. When the
-- called service sends nothing that is the call, and its peer names the suspect.
-- Parameters as in compared_spans.
-- column trace_key UUID: trace_id as stored
-- column side VARCHAR: 'candidate' or 'baseline'
-- column span_key UBIGINT: the failing span
-- column request_key UBIGINT: the compared service's topmost failing request above it, or it
-- column origin BOOLEAN: the failure starts here
CREATE OR REPLACE MACRO failing_paths(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until
) AS TABLE
WITH RECURSIVE failing_traces AS (
    SELECT DISTINCT t.trace_key, t.side
    FROM spans AS s
    JOIN compared_traces(
        asked_service, asked_version, asked_environment, asked_deployment,
        asked_baseline, asked_since, asked_until
    ) AS t ON t.trace_key = s.trace_key
    WHERE s.failure AND (asked_until IS NULL OR s.start_time < asked_until::TIMESTAMP_NS)
), tree AS MATERIALIZED (
    SELECT t.side, s.trace_key, s.span_key, s.parent_span_key, s.failure,
        s.span_kind IN ('SERVER', 'CONSUMER') AS request,
        s.span_kind IN ('SERVER', 'CONSUMER') AND s.service_name = asked_service AS own_request,
        s.span_kind = 'INTERNAL' AND s.status_code = 'UNSET' AND NOT s.failure AS unmarked
    FROM spans AS s
    JOIN failing_traces AS t ON t.trace_key = s.trace_key
    WHERE asked_until IS NULL OR s.start_time < asked_until::TIMESTAMP_NS
), climb AS (
    -- From each failing span up, past the unmarked ones. UNION ends the loops of broken senders.
    SELECT trace_key, span_key, parent_span_key AS above_key FROM tree WHERE failure
    UNION
    SELECT c.trace_key, c.span_key, above.parent_span_key
    FROM climb AS c
    JOIN tree AS above ON above.trace_key = c.trace_key AND above.span_key = c.above_key
    WHERE above.unmarked
), links AS MATERIALIZED (
    SELECT c.trace_key, c.span_key,
        CASE WHEN above.failure THEN c.above_key END AS above_key,
        above.span_key IS NULL AS unknown_above
    FROM climb AS c
    LEFT JOIN tree AS above ON above.trace_key = c.trace_key AND above.span_key = c.above_key
    WHERE NOT coalesce(above.unmarked, false)
), paths AS (
    -- Down from the topmost failing spans. A handled one is dead, and so is what fails below it, as
    -- far as the next request.
    SELECT s.side, s.trace_key, s.span_key, s.request OR l.unknown_above AS alive,
        CASE WHEN s.own_request THEN s.span_key END AS request_key
    FROM tree AS s
    JOIN links AS l ON l.trace_key = s.trace_key AND l.span_key = s.span_key
    WHERE s.failure AND l.above_key IS NULL
    UNION
    SELECT p.side, p.trace_key, s.span_key, p.alive OR s.request,
        coalesce(p.request_key, CASE WHEN s.own_request THEN s.span_key END)
    FROM paths AS p
    JOIN links AS l ON l.trace_key = p.trace_key AND l.above_key = p.span_key
    JOIN tree AS s ON s.trace_key = l.trace_key AND s.span_key = l.span_key AND s.failure
)
SELECT p.trace_key, p.side, p.span_key, p.request_key,
    NOT EXISTS (
        SELECT 1 FROM links AS l WHERE l.trace_key = p.trace_key AND l.above_key = p.span_key
    ) AS origin
FROM paths AS p
WHERE p.alive;
