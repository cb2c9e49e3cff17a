-- Exceptions of the compared service, step by step of its history, beside the requests of the step.
-- History is what other deployments served within the 7 days before the candidate's first traffic,
-- and beside it since then. A step is as long as the candidate's window, or a twelfth of the
-- history where that is shorter: noise of that length could be taken for a change. What is of no
-- step (the candidate's own, what is older) is one row more.
-- Parameters as in watched_requests.
-- column level VARCHAR: 'strict' or 'loose'
-- column fingerprint VARCHAR: key of that level
-- column fingerprint_loose VARCHAR: loose key of its first sighting
-- column step BIGINT: number of the step; NULL for what is of none
-- column step_requests BIGINT: requests served in the step
-- column served BIGINT: requests before the candidate, up to its last sighting there
-- Then sums as in exception_tally, and `watched`: sums of requests, and the first traffic of the
-- candidate and of each version; the same in each row.
CREATE OR REPLACE MACRO exception_steps(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH watched AS MATERIALIZED (
    SELECT *, side IN ('baseline', 'other') AND NOT deleted
        AND minute >= epoch_ns(candidate_first_seen) // 60_000_000_000 - 7 * 24 * 60 AS history
    FROM watched_requests(asked_service, asked_version, asked_until, asked_comparison)
), totals AS (
    SELECT
        any_value(epoch_ns(candidate_first_seen)) // 60_000_000_000 - 7 * 24 * 60 AS first_minute,
        greatest(1, least(any_value(window_minutes),
            (max(minute) FILTER (history) - min(minute) FILTER (history)) // 12)) AS step_minutes,
        any_value(candidate_first_seen) AS candidate_first_seen,
        sum(requests) FILTER (side = 'candidate' AND NOT deleted) AS candidate,
        sum(requests) FILTER (side = 'baseline' AND NOT deleted) AS baseline,
        sum(requests) FILTER (side IN ('candidate', 'own')) AS own,
        sum(requests) AS total,
        sum(requests) FILTER (side IN ('baseline', 'other') AND before) AS before,
        sum(requests) FILTER (history) AS history,
        map_from_entries(list(DISTINCT (service_version, version_first_time))
            FILTER (service_version IS NOT NULL)) AS versions
    FROM (SELECT *, min(first_time) OVER (PARTITION BY service_version) AS version_first_time
        FROM watched)
), history AS (
    SELECT (w.minute - t.first_minute) // t.step_minutes AS step,
        sum(w.requests)::BIGINT AS requests,
        count(*) OVER () AS steps
    FROM watched AS w CROSS JOIN totals AS t
    WHERE w.history
    GROUP BY step
    HAVING sum(w.requests) > 0
), strict AS (
    FROM exception_traces(asked_service, asked_version, asked_until, asked_comparison)
), levels AS (
    SELECT 'strict' AS level, fingerprint, fingerprint_loose,
        side, before, time, last_time, traces, sightings
    FROM strict
    UNION ALL
    SELECT 'loose', fingerprint_loose, fingerprint_loose, side, before, min(time), max(last_time),
        CASE WHEN trace_key IS NULL THEN sum(traces)::BIGINT ELSE 1 END,
        sum(sightings)::BIGINT
    FROM strict
    GROUP BY fingerprint_loose, side, before, trace_key, CASE WHEN trace_key IS NULL THEN time END
), stepped AS (
    SELECT l.level, l.fingerprint,
        arg_min(l.fingerprint_loose, l.time) AS fingerprint_loose,
        CASE WHEN l.side IN ('baseline', 'other')
                AND epoch_ns(l.time) // 60_000_000_000 >= t.first_minute
            THEN (epoch_ns(l.time) // 60_000_000_000 - t.first_minute) // t.step_minutes
        END AS step,
        sum(l.traces) FILTER (l.side = 'candidate') AS candidate_traces,
        sum(l.sightings) FILTER (l.side = 'candidate') AS candidate_sightings,
        sum(l.traces) FILTER (l.side = 'baseline') AS baseline_traces,
        sum(l.sightings) FILTER (l.side = 'baseline') AS baseline_sightings,
        sum(l.traces) FILTER (l.side IN ('baseline', 'other')) AS other_traces,
        sum(l.traces) FILTER (l.side IN ('baseline', 'other') AND l.before) AS before_traces,
        min(l.time) AS known_since,
        max(l.last_time) FILTER (l.side IN ('baseline', 'other') AND l.before) AS last_seen_before
    FROM levels AS l CROSS JOIN totals AS t
    GROUP BY l.level, l.fingerprint, step
), served AS (
    -- A running sum over both; an ASOF join, within a LATERAL one, leaves out all but one of the
    -- rows that match the same minute (DuckDB 2.0).
    SELECT *, sum(requests) OVER (ORDER BY minute)::BIGINT AS served
    FROM (
        SELECT *, coalesce(epoch_ns(last_seen_before) // 60_000_000_000, -1) AS minute,
            NULL AS requests
        FROM stepped
        UNION ALL BY NAME
        SELECT minute, requests FROM watched WHERE side IN ('baseline', 'other') AND before
    )
    QUALIFY level IS NOT NULL
)
SELECT s.level, s.fingerprint, s.fingerprint_loose, s.step,
    h.requests AS step_requests,
    s.served,
    s.* EXCLUDE (level, fingerprint, fingerprint_loose, step, served, minute, requests),
    {'candidate': t.candidate, 'baseline': t.baseline, 'own': t.own, 'total': t.total,
        'before': t.before, 'history': t.history,
        'steps': (SELECT count(*) FROM history),
        'candidate_first_seen': t.candidate_first_seen, 'versions': t.versions} AS watched
FROM served AS s
CROSS JOIN totals AS t
LEFT JOIN history AS h ON h.step = s.step;
