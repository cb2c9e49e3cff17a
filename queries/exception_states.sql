-- The windows of a deployment and its baseline, and the exceptions in them with their states.
-- What a verdict asks: of `comparison` the windows, and of `exception_groups` what it reads. A
-- deployment without exceptions has one row, and no fingerprint in it; one that sent nothing has
-- none. Most frequent on the candidate first, silenced ones last.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param rows_max BIGINT = 50: exceptions to return
-- column state VARCHAR: 'new', 'regressed', 'escalating', 'ongoing' or 'gone'
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the candidate's first sighting, or baseline's last
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column candidate_sightings BIGINT: recorded by the candidate
-- column baseline_sightings BIGINT: recorded by the baseline; NULL without a baseline
-- column traces BIGINT: distinct traces of the candidate; each sighting outside a trace counts too
-- column first_seen TIMESTAMP_NS: first sighting in either window
-- column fingerprint VARCHAR: strict key; NULL when there are no exceptions
-- column probability_not_new DOUBLE: of new ones, as in new_exceptions
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
    g.state,
    g.exception_type,
    g.exception_message,
    g.top_frame,
    g.candidate_sightings,
    CASE WHEN c.baseline_kind IS NOT NULL THEN g.baseline_sightings END AS baseline_sightings,
    g.candidate_traces AS traces,
    g.compared_from AS first_seen,
    g.fingerprint,
    CASE WHEN g.state = 'new' AND g.request_share > 0
        THEN least(1, g.expected_by_chance) END AS probability_not_new,
    h.users,
    h.share_of_failures,
    g.silenced,
    c.*
FROM the_comparison AS c
LEFT JOIN exception_states(
    $service_name, $service_version, $until,
    (SELECT the_comparison FROM the_comparison)) AS g ON true
LEFT JOIN exception_hits(
    $service_name, $service_version, $until,
    (SELECT the_comparison FROM the_comparison)) AS h ON h.fingerprint = g.fingerprint
ORDER BY g.silenced, g.candidate_sightings DESC, g.baseline_sightings DESC, g.fingerprint
LIMIT $rows_max;
