-- Where an exception hits: services, versions, environments, endpoints, instances and users.
-- An exception recorded within a request, not on it, belongs to the first request of its service in
-- its trace; its user is the first user.id on any span of the trace. What is not known is NULL. The
-- values with the most sightings of each dimension.
-- param fingerprint VARCHAR: strict or loose key, or its first 6 hexadecimal digits or more
-- param service_name VARCHAR = NULL: only this service; NULL: all
-- param since TIMESTAMP = NULL: from this moment, UTC; NULL: from the first sighting
-- param until TIMESTAMP = NULL: nothing from this moment on is read, UTC; NULL: to the last
-- param rows_max BIGINT = 10: values of each dimension
-- column dimension VARCHAR: service, version, environment, endpoint, instance or user
-- column value VARCHAR: which; versions, endpoints and instances with their service in front
-- column sightings BIGINT: recorded
-- column traces BIGINT: distinct traces with a sighting
-- column share_of_sightings DOUBLE: of all that were asked for
-- column first_seen TIMESTAMP_NS: first sighting
-- column last_seen TIMESTAMP_NS: last sighting
WITH shown AS MATERIALIZED (
    SELECT e.trace_key, e.time, e.service_name, e.service_version, e.environment_name,
        e.endpoint, e.instance_id
    FROM exceptions AS e
    JOIN asked_fingerprint($fingerprint) AS asked
        ON asked.fingerprint IN (e.fingerprint, e.fingerprint_loose)
    WHERE coalesce(e.service_name = $service_name, $service_name IS NULL)
        AND coalesce(e.time >= $since::TIMESTAMP_NS, $since IS NULL)
        AND coalesce(e.time < $until::TIMESTAMP_NS, $until IS NULL)
), endpoints AS (
    SELECT r.trace_key, r.service_name, arg_min(r.endpoint, (r.start_time, r.span_key)) AS endpoint
    FROM requests AS r
    SEMI JOIN (SELECT * FROM shown WHERE endpoint IS NULL) AS e
        ON e.trace_key = r.trace_key AND e.service_name = r.service_name
    WHERE coalesce(r.start_time < $until::TIMESTAMP_NS, $until IS NULL)
    GROUP BY r.trace_key, r.service_name
), users AS (
    SELECT s.trace_key, arg_min(s.user_id, (s.start_time, s.span_key)) AS user_id
    FROM spans AS s SEMI JOIN shown AS e ON e.trace_key = s.trace_key
    WHERE s.user_id IS NOT NULL AND coalesce(s.start_time < $until::TIMESTAMP_NS, $until IS NULL)
    GROUP BY s.trace_key
), places AS (
    SELECT e.trace_key, e.time, e.service_name, e.service_version, e.environment_name,
        coalesce(e.endpoint, n.endpoint) AS endpoint, e.instance_id, u.user_id
    FROM shown AS e
    LEFT JOIN endpoints AS n
        ON n.trace_key = e.trace_key AND n.service_name = e.service_name AND e.endpoint IS NULL
    LEFT JOIN users AS u ON u.trace_key = e.trace_key
), counted AS (
    SELECT d.place, d.dimension, d.value,
        count(*) AS sightings,
        count(DISTINCT p.trace_key) AS traces,
        share(count(*), (SELECT count(*) FROM shown)) AS share_of_sightings,
        min(p.time) AS first_seen,
        max(p.time) AS last_seen
    FROM places AS p
    CROSS JOIN LATERAL (VALUES
        (1, 'service', p.service_name),
        (2, 'version', p.service_name || ' ' || p.service_version),
        (3, 'environment', p.environment_name),
        (4, 'endpoint', p.service_name || ' ' || p.endpoint),
        (5, 'instance', p.service_name || ' ' || p.instance_id),
        (6, 'user', p.user_id)
    ) AS d(place, dimension, value)
    GROUP BY d.place, d.dimension, d.value
)
SELECT dimension, value, sightings, traces, share_of_sightings, first_seen, last_seen
FROM counted
QUALIFY row_number() OVER (PARTITION BY place ORDER BY sightings DESC, value) <= $rows_max
ORDER BY place, sightings DESC, value;
