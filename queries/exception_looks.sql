-- Exceptions of many deployments, each as of a moment: what a verdict reads of them.
-- One row per look and strict fingerprint that the candidate or its baseline showed in its window,
-- with its state as `exception_groups` tells it. Of each look the most frequent on the candidate
-- first, silenced ones last.
-- param looks VARCHAR: JSON list of objects as queries/views/68_asked_looks.sql has them
-- param rows_max BIGINT = 50: exceptions of each look to return
-- column look BIGINT: place in the list, from 0
-- column state VARCHAR: 'new', 'regressed', 'escalating', 'ongoing' or 'gone'
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the candidate's first sighting, or baseline's last
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column candidate_sightings BIGINT: recorded by the candidate
-- column traces BIGINT: distinct traces of the candidate; each sighting outside a trace counts too
-- column first_seen TIMESTAMP_NS: first sighting in either window
-- column fingerprint VARCHAR: strict key
-- column probability_not_new DOUBLE: of new ones, as in new_exceptions
-- column share_of_failures DOUBLE: of the candidate's failing requests, those whose trace shows it
-- column silenced BOOLEAN: somebody silenced it, and that is not over
WITH looks AS MATERIALIZED (
    FROM asked_looks($looks)
), compared AS MATERIALIZED (
    SELECT look, look_service, look_version, look_until, its_comparison AS look_comparison
    FROM looks,
        LATERAL (
            FROM comparison(
                look_service, look_version, look_environment, look_deployment,
                NULL::VARCHAR, NULL::TIMESTAMP, look_until)
        ) AS its_comparison
), states AS (
    SELECT look, its_state.*
    FROM compared,
        LATERAL (
            FROM exception_states(look_service, look_version, look_until, look_comparison)
        ) AS its_state
), hits AS (
    SELECT look, its_hits.*
    FROM compared,
        LATERAL (
            FROM exception_hits(look_service, look_version, look_until, look_comparison)
        ) AS its_hits
)
SELECT
    g.look,
    g.state,
    g.exception_type,
    g.exception_message,
    g.top_frame,
    g.candidate_sightings,
    g.candidate_traces AS traces,
    g.compared_from AS first_seen,
    g.fingerprint,
    CASE WHEN g.state = 'new' AND g.request_share > 0
        THEN least(1, g.expected_by_chance) END AS probability_not_new,
    h.share_of_failures,
    g.silenced
FROM states AS g
JOIN hits AS h ON h.look = g.look AND h.fingerprint = g.fingerprint
QUALIFY row_number() OVER (
    PARTITION BY g.look
    ORDER BY g.silenced, g.candidate_sightings DESC, g.baseline_sightings DESC, g.fingerprint
) <= $rows_max
ORDER BY g.look, g.silenced, g.candidate_sightings DESC, g.baseline_sightings DESC, g.fingerprint;
