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
WITH the_comparison AS MATERIALIZED (
    FROM comparison(
        asked_service, asked_version, asked_environment, asked_deployment,
        asked_baseline, asked_since, asked_until)
)
FROM sided_spans(asked_service, asked_version, (SELECT the_comparison FROM the_comparison));
