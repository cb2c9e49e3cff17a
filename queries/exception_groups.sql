-- Exceptions of the candidate and the baseline, one row per strict fingerprint, with its state.
-- Most frequent on the candidate first, silenced ones last. The same exception as span event and as
-- log record counts once. What the states mean, and how they are proven, say
-- queries/views/64_exception_changes.sql and 65_exception_states.sql. Where it hits is told of the
-- candidate where it shows the exception, else of the baseline.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param rows_max BIGINT = 50: groups to return
-- column state VARCHAR: 'new', 'regressed', 'escalating', 'ongoing' or 'gone'
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the candidate's first sighting, or baseline's last
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column seen_in VARCHAR: 'candidate', 'baseline' or 'both'
-- column candidate_sightings BIGINT: recorded by the candidate
-- column candidate_per_request DOUBLE: per request, weighted; NULL without requests
-- column baseline_sightings BIGINT: recorded by the baseline; NULL without a baseline
-- column baseline_per_request DOUBLE: per request, weighted
-- column ratio DOUBLE: candidate's per request divided by the baseline's
-- column traces BIGINT: distinct traces of the candidate; each sighting outside a trace counts too
-- column first_seen TIMESTAMP_NS: first sighting in either window
-- column last_seen TIMESTAMP_NS: last sighting in either window
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column example_trace_id VARCHAR: trace of the candidate's latest sighting, else of the baseline's
-- column first_trace_id VARCHAR: trace of the candidate's first sighting, else of the baseline's
-- column known_since TIMESTAMP_NS: first sighting in the service and environment
-- column why VARCHAR: of regressed ones: 'resolved', 'resolved in ...' or 'was gone'
-- column probability_not_new DOUBLE: of new ones, as in new_exceptions
-- column e_value DOUBLE: evidence of a higher rate than its history's
-- column probability_not_gone DOUBLE: of gone ones, as in gone_exceptions
-- column endpoints BIGINT: distinct endpoints it hits
-- column top_endpoint VARCHAR: the one with the most traces
-- column instances BIGINT: distinct instances that recorded it
-- column users BIGINT: distinct user.id on the spans of its traces; NULL when none is sent
-- column share_of_failures DOUBLE: of the candidate's failing requests, those whose trace shows it
-- column silenced BOOLEAN: somebody silenced it, and that is not over
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
WITH the_comparison AS MATERIALIZED (
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), totals AS (
    SELECT
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight
    FROM sided_requests(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
)
SELECT
    g.state,
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
    g.candidate_traces AS traces,
    g.compared_from AS first_seen,
    g.compared_until AS last_seen,
    g.fingerprint,
    g.fingerprint_loose,
    trace_hex(g.last_trace_key) AS example_trace_id,
    trace_hex(g.first_trace_key) AS first_trace_id,
    g.known_since,
    g.why,
    CASE WHEN g.state = 'new' AND g.request_share > 0
        THEN least(1, g.expected_by_chance) END AS probability_not_new,
    g.e_value,
    g.probability_not_gone,
    h.endpoints,
    h.top_endpoint,
    h.instances,
    h.users,
    h.share_of_failures,
    g.silenced,
    c.*
FROM exception_states(
    $service_name, $service_version, $until,
    (SELECT the_comparison FROM the_comparison)) AS g
CROSS JOIN totals AS t
JOIN exception_hits(
    $service_name, $service_version, $until,
    (SELECT the_comparison FROM the_comparison)) AS h ON h.fingerprint = g.fingerprint
CROSS JOIN the_comparison AS c
ORDER BY g.silenced, g.candidate_sightings DESC, g.baseline_sightings DESC, g.fingerprint
LIMIT $rows_max;
