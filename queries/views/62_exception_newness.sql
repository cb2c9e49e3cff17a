-- How easily chance alone would make an exception look new, for each strict fingerprint.
-- If versions do not matter, a trace with a sighting falls on the candidate with probability rho,
-- its share of all requests watched. So a group of m traces falls wholly on the candidate, and
-- looks new, with rho^m; in bursts of phi, with rho^(m / phi). The more rare groups a service has,
-- the likelier one of them does: of the groups of a family with k traces or more,
-- sum(rho^(m / phi)) are expected to. (By Poisson thinning this is exact given the m. Good and
-- Toulmin's estimate of the unseen is made of the same numbers of groups with m sightings.)
-- A family are the strict groups of one loose group that was known; or all the loose groups of the
-- service. So a place whose messages are all different makes nothing in other places look less new.
-- As there are many families, the expectations of each are added up as far as they are no greater
-- than that of the exception's own (the method of the smallest p, by Westfall and Young).
-- Parameters as in watched_requests. One row per strict fingerprint.
-- column loose_is_new BOOLEAN: the loose fingerprint was never seen before either
-- column request_share DOUBLE: rho
-- column expected_by_chance DOUBLE: groups that would look as new as this; NULL if rho is 0
-- column never_seen_rate DOUBLE: groups of its family seen once, per trace, before (Good, Turing)
-- Then the columns of exception_tally at level 'strict'.
CREATE OR REPLACE MACRO exception_newness(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH groups AS (
    SELECT *,
        share(watched.own, watched.total) AS rho,
        CASE WHEN level = 'strict' THEN fingerprint_loose ELSE '' END AS family,
        candidate_traces + other_traces AS traces,
        nullif(rho, 0) ** (traces / dispersion) AS chance
    FROM exception_tally(asked_service, asked_version, asked_until, asked_comparison)
    WHERE traces > 0
), sizes AS (
    SELECT level, family, traces, sum(chance) AS chance, count(*) AS groups,
        count(*) FILTER (other_traces = 1) AS seen_once, sum(other_traces) AS seen
    FROM groups
    GROUP BY level, family, traces
), within AS (
    SELECT level, family, traces, chance,
        sum(chance) OVER (PARTITION BY level, family ORDER BY traces DESC) AS expected,
        sum(groups) OVER whole > 1 OR level = 'loose' AS comparable,
        share(sum(seen_once) OVER whole, sum(seen) OVER whole) AS never_seen_rate
    FROM sizes
    WINDOW whole AS (PARTITION BY level, family)
), expectations AS (
    SELECT level, family, traces, never_seen_rate,
        greatest(expected, sum(chance) FILTER (comparable) OVER (ORDER BY expected)) AS expected
    FROM within
), loose AS (
    SELECT g.fingerprint, e.expected, e.never_seen_rate
    FROM groups AS g JOIN expectations AS e USING (level, family, traces)
    WHERE g.level = 'loose' AND g.other_traces = 0
)
SELECT
    l.fingerprint IS NOT NULL AS loose_is_new,
    g.rho AS request_share,
    CASE WHEN l.fingerprint IS NULL THEN e.expected ELSE l.expected END AS expected_by_chance,
    CASE WHEN l.fingerprint IS NULL THEN e.never_seen_rate ELSE l.never_seen_rate END
        AS never_seen_rate,
    g.* EXCLUDE (level, rho, family, traces, chance)
FROM groups AS g
JOIN expectations AS e USING (level, family, traces)
LEFT JOIN loose AS l ON l.fingerprint = g.fingerprint_loose
WHERE g.level = 'strict';
