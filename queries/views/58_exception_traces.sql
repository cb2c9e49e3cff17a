-- Traces in which the compared service showed an exception, each once per exception and side.
-- A storm of retries in one trace is one sign, not many. A sighting outside a trace stands for
-- itself. Those deleted are one for each deployment: how many they were is not known any more. All
-- of the candidate's place up to the end of its window.
-- Parameters as in watched_requests.
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key of the first sighting
-- column side VARCHAR: as in comparison_side; of those deleted 'own' or 'other'
-- column before BOOLEAN: before the candidate's first traffic
-- column time TIMESTAMP_NS: first sighting
-- column last_time TIMESTAMP_NS: last sighting
-- column trace_key UUID: trace_id as stored; NULL outside a trace
-- column traces BIGINT: 1; the sightings at that time outside a trace; 1 for those deleted
-- column sightings BIGINT: sightings; none of those deleted
CREATE OR REPLACE MACRO exception_traces(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH c AS (
    FROM comparison_row(asked_comparison)
)
SELECT
    e.fingerprint,
    arg_min(e.fingerprint_loose, e.time) AS fingerprint_loose,
    comparison_side(e.service_version, e.deployment_id, e.time, asked_version, c) AS side,
    e.time < c.candidate_first_seen AS before,
    min(e.time) AS time,
    max(e.time) AS last_time,
    e.trace_key,
    CASE WHEN e.trace_key IS NULL THEN count(*) ELSE 1 END AS traces,
    count(*) AS sightings
FROM exceptions AS e CROSS JOIN c
WHERE e.service_name = asked_service
    AND e.service_namespace IS NOT DISTINCT FROM c.service_namespace
    AND e.environment_name IS NOT DISTINCT FROM c.environment_name
    AND e.time < c.candidate_until
GROUP BY e.fingerprint, side, before, e.trace_key, CASE WHEN e.trace_key IS NULL THEN e.time END
UNION ALL
SELECT d.fingerprint, d.fingerprint_loose,
    replace(
        comparison_side(d.service_version, d.deployment_id, d.first_seen, asked_version, c),
        'candidate', 'own'),
    d.first_seen < c.candidate_first_seen,
    d.first_seen,
    least(d.last_seen, c.candidate_first_seen),
    NULL,
    1,
    0
FROM deleted_exceptions AS d CROSS JOIN c
WHERE d.service_name = asked_service
    AND d.service_namespace IS NOT DISTINCT FROM c.service_namespace
    AND d.environment_name IS NOT DISTINCT FROM c.environment_name
    AND d.first_seen < c.candidate_until;
