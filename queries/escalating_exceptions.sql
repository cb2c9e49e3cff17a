-- Known exceptions that the candidate shows more often than their history.
-- Traces with a sighting per request, against those of all other deployments in the 7 days before
-- the candidate's first traffic and beside it since. Both counts are divided by their dispersion:
-- exceptions come in bursts. Listed when the rate is half as high again or more and the e-value
-- proves it, as queries/views/64_exception_changes.sql says. The strongest evidence first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param silenced BOOLEAN = false: also list those that are silenced
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the first sighting
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column sightings BIGINT: recorded by the candidate
-- column traces BIGINT: distinct traces with a sighting; each one outside a trace counts too
-- column first_seen TIMESTAMP_NS: first sighting of the candidate
-- column last_seen TIMESTAMP_NS: last sighting of the candidate
-- column candidate_rate DOUBLE: traces with a sighting per request
-- column history_rate DOUBLE: the same of its history
-- column ratio DOUBLE: the first divided by the second
-- column history_traces BIGINT: traces with a sighting in its history
-- column dispersion DOUBLE: phi: variance of its counts over their mean, 1 or more
-- column e_value DOUBLE: evidence of a higher rate: by chance 100 or more once in 100 at most
-- column known_since TIMESTAMP_NS: first sighting in the service and environment
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column example_trace_id VARCHAR: trace of the first sighting
-- column exception_stacktrace VARCHAR: stack trace of the first sighting
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
)
SELECT
    g.exception_type,
    g.exception_message,
    g.top_frame,
    g.candidate_sightings AS sightings,
    g.candidate_traces AS traces,
    g.first_seen,
    g.last_seen,
    g.candidate_rate,
    g.history_rate,
    g.candidate_rate / nullif(g.history_rate, 0) AS ratio,
    g.history_traces,
    g.dispersion,
    g.e_value,
    g.known_since,
    g.fingerprint,
    g.fingerprint_loose,
    trace_hex(g.first_trace_key) AS example_trace_id,
    g.exception_stacktrace,
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
JOIN exception_hits(
    $service_name, $service_version, $until,
    (SELECT the_comparison FROM the_comparison)) AS h ON h.fingerprint = g.fingerprint
CROSS JOIN the_comparison AS c
WHERE g.state = 'escalating' AND ($silenced OR NOT g.silenced)
ORDER BY g.silenced, g.e_value DESC, g.candidate_traces DESC, g.fingerprint;
