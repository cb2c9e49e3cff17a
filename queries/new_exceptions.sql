-- Exceptions the candidate shows and nothing before it or beside it did.
-- Judged on the strict fingerprint, against every exception of the service in that environment,
-- also those deleted since: any version before the candidate's first traffic, any other version
-- until the end of its window. New is evidence, not a fact: if it were not new, sightings would
-- fall on the candidate with probability rho, its share of all requests that were watched; so all k
-- traces with a sighting do with rho^k. Most traces first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the first sighting
-- column top_frame VARCHAR: top in-app frame; NULL without a stack trace
-- column sightings BIGINT: recorded by the candidate
-- column traces BIGINT: distinct traces with a sighting; each one outside a trace counts too
-- column first_seen TIMESTAMP_NS: first sighting
-- column last_seen TIMESTAMP_NS: last sighting
-- column type_is_new BOOLEAN: the loose fingerprint was never seen before either
-- column candidate_request_share DOUBLE: rho: the candidate's requests, of all requests watched
-- column probability_not_new DOUBLE: rho^k; small is strong evidence, 1 is none; NULL if rho is 0
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column example_trace_id VARCHAR: trace of the first sighting
-- column exception_stacktrace VARCHAR: stack trace of the first sighting
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
WITH c AS (
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), here AS (
    SELECT e.*,
        coalesce(e.service_version, '') = $service_version
            AND e.deployment_id IS NOT DISTINCT FROM c.deployment_id
            AND e.time >= c.candidate_first_seen AS own,
        e.time >= c.candidate_from AS in_window
    FROM exceptions AS e CROSS JOIN c
    WHERE e.service_name = $service_name
        AND e.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND e.environment_name IS NOT DISTINCT FROM c.environment_name
        AND e.time < c.candidate_until
), known AS (
    SELECT fingerprint, fingerprint_loose FROM here WHERE NOT own
    UNION ALL
    SELECT d.fingerprint, d.fingerprint_loose
    FROM deleted_exceptions AS d CROSS JOIN c
    WHERE d.service_name = $service_name
        AND d.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND d.environment_name IS NOT DISTINCT FROM c.environment_name
        AND d.first_seen < c.candidate_until
        AND NOT (coalesce(d.service_version, '') = $service_version
            AND d.deployment_id IS NOT DISTINCT FROM c.deployment_id
            AND d.first_seen >= c.candidate_first_seen)
), served AS (
    SELECT service_namespace, service_version, environment_name, deployment_id,
        start_time AS time, 1 AS requests
    FROM requests WHERE service_name = $service_name
    UNION ALL
    SELECT service_namespace, service_version, environment_name, deployment_id,
        first_seen, requests
    FROM deleted_deployments WHERE service_name = $service_name
), watched AS (
    SELECT share(
        sum(s.requests) FILTER (
            coalesce(s.service_version, '') = $service_version
            AND s.deployment_id IS NOT DISTINCT FROM c.deployment_id
            AND s.time >= c.candidate_first_seen
        ), sum(s.requests)) AS rho
    FROM served AS s CROSS JOIN c
    WHERE s.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND s.environment_name IS NOT DISTINCT FROM c.environment_name
        AND s.time < c.candidate_until
), groups AS (
    SELECT
        fingerprint,
        arg_min(exception_type, (time, span_key)) AS exception_type,
        arg_min(exception_message, (time, span_key)) AS exception_message,
        arg_min(top_frame, (time, span_key)) AS top_frame,
        arg_min(fingerprint_loose, (time, span_key)) AS fingerprint_loose,
        arg_min(trace_key, (time, span_key)) AS example_trace_key,
        arg_min(exception_stacktrace, (time, span_key)) AS exception_stacktrace,
        count(*) AS sightings,
        count(DISTINCT trace_key) + count(*) FILTER (trace_key IS NULL) AS traces,
        min(time) AS first_seen,
        max(time) AS last_seen
    FROM here
    WHERE own AND in_window
        AND fingerprint NOT IN (SELECT fingerprint FROM known)
    GROUP BY fingerprint
)
SELECT
    g.exception_type,
    g.exception_message,
    g.top_frame,
    g.sightings,
    g.traces,
    g.first_seen,
    g.last_seen,
    g.fingerprint_loose NOT IN (SELECT fingerprint_loose FROM known) AS type_is_new,
    w.rho AS candidate_request_share,
    CASE WHEN w.rho > 0 THEN w.rho ** g.traces END AS probability_not_new,
    g.fingerprint,
    g.fingerprint_loose,
    trace_hex(g.example_trace_key) AS example_trace_id,
    g.exception_stacktrace,
    c.*
FROM groups AS g CROSS JOIN watched AS w CROSS JOIN c
ORDER BY g.traces DESC, g.sightings DESC, g.fingerprint;
