-- On which side of a comparison something stands.
-- comparison_side(version, deployment_id, time, asked_version, c): 'candidate': the candidate in
--     its window; 'own': the candidate between its first traffic and its window; 'baseline': the
--     baseline in its window; 'other': all else, also the candidate before it came back.
--     c is the row of `comparison`.

CREATE OR REPLACE MACRO comparison_side(version, deployment, time, asked_version, c) AS
    CASE
        WHEN coalesce(version, '') = asked_version
            AND deployment IS NOT DISTINCT FROM c.deployment_id
        THEN CASE
            WHEN time >= c.candidate_from AND time < c.candidate_until THEN 'candidate'
            WHEN time >= c.candidate_first_seen THEN 'own'
            ELSE 'other'
        END
        WHEN version IS NOT DISTINCT FROM c.baseline_version
            AND time >= c.baseline_from AND time < c.baseline_until
        THEN 'baseline'
        ELSE 'other'
    END;
