-- What was deployed, by name only: everything that sent anything, or was marked. The latest first.
-- Quick on any store, for it does not read the spans, but for those of the last hour: what only
-- span attributes named, and longer ago, is in `deployments` alone. A mark that does not contradict
-- a deployment that sent something is that deployment.
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when none is known
-- column environment_name VARCHAR: deployment.environment.name
-- column deployment_id VARCHAR: deployment.id
-- column known_since TIMESTAMP_NS: when it was first heard of, or marked last
WITH lately AS MATERIALIZED (
    SELECT epoch_ns(last_seen) - 60 * 60_000_000_000 AS unix_nano FROM last_stored(NULL)
), heard AS (
    SELECT service_name, service_version, environment_name, deployment_id,
        received_at_unix_nano AS unix_nano
    FROM store.resources
    UNION ALL
    SELECT service_name, service_version, environment_name, deployment_id, first_seen_unix_nano
    FROM store.deployment_history
    UNION ALL
    SELECT service_name, service_version, environment_name, deployment_id, time_unix_nano
    FROM store.exceptions
    WHERE time_unix_nano >= (SELECT unix_nano FROM lately)
    UNION ALL
    SELECT service_name, service_version, environment_name, deployment_id, start_time_unix_nano
    FROM store.spans
    WHERE start_time_unix_nano >= (SELECT unix_nano FROM lately)
), known AS (
    SELECT service_name, service_version, environment_name, deployment_id,
        min(unix_nano) AS unix_nano
    FROM heard
    GROUP BY service_name, service_version, environment_name, deployment_id
)
SELECT
    coalesce(k.service_name, m.service_name) AS service_name,
    coalesce(k.service_version, m.service_version) AS service_version,
    coalesce(k.environment_name, m.environment_name) AS environment_name,
    coalesce(k.deployment_id, m.deployment_id) AS deployment_id,
    moment(max(greatest(k.unix_nano, m.marked_at_unix_nano))) AS known_since
FROM known AS k
FULL JOIN store.deployment_marks AS m
    ON m.service_name = k.service_name
    AND m.service_version = k.service_version
    AND coalesce(m.environment_name = k.environment_name, m.environment_name IS NULL)
    AND coalesce(m.deployment_id = k.deployment_id, m.deployment_id IS NULL)
GROUP BY ALL
ORDER BY known_since DESC NULLS LAST, service_name, service_version, environment_name,
    deployment_id;
