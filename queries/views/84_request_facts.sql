-- What is known of each sampled request: attributes, resource, endpoint, and its trace.
-- A row per request and fact; one has the source 'all' and is there for every request.
-- param asked_service VARCHAR: service name; the others as in sampled_requests
-- param asked_until TIMESTAMP: nothing at or after this moment is read; NULL reads all
-- column source VARCHAR: 'span', 'resource', 'request', 'trace' or 'all'
-- column attribute VARCHAR: key; 'endpoint'; of a trace: 'caller' (service@version), 'reached' (a
--     service@version that answered in it), 'failing_call' (peer of a failing call of the service)
-- column value VARCHAR: as text, at most 200 characters
-- column trace_key UUID: trace_id as stored
-- column start_time TIMESTAMP_NS: start of the request
-- column failure BOOLEAN: it failed
-- column weight DOUBLE: adjusted_count, or 1
-- column scale DOUBLE: as in sampled_requests
CREATE OR REPLACE MACRO request_facts(
    asked_service, asked_version, asked_until, asked_comparison, asked_count
) AS TABLE
WITH sample AS MATERIALIZED (
    FROM sampled_requests(asked_service, asked_version, asked_comparison, asked_count)
), around AS (
    SELECT DISTINCT r.span_key, r.trace_key, r.start_time, r.failure, r.weight, r.scale,
        CASE
            WHEN s.span_key = r.parent_span_key THEN 'caller'
            WHEN s.span_kind IN ('SERVER', 'CONSUMER') THEN 'reached'
            ELSE 'failing_call'
        END AS attribute,
        CASE WHEN attribute = 'failing_call' THEN s.peer
            ELSE s.service_name || coalesce('@' || s.service_version, '') END AS value
    FROM spans AS s
    JOIN sample AS r ON r.trace_key = s.trace_key
    WHERE (asked_until IS NULL OR s.start_time < asked_until::TIMESTAMP_NS)
        AND (s.span_key = r.parent_span_key
            OR s.span_kind IN ('SERVER', 'CONSUMER') AND s.service_name <> asked_service
            OR s.span_kind IN ('CLIENT', 'PRODUCER') AND s.service_name = asked_service
                AND s.failure)
), facts AS (
    SELECT 'span' AS source, unnest(json_keys(s.attributes)) AS attribute,
        unnest(json_extract_string(s.attributes, '$.*')) AS value,
        r.trace_key, r.start_time, r.failure, r.weight, r.scale
    FROM sample AS r
    JOIN timed_spans AS s ON s.trace_key = r.trace_key AND s.span_key = r.span_key
        AND s.service_name = asked_service AND s.start_unix_nano = epoch_ns(r.start_time)
    UNION ALL
    SELECT 'resource', s.attribute, s.value, r.trace_key, r.start_time, r.failure, r.weight, r.scale
    FROM sample AS r
    JOIN (
        SELECT DISTINCT resource_id, unnest(json_keys(attributes)) AS attribute,
            unnest(json_extract_string(attributes, '$.*')) AS value
        FROM resources
    ) AS s ON s.resource_id = r.resource_id
    UNION ALL
    SELECT fact.source, fact.attribute, fact.value,
        r.trace_key, r.start_time, r.failure, r.weight, r.scale
    FROM sample AS r
    CROSS JOIN LATERAL (VALUES
        ('all', '', ''), ('request', 'endpoint', r.endpoint)
    ) AS fact(source, attribute, value)
    UNION ALL
    SELECT 'trace', attribute, value, trace_key, start_time, failure, weight, scale FROM around
)
SELECT source, attribute, left(value, 200) AS value, trace_key, start_time, failure, weight, scale
FROM facts
WHERE value IS NOT NULL;
