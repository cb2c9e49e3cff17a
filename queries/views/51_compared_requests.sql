-- Requests of the candidate and of its baseline, each in its window.
-- Parameters and columns as in compared_spans.
CREATE OR REPLACE MACRO compared_requests(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until
) AS TABLE
FROM compared_spans(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until)
WHERE span_kind IN ('SERVER', 'CONSUMER');
