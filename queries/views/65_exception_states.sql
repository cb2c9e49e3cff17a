-- The exceptions of a deployment, each in one state. One row per strict fingerprint that the
-- candidate or its baseline showed in its window. The first state that fits:
--   regressed: it was resolved, and the candidate shows it: after the decision; or, resolved in a
--     version, when the candidate is that version or a later one: by version_order of both, else by
--     the first traffic of both. A version never seen, and not comparable, proves nothing.
--   new: nothing else ever showed it in the service and environment.
--   regressed: it was gone, as exception_changes proves it, and came back with the candidate.
--   escalating: more often than in its history, as exception_changes proves it.
--   ongoing: the candidate shows it.
--   gone: the baseline showed it, and the candidate does not.
-- Decisions count when the strict or the loose key is theirs; of several, the latest.
-- Parameters as in watched_requests.
-- column state VARCHAR: as above
-- column why VARCHAR: of regressed ones: 'resolved', 'resolved in ...' or 'was gone'
-- column resolved_at TIMESTAMP_NS: when it was resolved last
-- column silenced BOOLEAN: somebody silenced it, and that is not over
-- Then the columns of exception_changes and those of exception_windows.
CREATE OR REPLACE MACRO exception_states(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH changes AS MATERIALIZED (
    FROM exception_changes(asked_service, asked_version, asked_until, asked_comparison)
), decided AS (
    SELECT g.fingerprint, d.kind, d.in_version, d.decided_at
    FROM (SELECT fingerprint, unnest([fingerprint, fingerprint_loose]) AS key FROM changes) AS g
    JOIN standing_decisions(asked_service, asked_until) AS d ON d.fingerprint = g.key
), decisions AS (
    SELECT fingerprint,
        bool_or(kind = 'silence') AS silenced,
        max(decided_at) FILTER (kind = 'resolution') AS resolved_at,
        arg_max({'version': in_version}, decided_at) FILTER (kind = 'resolution').version
            AS resolved_in
    FROM decided
    GROUP BY fingerprint
), judged AS (
    SELECT g.*, w.* EXCLUDE (fingerprint), d.resolved_at,
        coalesce(d.silenced, false) AS silenced,
        d.resolved_in,
        g.candidate_traces > 0 AND d.resolved_at IS NOT NULL AND coalesce(CASE
            WHEN d.resolved_in IS NULL THEN w.last_seen > d.resolved_at
            WHEN d.resolved_in = asked_version THEN true
            ELSE coalesce(
                version_order(asked_version) >= version_order(d.resolved_in),
                g.watched.candidate_first_seen >= g.watched.versions[d.resolved_in])
        END, false) AS resolved
    FROM changes AS g
    JOIN exception_windows(asked_service, asked_version, asked_until, asked_comparison) AS w
        ON w.fingerprint = g.fingerprint
    LEFT JOIN decisions AS d ON d.fingerprint = g.fingerprint
)
SELECT
    CASE
        WHEN resolved THEN 'regressed'
        WHEN candidate_traces = 0 THEN 'gone'
        WHEN other_traces = 0 THEN 'new'
        WHEN was_gone THEN 'regressed'
        WHEN escalates THEN 'escalating'
        ELSE 'ongoing'
    END AS state,
    CASE
        WHEN resolved THEN 'resolved' || coalesce(' in ' || resolved_in, '')
        WHEN was_gone AND candidate_traces > 0 THEN 'was gone'
    END AS why,
    resolved_at,
    silenced,
    * EXCLUDE (
        resolved, resolved_in, was_gone, escalates, resolved_at, silenced, served, watched)
FROM judged;
