-- Exceptions of the candidate and of its baseline, each in its window, of a comparison that is
-- known.
-- param asked_service VARCHAR: service name
-- param asked_version VARCHAR: service version; '' for exceptions without one
-- param asked_comparison STRUCT: the row of `comparison`
-- column side VARCHAR: 'candidate' or 'baseline'; then the columns of `exceptions`
CREATE OR REPLACE MACRO sided_exceptions(asked_service, asked_version, asked_comparison) AS TABLE
WITH labelled AS (
    SELECT
        -- Its place is asked for here: joined by it, all would be in one bucket.
        CASE
            WHEN e.service_namespace IS DISTINCT FROM c.service_namespace
                OR e.environment_name IS DISTINCT FROM c.environment_name THEN NULL
            WHEN coalesce(e.service_version, '') = asked_version
                AND e.deployment_id IS NOT DISTINCT FROM c.deployment_id
            THEN CASE WHEN e.time >= c.candidate_from AND e.time < c.candidate_until
                THEN 'candidate' END
            WHEN e.service_version IS NOT DISTINCT FROM c.baseline_version
                AND e.time >= c.baseline_from AND e.time < c.baseline_until
            THEN 'baseline'
        END AS side,
        e.*
    FROM exceptions AS e CROSS JOIN comparison_row(asked_comparison) AS c
    WHERE e.service_name = asked_service
)
SELECT * FROM labelled WHERE side IS NOT NULL;
