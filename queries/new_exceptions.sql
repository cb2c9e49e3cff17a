-- Exceptions the candidate shows and nothing before it or beside it did.
-- Judged on the strict fingerprint, against every exception of the service in that environment,
-- also those deleted since: any version before the candidate's first traffic, any other version
-- until the end of its window. New is evidence, not a fact: if versions did not matter, sightings
-- would fall on the candidate with probability rho, its share of all requests that were watched; so
-- all k traces with a sighting do with rho^k. A service with many rare exceptions shows such ones
-- often: how many are to be expected is counted over all its groups of k traces or more, as
-- queries/views/62_exception_newness.sql says. The strongest evidence first.
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
-- column type_is_new BOOLEAN: the loose fingerprint was never seen before either
-- column candidate_request_share DOUBLE: rho: the candidate's requests, of all requests watched
-- column probability_by_exposure DOUBLE: rho^k, k its traces; NULL if rho is 0
-- column expected_by_chance DOUBLE: groups of the service that would look as new by chance alone
-- column never_seen_rate DOUBLE: groups seen once per trace before, where it belongs (Good, Turing)
-- column probability_not_new DOUBLE: at most, by chance; small is strong evidence; NULL if rho is 0
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
    g.loose_is_new AS type_is_new,
    g.request_share AS candidate_request_share,
    nullif(g.request_share, 0) ** g.candidate_traces AS probability_by_exposure,
    g.expected_by_chance,
    g.never_seen_rate,
    CASE WHEN g.request_share > 0 THEN least(1, g.expected_by_chance) END AS probability_not_new,
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
WHERE g.state = 'new' AND ($silenced OR NOT g.silenced)
ORDER BY g.silenced, g.expected_by_chance NULLS FIRST, g.candidate_traces DESC,
    g.candidate_sightings DESC, g.fingerprint;
