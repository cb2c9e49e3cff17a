-- Spans of the candidate and of its baseline, each in its window.
-- param asked_service VARCHAR: service name
-- param asked_version VARCHAR: service version; '' for spans without one
-- param asked_environment VARCHAR: environment name, or NULL
-- param asked_deployment VARCHAR: deployment id, or NULL
-- param asked_baseline VARCHAR: baseline version, or NULL
-- param asked_since TIMESTAMP: start of the candidate's window, or NULL
-- param asked_until TIMESTAMP: the moment to judge at, or NULL
-- column side VARCHAR: 'candidate' or 'baseline'; then the columns of `spans`
CREATE OR REPLACE MACRO compared_spans(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until
) AS TABLE
WITH labelled AS (
    SELECT
        CASE
            WHEN coalesce(s.service_version, '') = asked_version
                AND s.deployment_id IS NOT DISTINCT FROM c.deployment_id
            THEN CASE WHEN s.start_time >= c.candidate_from AND s.start_time < c.candidate_until
                THEN 'candidate' END
            WHEN s.service_version IS NOT DISTINCT FROM c.baseline_version
                AND s.start_time >= c.baseline_from AND s.start_time < c.baseline_until
            THEN 'baseline'
        END AS side,
        s.*
    FROM spans AS s
    CROSS JOIN comparison(
        asked_service, asked_version, asked_environment, asked_deployment,
        asked_baseline, asked_since, asked_until
    ) AS c
    WHERE s.service_name = asked_service
        AND s.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND s.environment_name IS NOT DISTINCT FROM c.environment_name
)
SELECT * FROM labelled WHERE side IS NOT NULL;
