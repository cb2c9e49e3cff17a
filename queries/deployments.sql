-- What was deployed, when, with how much traffic.
-- One row per version of a service in an environment and roll-out id; the latest first. A
-- deployment that was only marked and never sent anything has no first_seen.
-- param service_name VARCHAR = NULL: only this service
-- param environment_name VARCHAR = NULL: only this environment
-- param since TIMESTAMP = NULL: only those still seen, or marked, at or after this moment, UTC
-- param until TIMESTAMP = NULL: only those first seen, or marked, before this moment, UTC
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service
-- column service_version VARCHAR: version; NULL when none is known
-- column environment_name VARCHAR: environment
-- column deployment_id VARCHAR: id of the roll-out, when one was sent
-- column first_seen TIMESTAMP_NS: its first span or exception, also of those deleted
-- column last_seen TIMESTAMP_NS: its last span or exception, also of those deleted
-- column instances BIGINT: distinct instances of what is stored; NULL when there is none
-- column spans BIGINT: spans received
-- column requests BIGINT: requests received
-- column failures BIGINT: requests that failed
-- column failure_rate DOUBLE: share of requests that failed, weighted; NULL without requests
-- column version_source VARCHAR: where the version was read; not 'service.version' means inferred
-- column vcs_revision VARCHAR: commit
-- column previous_vcs_revision VARCHAR: commit before it, as marked
-- column strategy VARCHAR: as marked
-- column irreversible BOOLEAN: marked as not to be rolled back; NULL when not marked
-- column note VARCHAR: as marked
-- column marked_at TIMESTAMP_NS: time of the latest mark
-- column deleted_spans BIGINT: of its spans, those deleted because of age or the store's size
SELECT *
FROM deployments
WHERE ($service_name IS NULL OR service_name = $service_name)
    AND ($environment_name IS NULL OR environment_name = $environment_name)
    AND ($since IS NULL OR greatest(last_seen, marked_at) >= $since::TIMESTAMP_NS)
    AND ($until IS NULL OR least(first_seen, marked_at) < $until::TIMESTAMP_NS)
ORDER BY least(first_seen, marked_at) DESC, service_namespace, service_name, environment_name,
    service_version, deployment_id;
