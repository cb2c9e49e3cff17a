-- Feature flags that the candidate and its baseline evaluated, as spans, span events and log
-- records tell it: attributes feature_flag.* of OpenTelemetry, under their new and old names, on
-- a span, on its events, or on a log record whose event is `feature_flag.evaluation` (formerly
-- `feature_flag`). Each once per trace. Parameters as in sided_spans.
-- column side VARCHAR: 'candidate' or 'baseline'
-- column trace_key UUID: trace_id as stored
-- column flag_key VARCHAR: feature_flag.key
-- column variant VARCHAR: variant, else value, as text; NULL when neither was sent
-- column provider_name VARCHAR: feature_flag.provider.name
-- column reason VARCHAR: feature_flag.result.reason, in lower case
CREATE OR REPLACE MACRO flag_evaluations(asked_service, asked_version, asked_comparison) AS TABLE
WITH compared AS (
    SELECT side, trace_key,
        CASE WHEN contains(attributes, '"feature_flag.key"') THEN attributes END AS attributes,
        CASE WHEN contains(events, '"feature_flag.key"') THEN events END AS events
    FROM sided_spans(asked_service, asked_version, asked_comparison)
), told AS (
    SELECT side, trace_key, attributes FROM compared
    UNION ALL
    SELECT side, trace_key, unnest(json_extract(events, '$[*].attributes'))::VARCHAR
    FROM compared WHERE events IS NOT NULL
    UNION ALL
    SELECT comparison_side(
            l.service_version, l.deployment_id, l.time, asked_version, c), l.trace_key, l.attributes
    FROM log_records AS l
    CROSS JOIN comparison_row(asked_comparison) AS c
    WHERE l.service_name = asked_service AND l.trace_key IS NOT NULL
        AND l.event_name IN ('feature_flag', 'feature_flag.evaluation')
        AND l.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND l.environment_name IS NOT DISTINCT FROM c.environment_name
)
SELECT DISTINCT side, trace_key,
    attr(attributes, 'feature_flag.key') AS flag_key,
    coalesce(
        attr(attributes, 'feature_flag.result.variant'), attr(attributes, 'feature_flag.variant'),
        attr(attributes, 'feature_flag.result.value'))
        AS variant,
    coalesce(attr(attributes, 'feature_flag.provider.name'),
        attr(attributes, 'feature_flag.provider_name')) AS provider_name,
    lower(coalesce(attr(attributes, 'feature_flag.result.reason'),
        attr(attributes, 'feature_flag.evaluation.reason'))) AS reason
FROM told
WHERE side IN ('candidate', 'baseline') AND attr(attributes, 'feature_flag.key') IS NOT NULL;
