-- Did the load change: requests per endpoint, and calls per request to each peer.
-- Compare `per_minute` with a baseline from before, `per_request` with a concurrent one, which
-- shares the traffic. An endpoint or a peer that only one side knows has 0 on the other. More calls
-- per request is N+1 or retries.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column subject VARCHAR: 'endpoint' (requests received) or 'peer' (calls made)
-- column name VARCHAR: the endpoint, or what was called
-- column candidate_count BIGINT: requests or calls of the candidate
-- column candidate_per_minute DOUBLE: per minute of its window, weighted; NULL if that is shorter
-- column candidate_per_request DOUBLE: per request, weighted: for an endpoint its share
-- column baseline_count BIGINT: requests or calls of the baseline; NULL without a baseline
-- column baseline_per_minute DOUBLE: per minute of its window, weighted; NULL if that is shorter
-- column baseline_per_request DOUBLE: per request of the baseline, weighted
-- column ratio_per_minute DOUBLE: candidate's divided by the baseline's
-- column ratio_per_request DOUBLE: candidate's divided by the baseline's
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
WITH compared AS (
    FROM compared_spans(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), totals AS (
    SELECT
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight
    FROM compared
    WHERE span_kind IN ('SERVER', 'CONSUMER')
), counted AS (
    SELECT
        CASE WHEN span_kind IN ('SERVER', 'CONSUMER') THEN 'endpoint' ELSE 'peer' END AS subject,
        CASE WHEN span_kind IN ('SERVER', 'CONSUMER') THEN endpoint ELSE peer END AS name,
        count(*) FILTER (side = 'candidate') AS candidate_count,
        coalesce(sum(weight) FILTER (side = 'candidate'), 0) AS candidate_weight,
        count(*) FILTER (side = 'baseline') AS baseline_count,
        coalesce(sum(weight) FILTER (side = 'baseline'), 0) AS baseline_weight
    FROM compared
    WHERE span_kind IN ('SERVER', 'CONSUMER', 'CLIENT', 'PRODUCER')
    GROUP BY ALL
), rates AS (
    SELECT
        n.*,
        per_minute(n.candidate_weight, c.candidate_from, c.candidate_until) AS candidate_per_minute,
        n.candidate_weight / t.candidate_weight AS candidate_per_request,
        per_minute(n.baseline_weight, c.baseline_from, c.baseline_until) AS baseline_per_minute,
        n.baseline_weight / t.baseline_weight AS baseline_per_request
    FROM counted AS n CROSS JOIN totals AS t
    CROSS JOIN comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until) AS c
)
SELECT
    r.subject,
    r.name,
    r.candidate_count,
    r.candidate_per_minute,
    r.candidate_per_request,
    CASE WHEN c.baseline_kind IS NOT NULL THEN r.baseline_count END AS baseline_count,
    r.baseline_per_minute,
    r.baseline_per_request,
    r.candidate_per_minute / nullif(r.baseline_per_minute, 0) AS ratio_per_minute,
    r.candidate_per_request / nullif(r.baseline_per_request, 0) AS ratio_per_request,
    c.*
FROM rates AS r
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
ORDER BY r.subject, greatest(r.candidate_count, r.baseline_count) DESC, r.name;
