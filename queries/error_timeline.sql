-- When the errors started, against the deploy time: failures and exceptions over time, by version.
-- From 30 minutes before the candidate's first traffic, or the baseline's start if that is earlier,
-- to the end of the candidate's window. Each version has a row for every step between its first and
-- its last, the candidate to the end of its window: silence is a row with zeros. (Filled for 1,500
-- steps from the version's first; after that only steps with traffic or exceptions are rows.)
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param step INTERVAL = '1 minute': length of a step
-- column step_start TIMESTAMP_NS: start of the step, UTC
-- column service_version VARCHAR: version; NULL when unknown
-- column side VARCHAR: 'candidate', 'baseline' or 'other'
-- column minutes_after DOUBLE: since the start of the step of the candidate's first traffic
-- column requests BIGINT: requests served
-- column failures BIGINT: requests that failed
-- column failure_rate DOUBLE: share of requests that failed, weighted; NULL without requests
-- column timeouts BIGINT: failures that were timeouts
-- column client_errors BIGINT: requests answered as the client's mistake
-- column exceptions BIGINT: exceptions recorded
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
    SELECT *, coalesce(least(baseline_from, candidate_first_seen - INTERVAL 30 MINUTE),
        candidate_first_seen - INTERVAL 30 MINUTE) AS since
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), happened AS (
    SELECT bucket($step, start_time) AS step_start, start_time AS time,
        service_namespace, environment_name, service_version, deployment_id,
        outcome, failure, weight, false AS exception
    FROM requests WHERE service_name = $service_name
    UNION ALL
    SELECT bucket($step, time), time,
        service_namespace, environment_name, service_version, deployment_id,
        NULL, false, NULL, true
    FROM exceptions WHERE service_name = $service_name AND exception_source <> 'status'
), counted AS (
    SELECT
        h.step_start,
        h.service_version AS service_version,
        CASE
            WHEN coalesce(h.service_version, '') = $service_version
                AND h.deployment_id IS NOT DISTINCT FROM c.deployment_id
            THEN CASE WHEN h.time >= c.candidate_first_seen THEN 'candidate' ELSE 'other' END
            WHEN c.baseline_kind IS NOT NULL
                AND h.service_version IS NOT DISTINCT FROM c.baseline_version
            THEN 'baseline'
            ELSE 'other'
        END AS side,
        count(*) FILTER (NOT h.exception) AS requests,
        count(*) FILTER (h.failure) AS failures,
        share(sum(h.weight) FILTER (h.failure), sum(h.weight)) AS failure_rate,
        count(*) FILTER (h.outcome = 'timeout') AS timeouts,
        count(*) FILTER (h.outcome = 'client_error') AS client_errors,
        count(*) FILTER (h.exception) AS exceptions
    FROM happened AS h CROSS JOIN c
    WHERE h.service_namespace IS NOT DISTINCT FROM c.service_namespace
        AND h.environment_name IS NOT DISTINCT FROM c.environment_name
        AND h.time >= c.since AND h.time < c.candidate_until
    GROUP BY ALL
), lengths AS (
    SELECT n.service_version, n.side, min(n.step_start) AS first_step,
        CASE WHEN n.side = 'candidate'
            THEN bucket($step, make_timestamp_ns(epoch_ns(any_value(c.candidate_until)) - 1))
            ELSE max(n.step_start) END AS last_step
    FROM counted AS n CROSS JOIN c
    GROUP BY n.service_version, n.side
), steps AS (
    FROM counted
    UNION ALL BY NAME
    SELECT service_version, side, unnest(generate_series(
        first_step, least(last_step, first_step + 1500 * $step::INTERVAL), $step::INTERVAL
        ))::TIMESTAMP_NS AS step_start
    FROM lengths
)
SELECT
    s.step_start,
    s.service_version,
    s.side,
    (epoch_ns(s.step_start) - epoch_ns(bucket($step, c.candidate_first_seen))) / 60e9
        AS minutes_after,
    coalesce(max(s.requests), 0) AS requests,
    coalesce(max(s.failures), 0) AS failures,
    max(s.failure_rate) AS failure_rate,
    coalesce(max(s.timeouts), 0) AS timeouts,
    coalesce(max(s.client_errors), 0) AS client_errors,
    coalesce(max(s.exceptions), 0) AS exceptions,
    c.* EXCLUDE (since)
FROM steps AS s CROSS JOIN c
GROUP BY ALL
ORDER BY s.step_start, s.side, s.service_version;
