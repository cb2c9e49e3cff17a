-- When an exception was seen, by service and version, over time.
-- Each version has a row for every step between its first and its last sighting: silence is a row
-- with zeros. (Filled for 1,500 steps from the first; after that only steps with sightings are
-- rows.) What was deleted has no rows.
-- param fingerprint VARCHAR: strict or loose key, or its first 6 hexadecimal digits or more
-- param service_name VARCHAR = NULL: only this service; NULL: all
-- param service_version VARCHAR = NULL: with the service, the version to mark as the candidate
-- param environment_name VARCHAR = NULL: only this environment; NULL: all
-- param since TIMESTAMP = NULL: from this moment, UTC; NULL: from the first sighting
-- param until TIMESTAMP = NULL: nothing from this moment on is read, UTC; NULL: to the last
-- param step INTERVAL = NULL: length of a step; NULL: the shortest round one that makes 100 or less
-- column step_start TIMESTAMP_NS: start of the step, UTC
-- column service_name VARCHAR: service that recorded it
-- column service_version VARCHAR: its version; NULL when unknown
-- column environment_name VARCHAR: its environment
-- column side VARCHAR: 'candidate', 'baseline' or 'other'; NULL unless a version was named
-- column sightings BIGINT: recorded
-- column traces BIGINT: distinct traces with a sighting
WITH c AS (
    FROM comparison($service_name, $service_version, $environment_name, NULL, NULL, NULL, $until)
), shown AS MATERIALIZED (
    SELECT e.time, e.trace_key, e.service_name, e.service_version, e.environment_name,
        CASE
            WHEN $service_name IS NULL OR $service_version IS NULL THEN NULL
            WHEN e.service_namespace IS DISTINCT FROM c.service_namespace
                OR e.environment_name IS DISTINCT FROM c.environment_name THEN 'other'
            WHEN coalesce(e.service_version, '') = $service_version
                AND e.deployment_id IS NOT DISTINCT FROM c.deployment_id
            THEN CASE WHEN e.time >= c.candidate_first_seen THEN 'candidate' ELSE 'other' END
            WHEN c.baseline_kind IS NOT NULL
                AND e.service_version IS NOT DISTINCT FROM c.baseline_version
            THEN 'baseline'
            ELSE 'other'
        END AS side
    FROM exceptions AS e
    JOIN asked_fingerprint($fingerprint) AS asked
        ON asked.fingerprint IN (e.fingerprint, e.fingerprint_loose)
    LEFT JOIN c ON true
    WHERE coalesce(e.service_name = $service_name, $service_name IS NULL)
        AND coalesce(e.environment_name = $environment_name, $environment_name IS NULL)
        AND coalesce(e.time >= $since::TIMESTAMP_NS, $since IS NULL)
        AND coalesce(e.time < $until::TIMESTAMP_NS, $until IS NULL)
), steps AS (
    SELECT coalesce($step::INTERVAL, to_minutes(coalesce(min(m.minutes), 43200))) AS step
    FROM (SELECT (epoch_ns(max(time)) - epoch_ns(min(time))) / 60e9 AS minutes FROM shown) AS l
    JOIN (VALUES (1), (5), (15), (60), (360), (1440), (10080)) AS m(minutes)
        ON l.minutes <= 99 * m.minutes
), counted AS (
    SELECT bucket(s.step, e.time) AS step_start,
        e.service_name, e.service_version, e.environment_name, e.side,
        count(*) AS sightings,
        count(DISTINCT e.trace_key) AS traces
    FROM shown AS e CROSS JOIN steps AS s
    GROUP BY ALL
), filled AS (
    FROM counted
    UNION ALL BY NAME
    SELECT n.service_name, n.service_version, n.environment_name, n.side,
        unnest(generate_series(n.first_step, least(n.last_step, n.first_step + 1500 * s.step),
            s.step))::TIMESTAMP_NS AS step_start
    FROM (
        SELECT service_name, service_version, environment_name, side,
            min(step_start) AS first_step, max(step_start) AS last_step
        FROM counted
        GROUP BY ALL
    ) AS n
    CROSS JOIN steps AS s
)
SELECT step_start, service_name, service_version, environment_name, side,
    coalesce(max(sightings), 0) AS sightings,
    coalesce(max(traces), 0) AS traces
FROM filled
GROUP BY step_start, service_name, service_version, environment_name, side
ORDER BY step_start, service_name, service_version, environment_name, side;
