-- Spans of the candidate and of its baseline, each in its window, of a comparison that is known.
-- param asked_service VARCHAR: service name
-- param asked_version VARCHAR: service version; '' for spans without one
-- param asked_comparison STRUCT: the row of `comparison`
-- column side VARCHAR: 'candidate' or 'baseline'; then the columns of `spans`
CREATE OR REPLACE MACRO sided_spans(asked_service, asked_version, asked_comparison) AS TABLE
WITH c AS MATERIALIZED (
    SELECT *,
        epoch_ns(least(candidate_from, baseline_from)) AS since_unix_nano,
        epoch_ns(greatest(candidate_until, baseline_until)) AS until_unix_nano
    FROM comparison_row(asked_comparison)
), labelled AS (
    -- Each value by itself: joined with the one row of c, all spans of the service would be read.
    SELECT
        CASE
            WHEN coalesce(s.service_version, '') = asked_version
                AND s.deployment_id IS NOT DISTINCT FROM (SELECT deployment_id FROM c)
            THEN CASE WHEN s.start_time >= (SELECT candidate_from FROM c)
                    AND s.start_time < (SELECT candidate_until FROM c)
                THEN 'candidate' END
            WHEN s.service_version IS NOT DISTINCT FROM (SELECT baseline_version FROM c)
                AND s.start_time >= (SELECT baseline_from FROM c)
                AND s.start_time < (SELECT baseline_until FROM c)
            THEN 'baseline'
        END AS side,
        s.* EXCLUDE (start_unix_nano)
    FROM timed_spans AS s
    WHERE s.service_name = asked_service
        AND s.service_namespace IS NOT DISTINCT FROM (SELECT service_namespace FROM c)
        AND s.environment_name IS NOT DISTINCT FROM (SELECT environment_name FROM c)
        AND s.start_unix_nano >= (SELECT since_unix_nano FROM c)
        AND s.start_unix_nano < (SELECT until_unix_nano FROM c)
)
SELECT * FROM labelled WHERE side IS NOT NULL;
