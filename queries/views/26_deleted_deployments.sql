-- What was deleted of each deployment because of its age or the size of the store.
-- Its rows are in no other view any more, but `deployments` counts them. A row with stored spans
-- beside it was deleted in part.
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when none is known
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column version_source VARCHAR: where the version was read
-- column vcs_revision VARCHAR: commit it was built from
-- column first_seen TIMESTAMP_NS: its first deleted span or exception
-- column last_seen TIMESTAMP_NS: its last deleted span or exception
-- column spans BIGINT: spans deleted
-- column requests BIGINT: of them requests
-- column failures BIGINT: of them requests that failed
-- column request_weight DOUBLE: requests they stood for
-- column failure_weight DOUBLE: failed requests they stood for
CREATE OR REPLACE VIEW deleted_deployments AS
SELECT
    service_namespace, service_name, service_version, environment_name, deployment_id,
    version_source,
    vcs_revision,
    moment(first_seen_unix_nano) AS first_seen,
    moment(last_seen_unix_nano) AS last_seen,
    spans, requests, failures, request_weight, failure_weight
FROM store.deployment_history;
