-- Requests of the candidate in its window: all, or a sample of the failing and of the other ones.
-- The sample is of so many each at most, and the same ones at every look: those whose trace ids
-- have the smallest hash.
-- param asked_service VARCHAR: service name; the next two as in sided_spans
-- param asked_count BIGINT: failing requests at most, and others
-- column trace_key UUID: trace_id as stored
-- column span_key UBIGINT: span_id as stored
-- column parent_span_key UBIGINT: parent_span_id as stored
-- column resource_id UBIGINT: row of `resources`
-- column endpoint VARCHAR: endpoint
-- column start_time TIMESTAMP_NS: start
-- column failure BOOLEAN: it failed
-- column weight DOUBLE: adjusted_count, or 1
-- column scale DOUBLE: failing (or other) requests for each one of them in the sample, weighted
CREATE OR REPLACE MACRO sampled_requests(
    asked_service, asked_version, asked_comparison, asked_count
) AS TABLE
WITH all_requests AS MATERIALIZED (
    SELECT trace_key, span_key, parent_span_key, resource_id, endpoint, start_time, failure, weight,
        hash(trace_key) AS place
    FROM sided_requests(asked_service, asked_version, asked_comparison)
    WHERE side = 'candidate'
), classes AS (
    -- Hashes up to this are a little more than the sample, so that not all have to be sorted.
    SELECT failure, sum(weight) AS weight,
        1.8446744073709552e19 * (asked_count * 1.2 + 100) / count(*) AS place_max
    FROM all_requests
    GROUP BY failure
), sample AS (
    SELECT r.*, k.weight AS class_weight
    FROM all_requests AS r JOIN classes AS k ON k.failure = r.failure
    WHERE r.place <= k.place_max
    QUALIFY row_number() OVER (PARTITION BY r.failure ORDER BY r.place, r.span_key) <= asked_count
)
SELECT trace_key, span_key, parent_span_key, resource_id, endpoint, start_time, failure,
    weight, class_weight / sum(weight) OVER (PARTITION BY failure) AS scale
FROM sample;
