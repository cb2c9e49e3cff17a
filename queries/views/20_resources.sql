-- What sent the spans and log records: one row per distinct set of resource attributes.
-- column resource_id UBIGINT: hash of all attributes
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: service.version, or inferred; NULL when unknown
-- column version_source VARCHAR: 'service.version', or the attribute the version was inferred from
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column instance_id VARCHAR: service.instance.id
-- column sdk_language VARCHAR: telemetry.sdk.language
-- column vcs_revision VARCHAR: commit the service was built from
-- column attributes VARCHAR: all resource attributes as one JSON object, keys sorted
-- column dropped_attributes_count UINTEGER: attributes the SDK dropped
-- column received_at TIMESTAMP_NS: when it was first received
CREATE OR REPLACE VIEW resources AS
SELECT
    resource_id,
    service_namespace,
    service_name,
    service_version,
    version_source,
    environment_name,
    deployment_id,
    instance_id,
    sdk_language,
    vcs_revision,
    attributes,
    dropped_attributes_count,
    moment(received_at_unix_nano) AS received_at
FROM store.resources;
