-- How often the candidate, its baseline and its history showed each exception, and how evenly.
-- One row per strict and one per loose fingerprint. Exceptions come in bursts: their dispersion phi
-- is that of the traces over the n steps of exception_steps, by Pearson: sum((x - m r)^2 / (m r)) /
-- (n - 1), x the traces and r the requests of a step, m the traces per request of all steps. It is
-- 1 where it would be less, and where there are no two steps.
-- Parameters as in watched_requests.
-- column level VARCHAR: 'strict' or 'loose'
-- column fingerprint VARCHAR: key of that level
-- column fingerprint_loose VARCHAR: loose key of its first sighting
-- column candidate_traces BIGINT: traces of the candidate with a sighting
-- column candidate_sightings BIGINT: sightings of the candidate
-- column baseline_traces BIGINT: traces of the baseline with a sighting
-- column baseline_sightings BIGINT: sightings of the baseline
-- column other_traces BIGINT: traces of all others; more than 0: it was known
-- column before_traces BIGINT: of these, traces before the candidate's first traffic
-- column history_traces BIGINT: of these, traces of the history
-- column dispersion DOUBLE: phi
-- column known_since TIMESTAMP_NS: first sighting ever
-- column last_seen_before TIMESTAMP_NS: last sighting before the candidate's first traffic
-- column served BIGINT: requests before the candidate's first traffic, up to then
-- Then `watched`, as in exception_steps.
CREATE OR REPLACE MACRO exception_tally(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH tallied AS (
    SELECT level, fingerprint,
        arg_min(fingerprint_loose, known_since) AS fingerprint_loose,
        coalesce(sum(candidate_traces), 0)::BIGINT AS candidate_traces,
        coalesce(sum(candidate_sightings), 0)::BIGINT AS candidate_sightings,
        coalesce(sum(baseline_traces), 0)::BIGINT AS baseline_traces,
        coalesce(sum(baseline_sightings), 0)::BIGINT AS baseline_sightings,
        coalesce(sum(other_traces), 0)::BIGINT AS other_traces,
        coalesce(sum(before_traces), 0)::BIGINT AS before_traces,
        coalesce(sum(other_traces) FILTER (step_requests > 0), 0)::BIGINT AS history_traces,
        sum(other_traces ** 2 / step_requests) AS squares,
        min(known_since) AS known_since,
        max(last_seen_before) AS last_seen_before,
        max(served) AS served,
        any_value(watched) AS watched
    FROM exception_steps(asked_service, asked_version, asked_until, asked_comparison)
    GROUP BY level, fingerprint
)
SELECT * EXCLUDE (squares, known_since, last_seen_before, served, watched),
    greatest(1, coalesce(
        (share(watched.history, history_traces) * squares - history_traces)
            / nullif(watched.steps - 1, 0), 1)) AS dispersion,
    known_since, last_seen_before, served, watched
FROM tallied;
