-- Exceptions the baseline showed and the candidate does not: fixed, or just not met yet.
-- Judged on the strict fingerprint within the two windows. If nothing had changed, sightings would
-- fall on the candidate with probability rho, its share of the requests of both windows; so none of
-- k traces did with (1 - rho)^k. Most traces first, silenced ones last.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the last sighting
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column sightings BIGINT: recorded by the baseline
-- column traces BIGINT: distinct traces with a sighting; each one outside a trace counts too
-- column first_seen TIMESTAMP_NS: first sighting in the baseline's window
-- column last_seen TIMESTAMP_NS: last sighting in the baseline's window
-- column candidate_request_share DOUBLE: rho: the candidate's requests, of those of both windows
-- column probability_not_gone DOUBLE: (1 - rho)^k; small is strong evidence, 1 is none
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column example_trace_id VARCHAR: trace of the last sighting
-- column exception_stacktrace VARCHAR: stack trace of the last sighting
-- column known_since TIMESTAMP_NS: first sighting in the service and environment
-- column resolved_at TIMESTAMP_NS: when somebody called it resolved; NULL when nobody did
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
    g.baseline_sightings AS sightings,
    g.baseline_traces AS traces,
    g.first_seen,
    g.last_seen,
    g.baseline_share AS candidate_request_share,
    g.probability_not_gone,
    g.fingerprint,
    g.fingerprint_loose,
    trace_hex(g.last_trace_key) AS example_trace_id,
    g.exception_stacktrace,
    g.known_since,
    g.resolved_at,
    g.silenced,
    c.*
FROM exception_states(
    $service_name, $service_version, $until,
    (SELECT the_comparison FROM the_comparison)) AS g
CROSS JOIN the_comparison AS c
WHERE g.state = 'gone'
ORDER BY g.silenced, g.baseline_traces DESC, g.baseline_sightings DESC, g.fingerprint;
