-- Traces that passed through the candidate or its baseline, each once.
-- One that passed through both counts for the candidate. Parameters as in compared_spans.
-- column trace_key UUID: trace_id as stored
-- column side VARCHAR: 'candidate' or 'baseline'
CREATE OR REPLACE MACRO compared_traces(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until
) AS TABLE
SELECT trace_key, max(side) AS side
FROM compared_spans(
    asked_service, asked_version, asked_environment, asked_deployment,
    asked_baseline, asked_since, asked_until)
GROUP BY trace_key;
