-- What was deployed: one row per service, version, environment and deployment id.
-- A deployment that was marked and never sent anything has a row too, without first_seen. A mark
-- counts for every deployment it does not contradict: what it leaves out (namespace, environment,
-- id) matches all. The latest mark wins.
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when none is known
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column first_seen TIMESTAMP_NS: its first span or exception, also of those deleted
-- column last_seen TIMESTAMP_NS: its last span or exception, also of those deleted
-- column instances BIGINT: distinct service.instance.id of what is stored; NULL when there is none
-- column spans BIGINT: spans received
-- column requests BIGINT: requests received
-- column failures BIGINT: requests that failed
-- column failure_rate DOUBLE: share of requests that failed, weighted; NULL without requests
-- column version_source VARCHAR: 'service.version', or the attribute the version was inferred from
-- column vcs_revision VARCHAR: commit, from the mark or else from the resource
-- column previous_vcs_revision VARCHAR: commit before it, from the mark
-- column strategy VARCHAR: rolling, canary, ... as marked
-- column irreversible BOOLEAN: marked as not to be rolled back; NULL when not marked
-- column note VARCHAR: what the mark says
-- column marked_at TIMESTAMP_NS: time of the latest mark
-- column deleted_spans BIGINT: of its spans, those deleted because of age or the store's size
CREATE OR REPLACE VIEW deployments AS
WITH signs AS (
    -- Counted by kind and outcome, of the stored numbers: half the work on millions of spans.
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        instance_id, version_source, span_kind, outcome, count(*) AS spans,
        sum(weight(adjusted_count)) AS weight, min(start_time_unix_nano) AS first_unix_nano,
        max(start_time_unix_nano) FILTER (start_time_unix_nano < moments_before(NULL))
            AS last_unix_nano
    FROM store.spans
    GROUP BY ALL
    UNION ALL
    -- A version that crashes at its start may send nothing but exceptions.
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        instance_id, version_source, NULL, NULL, 0, 0, time_unix_nano,
        CASE WHEN time_unix_nano < moments_before(NULL) THEN time_unix_nano END
    FROM store.exceptions
    WHERE exception_source <> 'status'
), parts AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        min(version_source) AS version_source, NULL::VARCHAR AS vcs_revision,
        moment(min(first_unix_nano)) AS first_seen, moment(max(last_unix_nano)) AS last_seen,
        sum(spans) AS spans,
        coalesce(sum(spans) FILTER (span_kind IN ('SERVER', 'CONSUMER')), 0) AS requests,
        coalesce(sum(spans) FILTER (
            span_kind IN ('SERVER', 'CONSUMER') AND is_failure(outcome)), 0) AS failures,
        sum(weight) FILTER (span_kind IN ('SERVER', 'CONSUMER')) AS request_weight,
        sum(weight) FILTER (span_kind IN ('SERVER', 'CONSUMER') AND is_failure(outcome))
            AS failure_weight,
        nullif(count(DISTINCT instance_id), 0) AS instances,
        0 AS deleted_spans
    FROM signs
    GROUP BY service_namespace, service_name, service_version, environment_name, deployment_id
    UNION ALL
    SELECT *, NULL, spans FROM deleted_deployments
), seen AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        max(instances) AS instances,
        sum(spans)::BIGINT AS spans,
        sum(requests)::BIGINT AS requests,
        sum(failures)::BIGINT AS failures,
        share(sum(failure_weight), sum(request_weight)) AS failure_rate,
        min(version_source) AS version_source,
        max(vcs_revision) AS vcs_revision, sum(deleted_spans)::BIGINT AS deleted_spans
    FROM parts
    GROUP BY service_namespace, service_name, service_version, environment_name, deployment_id
), commits AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        arg_max(vcs_revision, received_at_unix_nano) AS vcs_revision
    FROM store.resources
    WHERE vcs_revision IS NOT NULL
    GROUP BY service_namespace, service_name, service_version, environment_name, deployment_id
)
SELECT
    coalesce(s.service_namespace, m.service_namespace) AS service_namespace,
    coalesce(s.service_name, m.service_name) AS service_name,
    coalesce(s.service_version, m.service_version) AS service_version,
    coalesce(s.environment_name, m.environment_name) AS environment_name,
    coalesce(s.deployment_id, m.deployment_id) AS deployment_id,
    s.first_seen, s.last_seen, s.instances,
    coalesce(s.spans, 0) AS spans,
    coalesce(s.requests, 0) AS requests,
    coalesce(s.failures, 0) AS failures,
    s.failure_rate,
    s.version_source,
    coalesce(m.vcs_revision, c.vcs_revision, s.vcs_revision) AS vcs_revision,
    m.previous_vcs_revision,
    m.strategy,
    m.irreversible,
    m.note,
    moment(m.marked_at_unix_nano) AS marked_at,
    coalesce(s.deleted_spans, 0) AS deleted_spans
FROM seen AS s
LEFT JOIN commits AS c
    ON c.service_name = s.service_name
    AND c.service_namespace IS NOT DISTINCT FROM s.service_namespace
    AND c.service_version IS NOT DISTINCT FROM s.service_version
    AND c.environment_name IS NOT DISTINCT FROM s.environment_name
    AND c.deployment_id IS NOT DISTINCT FROM s.deployment_id
FULL JOIN store.deployment_marks AS m
    ON m.service_name = s.service_name
    AND m.service_version = s.service_version
    AND coalesce(m.service_namespace = s.service_namespace, m.service_namespace IS NULL)
    AND coalesce(m.environment_name = s.environment_name, m.environment_name IS NULL)
    AND coalesce(m.deployment_id = s.deployment_id, m.deployment_id IS NULL)
-- The latest mark of each deployment.
QUALIFY row_number() OVER (
    PARTITION BY
        coalesce(s.service_namespace, m.service_namespace),
        coalesce(s.service_name, m.service_name),
        coalesce(s.service_version, m.service_version),
        coalesce(s.environment_name, m.environment_name),
        coalesce(s.deployment_id, m.deployment_id)
    ORDER BY m.marked_at_unix_nano DESC NULLS LAST
) = 1;
