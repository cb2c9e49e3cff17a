-- Which spans were sampled away: can the rates be trusted?
-- Per service and version: how many requests say what they stand for, and the sampling rate that
-- follows, of failing requests and of the others. Where the two differ (tail sampling keeps the
-- failures) rates are right only with weights, and wrong where the senders do not say.
-- param service_name VARCHAR = NULL: service; NULL: all
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param since TIMESTAMP = NULL: start, UTC; NULL: from the first stored
-- param until TIMESTAMP = NULL: end, UTC, not included; NULL: to the last stored
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column spans BIGINT: spans stored
-- column requests BIGINT: of these, requests
-- column known_requests BIGINT: of these, whose sender said what they stand for
-- column known_share DOUBLE: of the requests, 0 to 1
-- column requests_estimated DOUBLE: requests that there were; NULL unless all are known
-- column failing_sampling_rate DOUBLE: stored of the failing ones, 0 to 1; NULL when none is known
-- column other_sampling_rate DOUBLE: stored of the others
-- column differs BOOLEAN: one rate is more than a tenth above the other; NULL when one is unknown
-- column failure_rate DOUBLE: share of requests that failed, weighted
-- column failure_rate_unweighted DOUBLE: the same of the stored rows
WITH counted AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        count(*) AS spans,
        count(*) FILTER (request) AS requests,
        count(adjusted_count) FILTER (request) AS known_requests,
        count(*) FILTER (request AND failure) AS failures,
        sum(weight) FILTER (request) AS weight,
        sum(weight) FILTER (request AND failure) AS failed_weight,
        share(count(adjusted_count) FILTER (request AND failure),
            sum(adjusted_count) FILTER (request AND failure)) AS failing_sampling_rate,
        share(count(adjusted_count) FILTER (request AND NOT failure),
            sum(adjusted_count) FILTER (request AND NOT failure)) AS other_sampling_rate
    FROM (SELECT *, span_kind IN ('SERVER', 'CONSUMER') AS request FROM spans)
    WHERE coalesce(service_name = $service_name, $service_name IS NULL)
        AND coalesce(environment_name = $environment_name, $environment_name IS NULL)
        AND ($since IS NULL OR start_time >= $since::TIMESTAMP_NS)
        AND ($until IS NULL OR start_time < $until::TIMESTAMP_NS)
    GROUP BY ALL
)
SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
    spans, requests, known_requests,
    share(known_requests, requests) AS known_share,
    CASE WHEN known_requests = requests THEN weight END AS requests_estimated,
    failing_sampling_rate,
    other_sampling_rate,
    failing_sampling_rate / other_sampling_rate NOT BETWEEN 1 / 1.1 AND 1.1 AS differs,
    share(failed_weight, weight) AS failure_rate,
    share(failures, requests) AS failure_rate_unweighted
FROM counted
ORDER BY service_name, service_namespace, environment_name, service_version, deployment_id;
