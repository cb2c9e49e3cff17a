-- What the numbers say of each exception: unseen before, back after a pause, more often, missing.
-- One row per strict fingerprint that the candidate or its baseline showed in its window.
-- Back: if nothing had changed, its traces before the candidate's first traffic would lie anywhere
-- among the requests watched until then; all b of them lie before the pause with
-- present ^ (b / phi), present the share of these requests served until its last sighting. That it
-- was gone is held for proven when this, times the number of known exceptions that the candidate
-- shows, is at most 0.01, and nothing but the candidate has shown it since.
-- More often: traces per request against those of its history. Proven by the method of Benjamini
-- and Hochberg for e-values (Wang and Ramdas): the i-th largest of n is at least 100 n / i; and the
-- rate is half as high again or more. Here phi is no less than the mean of all exceptions, for of
-- one that was rare the history tells too little.
-- Missing: none of the baseline's b traces fell on the candidate with (1 - share) ^ b.
-- Parameters as in watched_requests.
-- column baseline_share DOUBLE: the candidate's requests, of those of both windows
-- column probability_not_gone DOUBLE: (1 - share) ^ b; NULL unless the candidate does not show it
-- column absent_requests BIGINT: requests from its last sighting to the candidate's first traffic
-- column probability_absent_by_chance DOUBLE: present ^ (b / phi)
-- column was_gone BOOLEAN: proven, as above
-- column candidate_rate DOUBLE: traces with a sighting per request, of the candidate
-- column history_rate DOUBLE: the same of the history
-- column e_value DOUBLE: escalation_e_value, counts divided by phi; NULL without history
-- column escalates BOOLEAN: proven, as above
-- column dispersion DOUBLE: phi, no less than the mean
-- Then the columns of exception_newness.
CREATE OR REPLACE MACRO exception_changes(
    asked_service, asked_version, asked_until, asked_comparison
) AS TABLE
WITH groups AS (
    SELECT *,
        candidate_traces > 0 AND other_traces > 0 AS goes_on,
        greatest(dispersion, avg(dispersion) FILTER (history_traces > 1) OVER ()) AS phi
    FROM exception_newness(asked_service, asked_version, asked_until, asked_comparison)
), judged AS (
    SELECT *,
        share(watched.candidate, watched.candidate + watched.baseline) AS baseline_share,
        (watched.before - served)::BIGINT AS absent_requests,
        share(served, watched.before) ** (before_traces / dispersion)
            AS probability_absent_by_chance,
        share(candidate_traces, watched.candidate) AS candidate_rate,
        share(history_traces, watched.history) AS history_rate,
        CASE WHEN history_traces > 0 AND watched.candidate > 0 THEN escalation_e_value(
            candidate_traces / phi, history_traces / phi,
            share(watched.candidate, watched.candidate + watched.history)) END AS e_value
    FROM groups
    WHERE candidate_traces > 0 OR baseline_traces > 0
), ranked AS (
    SELECT *,
        count(*) FILTER (goes_on) OVER () AS known,
        row_number() OVER (PARTITION BY goes_on ORDER BY e_value DESC NULLS LAST) AS place
    FROM judged
)
SELECT
    baseline_share,
    CASE WHEN candidate_traces = 0 THEN (1 - baseline_share) ** baseline_traces END
        AS probability_not_gone,
    absent_requests,
    probability_absent_by_chance,
    coalesce(goes_on AND before_traces = other_traces
        AND probability_absent_by_chance * known <= 0.01, false) AS was_gone,
    candidate_rate,
    history_rate,
    e_value,
    coalesce(goes_on AND candidate_rate >= 1.5 * history_rate
        AND e_value >= min(e_value) FILTER (goes_on AND e_value * place >= 100 * known) OVER (),
        false) AS escalates,
    phi AS dispersion,
    * EXCLUDE (goes_on, dispersion, phi, known, place, absent_requests,
        probability_absent_by_chance, candidate_rate, history_rate, e_value, baseline_share)
FROM ranked;
