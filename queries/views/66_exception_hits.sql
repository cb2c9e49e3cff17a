-- Where each exception hits: endpoints, instances, users and failing requests of the candidate.
-- One row per strict fingerprint that the candidate or its baseline showed in its window; of the
-- candidate where it showed any, else of the baseline. An exception recorded within a request, not
-- on it, belongs to the endpoints of the service's requests in its trace.
-- Parameters as in watched_requests.
-- column fingerprint VARCHAR: strict key
-- column endpoints BIGINT: distinct endpoints
-- column top_endpoint VARCHAR: the one with the most traces
-- column instances BIGINT: distinct service.instance.id
-- column users BIGINT: distinct user.id on any span of the traces; NULL when none is sent
-- column share_of_failures DOUBLE: of the failing requests, those whose trace shows it
CREATE OR REPLACE MACRO exception_hits(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH shown AS (
    SELECT fingerprint, side, trace_key, endpoint, instance_id
    FROM sided_exceptions(asked_service, asked_version, asked_comparison)
), sides AS (
    SELECT fingerprint, max(side) AS side, count(DISTINCT instance_id) AS instances
    FROM shown GROUP BY fingerprint
), hits AS MATERIALIZED (
    SELECT DISTINCT fingerprint, side, trace_key, endpoint
    FROM shown SEMI JOIN sides USING (fingerprint, side)
    WHERE trace_key IS NOT NULL
), requests_hit AS (
    SELECT side, trace_key, endpoint, failure
    FROM sided_requests(asked_service, asked_version, asked_comparison)
), endpoints AS (
    SELECT fingerprint, count(*) AS endpoints, arg_max(endpoint, (traces, endpoint)) AS top_endpoint
    FROM (
        SELECT h.fingerprint, coalesce(h.endpoint, r.endpoint) AS endpoint,
            count(DISTINCT h.trace_key) AS traces
        FROM hits AS h
        LEFT JOIN requests_hit AS r
            ON h.endpoint IS NULL AND r.trace_key = h.trace_key AND r.side = h.side
        GROUP BY ALL
    )
    WHERE endpoint IS NOT NULL
    GROUP BY fingerprint
), failing AS (
    SELECT side, trace_key, count(*) AS failures
    FROM requests_hit WHERE failure
    GROUP BY side, trace_key
), failures AS (
    SELECT h.fingerprint, sum(f.failures) AS failures
    FROM (SELECT DISTINCT fingerprint, side, trace_key FROM hits) AS h
    JOIN failing AS f ON f.trace_key = h.trace_key AND f.side = h.side
    GROUP BY h.fingerprint
), users AS (
    SELECT h.fingerprint, count(DISTINCT s.user_id) AS users
    FROM hits AS h
    JOIN spans AS s ON s.trace_key = h.trace_key
    WHERE s.user_id IS NOT NULL
        AND (asked_until IS NULL OR s.start_time < asked_until::TIMESTAMP_NS)
    GROUP BY h.fingerprint
)
SELECT s.fingerprint,
    coalesce(e.endpoints, 0) AS endpoints,
    e.top_endpoint,
    s.instances,
    u.users,
    share(f.failures, (SELECT sum(failures) FROM failing AS of_side WHERE of_side.side = s.side))
        AS share_of_failures
FROM sides AS s
LEFT JOIN endpoints AS e ON e.fingerprint = s.fingerprint
LEFT JOIN failures AS f ON f.fingerprint = s.fingerprint
LEFT JOIN users AS u ON u.fingerprint = s.fingerprint;
