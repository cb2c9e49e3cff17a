-- What is known of a deployment besides its spans: what it was built from, and its latest mark.
-- One row, or none when nothing that it was sent with and no mark is stored. Reads no span.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param service_namespace VARCHAR = NULL: namespace; NULL: any
-- param environment_name VARCHAR = NULL: environment; NULL: any
-- param deployment_id VARCHAR = NULL: roll-out; NULL: any
-- param until TIMESTAMP = NULL: moment to judge at, UTC; no later mark is read; NULL: now
-- column vcs_revision VARCHAR: commit, from the mark or else from the resource
-- column version_source VARCHAR: 'service.version', or the attribute the version was inferred from
-- column strategy VARCHAR: rolling, canary, ... as marked
-- column irreversible BOOLEAN: marked as not to be rolled back; NULL when not marked
-- column marked_at TIMESTAMP_NS: time of the latest mark; NULL when not marked
-- column marked_environment VARCHAR: environment of the mark
-- column previous_vcs_revision VARCHAR: commit that was deployed before it, from the mark
WITH marks AS (
    SELECT * FROM store.deployment_marks
    WHERE service_name = $service_name
        AND service_version = $service_version
        AND coalesce(service_namespace = $service_namespace, true)
        AND coalesce(environment_name = $environment_name, true)
        AND coalesce(deployment_id = $deployment_id, true)
        AND ($until IS NULL OR marked_at_unix_nano < epoch_ns($until::TIMESTAMP))
    ORDER BY marked_at_unix_nano DESC
    LIMIT 1
), built AS (
    SELECT
        arg_max(vcs_revision, received_at_unix_nano) AS vcs_revision,
        min(version_source) AS version_source,
        count(*) AS resources
    FROM store.resources
    WHERE service_name = $service_name
        AND coalesce(service_version, '') = $service_version
        AND coalesce(service_namespace = $service_namespace, $service_namespace IS NULL)
        AND coalesce(environment_name = $environment_name, $environment_name IS NULL)
        AND coalesce(deployment_id = $deployment_id, $deployment_id IS NULL)
)
SELECT
    coalesce(m.vcs_revision, b.vcs_revision) AS vcs_revision,
    b.version_source,
    m.strategy,
    m.irreversible,
    moment(m.marked_at_unix_nano) AS marked_at,
    m.environment_name AS marked_environment,
    m.previous_vcs_revision
FROM built AS b LEFT JOIN marks AS m ON true
WHERE b.resources > 0 OR m.marked_at_unix_nano IS NOT NULL;
