-- Exceptions of the candidate and the baseline, one row per strict fingerprint.
-- Most frequent on the candidate first. The same exception as span event and as log record counts
-- once.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param rows_max BIGINT = 50: groups to return
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the latest sighting
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column seen_in VARCHAR: 'candidate', 'baseline' or 'both'
-- column candidate_sightings BIGINT: recorded by the candidate
-- column candidate_per_request DOUBLE: per request, weighted; NULL without requests
-- column baseline_sightings BIGINT: recorded by the baseline; NULL without a baseline
-- column baseline_per_request DOUBLE: per request, weighted
-- column ratio DOUBLE: candidate's per request divided by the baseline's
-- column traces BIGINT: distinct traces of the candidate it was seen in
-- column first_seen TIMESTAMP_NS: first sighting in either window
-- column last_seen TIMESTAMP_NS: last sighting in either window
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column example_trace_id VARCHAR: trace of the candidate's latest sighting, else of the baseline's
-- column service_namespace VARCHAR: namespace of the candidate
-- column environment_name VARCHAR: environment both were compared in
-- column deployment_id VARCHAR: roll-out of the candidate
-- column candidate_first_seen TIMESTAMP_NS: first traffic of the candidate
-- column candidate_from TIMESTAMP_NS: start of the candidate's window
-- column candidate_until TIMESTAMP_NS: end of the candidate's window, not included
-- column baseline_version VARCHAR: version compared with; without a kind, one that was deleted
-- column baseline_kind VARCHAR: concurrent, before or named; NULL without a baseline
-- column baseline_from TIMESTAMP_NS: start of the baseline's window
-- column baseline_until TIMESTAMP_NS: end of the baseline's window, not included
WITH totals AS (
    SELECT
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight
    FROM compared_requests(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), groups AS (
    SELECT
        fingerprint,
        arg_max(exception_type, (side, time, span_key)) AS exception_type,
        arg_max(exception_message, (side, time, span_key)) AS exception_message,
        arg_max(top_frame, (side, time, span_key)) AS top_frame,
        arg_max(fingerprint_loose, (side, time, span_key)) AS fingerprint_loose,
        arg_max(trace_key, (side, time, span_key)) AS example_trace_key,
        count(*) FILTER (side = 'candidate') AS candidate_sightings,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        count(*) FILTER (side = 'baseline') AS baseline_sightings,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        count(DISTINCT trace_key) FILTER (side = 'candidate') AS traces,
        min(time) AS first_seen,
        max(time) AS last_seen
    FROM compared_exceptions(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
    GROUP BY fingerprint
)
SELECT
    g.exception_type,
    g.exception_message,
    g.top_frame,
    CASE WHEN g.baseline_sightings = 0 THEN 'candidate'
        WHEN g.candidate_sightings = 0 THEN 'baseline' ELSE 'both' END AS seen_in,
    g.candidate_sightings,
    share(g.candidate_weight, t.candidate_weight) AS candidate_per_request,
    CASE WHEN c.baseline_kind IS NOT NULL THEN g.baseline_sightings END AS baseline_sightings,
    share(g.baseline_weight, t.baseline_weight) AS baseline_per_request,
    share(g.candidate_weight, t.candidate_weight)
        / nullif(share(g.baseline_weight, t.baseline_weight), 0) AS ratio,
    g.traces,
    g.first_seen,
    g.last_seen,
    g.fingerprint,
    g.fingerprint_loose,
    trace_hex(g.example_trace_key) AS example_trace_id,
    c.*
FROM groups AS g CROSS JOIN totals AS t
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
ORDER BY g.candidate_sightings DESC, g.baseline_sightings DESC, g.fingerprint
LIMIT $rows_max;
