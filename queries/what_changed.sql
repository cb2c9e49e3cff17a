-- What changed in the release: resource attributes, SDK, runtime, image, instrumentation.
-- Only what differs is listed. What every instance has for itself (pod, host, process, container)
-- is left out, and so is the version compared. Without a baseline there is nothing to compare with,
-- and no row.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column kind VARCHAR: commit, image, runtime, sdk, instrumentation or resource
-- column name VARCHAR: the attribute, or the instrumentation scope
-- column change VARCHAR: 'added', 'removed' or 'changed'
-- column baseline_values VARCHAR: at most 5 distinct values, sorted; NULL when added
-- column candidate_values VARCHAR: at most 5 distinct values, sorted; NULL when removed
-- column baseline_values_count BIGINT: how many distinct values
-- column candidate_values_count BIGINT: how many distinct values
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
WITH used AS (
    SELECT side, resource_id, scope_name, scope_version, any_value(instance_id) AS instance_id
    FROM compared_spans(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
    GROUP BY side, resource_id, scope_name, scope_version
), keyed AS (
    SELECT DISTINCT u.side, u.instance_id, r.attributes, unnest(json_keys(r.attributes)) AS name
    FROM used AS u JOIN resources AS r ON r.resource_id = u.resource_id
), facts AS (
    SELECT side, instance_id, name, attr(attributes, name) AS value,
        CASE
            WHEN name LIKE 'vcs.%' OR name IN ('deployment.commit', 'git.commit.sha') THEN 'commit'
            WHEN name LIKE 'container.image.%' OR name LIKE 'oci.%' THEN 'image'
            WHEN name LIKE 'process.runtime.%' THEN 'runtime'
            WHEN name LIKE 'telemetry.%' THEN 'sdk'
            ELSE 'resource'
        END AS kind
    FROM keyed
    WHERE NOT regexp_full_match(name, concat(
        'service\.(version|instance\.id)|deployment\.(id|timestamp|version)',
        '|container\.(id|name)|host\.(id|name|ip|mac)',
        '|k8s\.(pod\.(name|uid|ip|start_time)|node\.(name|uid)|replicaset\.(name|uid))',
        '|k8s\.container\.restart_count',
        '|process\.(pid|parent_pid|creation\.time)|faas\.instance|aws\.ecs\.task\.(arn|id)'
    ))
    UNION ALL
    SELECT side, instance_id, scope_name, coalesce(scope_version, ''), 'instrumentation'
    FROM used WHERE scope_name IS NOT NULL
), sides AS (
    SELECT kind, name, side,
        list_sort(list(DISTINCT value)) AS found,
        -- As many values as instances: each has its own, unless on the other side they share one.
        count(DISTINCT value) > 1 AND count(DISTINCT value) >= count(DISTINCT instance_id)
            AS by_instance,
        count(DISTINCT value) < count(DISTINCT instance_id) AS shared
    FROM facts
    GROUP BY kind, name, side
), pairs AS (
    SELECT kind, name,
        any_value(found) FILTER (side = 'baseline') AS old,
        any_value(found) FILTER (side = 'candidate') AS new,
        bool_or(by_instance) AND NOT bool_or(shared) AS by_instance
    FROM sides
    GROUP BY kind, name
)
SELECT
    p.kind,
    p.name,
    CASE WHEN p.old IS NULL THEN 'added' WHEN p.new IS NULL THEN 'removed' ELSE 'changed' END
        AS change,
    array_to_string(list_slice(p.old, 1, 5), ', ') AS baseline_values,
    array_to_string(list_slice(p.new, 1, 5), ', ') AS candidate_values,
    coalesce(len(p.old), 0) AS baseline_values_count,
    coalesce(len(p.new), 0) AS candidate_values_count,
    c.*
FROM pairs AS p
CROSS JOIN comparison(
    $service_name, $service_version, $environment_name, $deployment_id,
    $baseline_version, $since, $until) AS c
WHERE c.baseline_kind IS NOT NULL AND NOT p.by_instance AND p.old IS DISTINCT FROM p.new
ORDER BY
    array_position(['commit', 'image', 'runtime', 'sdk', 'instrumentation', 'resource'], p.kind),
    p.name;
