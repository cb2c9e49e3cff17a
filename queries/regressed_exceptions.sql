-- Exceptions that were over, and came back with the candidate.
-- Resolved ones: somebody said so (`deploylens resolve`), and the candidate shows it after that, or
-- in the version named or a later one: by semver.org 2.0.0 where both versions are of that form,
-- else by their first traffic. Gone ones: nothing showed it for so many requests before the
-- candidate's first traffic that chance explains it in one deployment of a hundred at most, and
-- nothing but the candidate has shown it since. Resolved ones first, then the most traces.
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
-- column why VARCHAR: 'resolved', 'resolved in ...' or 'was gone'
-- column resolved_at TIMESTAMP_NS: when it was resolved; NULL when it was not
-- column known_since TIMESTAMP_NS: first sighting in the service and environment
-- column last_seen_before TIMESTAMP_NS: last sighting before the candidate's first traffic
-- column absent_requests BIGINT: requests between that and the candidate's first traffic
-- column probability_absent_by_chance DOUBLE: that none of them shows it if nothing changed
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
    g.why,
    g.resolved_at,
    g.known_since,
    g.last_seen_before,
    g.absent_requests,
    g.probability_absent_by_chance,
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
WHERE g.state = 'regressed' AND ($silenced OR NOT g.silenced)
ORDER BY g.silenced, g.resolved_at IS NULL, g.candidate_traces DESC, g.fingerprint;
