-- What was deleted of each exception because of its age or the size of the store.
-- One row per deployment and strict fingerprint. Its sightings are not in `exceptions` any more.
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version that recorded it
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column fingerprint_version INTEGER: version of the fingerprint algorithm
-- column exception_type VARCHAR: exception.type
-- column top_frame VARCHAR: top in-app frame
-- column first_seen TIMESTAMP_NS: first deleted sighting
-- column last_seen TIMESTAMP_NS: last deleted sighting
-- column sightings BIGINT: sightings deleted
-- column exception_source VARCHAR: of the example: 'event', 'log' or 'status'; or NULL
-- column exception_message VARCHAR: message of the example
-- column exception_stacktrace VARCHAR: stack trace of the example
-- column sdk_language VARCHAR: telemetry.sdk.language of the example
CREATE OR REPLACE VIEW deleted_exceptions AS
SELECT
    service_namespace, service_name, service_version, environment_name, deployment_id,
    fingerprint, fingerprint_loose, fingerprint_version,
    exception_type,
    top_frame,
    moment(first_seen_unix_nano) AS first_seen,
    moment(last_seen_unix_nano) AS last_seen,
    sightings,
    exception_source, exception_message, exception_stacktrace, sdk_language
FROM store.exception_history;
