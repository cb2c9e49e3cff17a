-- What a deletion does, one statement each, all in one transaction: everything up to request $last
-- is added to the histories, then removed. Times past the year 2200 are left out, as in the views.

MERGE INTO store.deployment_history AS h USING (
    WITH signs AS (
        SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
            version_source, start_time_unix_nano AS time_unix_nano,
            true AS span,
            span_kind IN ('SERVER', 'CONSUMER') AS request,
            span_kind IN ('SERVER', 'CONSUMER') AND outcome IN ('server_error', 'timeout')
                AS failure,
            coalesce(adjusted_count, 1.0) AS weight
        FROM store.spans
        WHERE request_id <= $last
        UNION ALL
        SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
            version_source, time_unix_nano, false, false, false, 0.0
        FROM store.exceptions
        WHERE request_id <= $last
    ), seen AS (
        SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
            min(version_source) AS version_source,
            min(time_unix_nano) FILTER (time_unix_nano <= 7_258_118_400_000_000_000) AS first_seen,
            max(time_unix_nano) FILTER (time_unix_nano <= 7_258_118_400_000_000_000) AS last_seen,
            count(*) FILTER (span) AS spans,
            count(*) FILTER (request) AS requests,
            count(*) FILTER (failure) AS failures,
            coalesce(sum(weight) FILTER (request), 0) AS request_weight,
            coalesce(sum(weight) FILTER (failure), 0) AS failure_weight
        FROM signs
        GROUP BY ALL
    ), commits AS (
        SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
            arg_max(vcs_revision, received_at_unix_nano) AS vcs_revision
        FROM store.resources
        WHERE vcs_revision IS NOT NULL
        GROUP BY ALL
    )
    SELECT s.*, c.vcs_revision
    FROM seen AS s
    LEFT JOIN commits AS c
        ON c.service_name = s.service_name
        AND c.service_namespace IS NOT DISTINCT FROM s.service_namespace
        AND c.service_version IS NOT DISTINCT FROM s.service_version
        AND c.environment_name IS NOT DISTINCT FROM s.environment_name
        AND c.deployment_id IS NOT DISTINCT FROM s.deployment_id
) AS n
ON h.service_name = n.service_name
    AND h.service_namespace IS NOT DISTINCT FROM n.service_namespace
    AND h.service_version IS NOT DISTINCT FROM n.service_version
    AND h.environment_name IS NOT DISTINCT FROM n.environment_name
    AND h.deployment_id IS NOT DISTINCT FROM n.deployment_id
WHEN MATCHED THEN UPDATE SET
    version_source = least(h.version_source, n.version_source),
    vcs_revision = coalesce(n.vcs_revision, h.vcs_revision),
    first_seen_unix_nano = least(h.first_seen_unix_nano, n.first_seen),
    last_seen_unix_nano = greatest(h.last_seen_unix_nano, n.last_seen),
    spans = h.spans + n.spans,
    requests = h.requests + n.requests,
    failures = h.failures + n.failures,
    request_weight = h.request_weight + n.request_weight,
    failure_weight = h.failure_weight + n.failure_weight
WHEN NOT MATCHED THEN INSERT VALUES (
    n.service_namespace, n.service_name, n.service_version, n.environment_name, n.deployment_id,
    n.version_source, n.vcs_revision, n.first_seen, n.last_seen,
    n.spans, n.requests, n.failures, n.request_weight, n.failure_weight);

-- An exception that came on both signals is counted once, by the rule of the view `exceptions`, when
-- both are deleted together. The first example that a history has stays.
MERGE INTO store.exception_history AS h USING (
    WITH leaving AS (
        SELECT *, rowid AS place,
            regexp_extract(exception_type, '([^.:\\/+$\[]*)(?:\[.*)?$', 1) AS class_name
        FROM store.exceptions
        WHERE request_id <= $last
    ), copies AS (
        SELECT log.place
        FROM leaving AS log
        JOIN leaving AS event
            ON event.service_name = log.service_name
            AND event.trace_id = log.trace_id
            AND event.span_id = log.span_id
            AND event.class_name IS NOT DISTINCT FROM log.class_name
            AND (event.exception_message IS NOT DISTINCT FROM log.exception_message
                OR length(event.exception_message) >= 100
                    AND starts_with(log.exception_message, event.exception_message)
                OR length(log.exception_message) >= 100
                    AND starts_with(event.exception_message, log.exception_message)
                OR event.exception_message IN (
                    '''' || log.exception_message || '''', '"' || log.exception_message || '"')
                OR starts_with(event.exception_message, '(''' || log.exception_message || ''',')
                OR starts_with(event.exception_message, '[Errno ' || log.exception_message || ']'))
        WHERE log.exception_source = 'log' AND event.exception_source = 'event'
        UNION ALL
        SELECT span.place
        FROM leaving AS span
        JOIN leaving AS log
            ON log.service_name = span.service_name
            AND log.trace_id = span.trace_id
            AND log.span_id = span.span_id
        WHERE span.exception_source = 'status' AND log.exception_source = 'log'
    ), counted AS (
        SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
            fingerprint,
            arg_max(fingerprint_loose, fingerprint_version) AS fingerprint_loose,
            max(fingerprint_version) AS fingerprint_version,
            arg_max(exception_type, time_unix_nano) AS exception_type,
            arg_max(top_frame, time_unix_nano) AS top_frame,
            min(time_unix_nano) FILTER (time_unix_nano <= 7_258_118_400_000_000_000) AS first_seen,
            max(time_unix_nano) FILTER (time_unix_nano <= 7_258_118_400_000_000_000) AS last_seen,
            count(*) AS sightings,
            arg_max(place, time_unix_nano) AS example
        FROM leaving
        WHERE place NOT IN (SELECT place FROM copies)
        GROUP BY service_namespace, service_name, service_version, environment_name, deployment_id,
            fingerprint
    )
    SELECT c.*, e.exception_message, e.sdk_language, e.exception_source,
        CASE WHEN e.message_at IS NULL THEN t.stacktrace
            ELSE substring(t.stacktrace, 1, e.message_at) || coalesce(e.exception_message, '')
                || substring(t.stacktrace, e.message_at + 1) END AS exception_stacktrace
    FROM counted AS c
    JOIN leaving AS e ON e.place = c.example
    LEFT JOIN store.stacktraces AS t ON t.stacktrace_id = e.stacktrace_id
) AS n
ON h.service_name = n.service_name
    AND h.fingerprint = n.fingerprint
    AND h.service_namespace IS NOT DISTINCT FROM n.service_namespace
    AND h.service_version IS NOT DISTINCT FROM n.service_version
    AND h.environment_name IS NOT DISTINCT FROM n.environment_name
    AND h.deployment_id IS NOT DISTINCT FROM n.deployment_id
WHEN MATCHED THEN UPDATE SET
    first_seen_unix_nano = least(h.first_seen_unix_nano, n.first_seen),
    last_seen_unix_nano = greatest(h.last_seen_unix_nano, n.last_seen),
    sightings = h.sightings + n.sightings
WHEN NOT MATCHED THEN INSERT VALUES (
    n.service_namespace, n.service_name, n.service_version, n.environment_name, n.deployment_id,
    n.fingerprint, n.fingerprint_loose, n.fingerprint_version, n.exception_type, n.top_frame,
    n.first_seen, n.last_seen, n.sightings,
    n.exception_message, n.exception_stacktrace, n.sdk_language, n.exception_source);

-- Histories are bounded: of too many rows, those last seen longest ago go.
DELETE FROM store.deployment_history WHERE rowid IN (
    SELECT rowid FROM store.deployment_history
    ORDER BY last_seen_unix_nano DESC NULLS LAST OFFSET 100_000);

DELETE FROM store.exception_history WHERE rowid IN (
    SELECT rowid FROM store.exception_history
    ORDER BY last_seen_unix_nano DESC NULLS LAST OFFSET 500_000);

UPDATE store.retention_edge SET
    last_request_id = $last,
    received_at_unix_nano =
        (SELECT received_at_unix_nano FROM store.export_requests WHERE request_id = $last),
    deleted_at_unix_nano = $now,
    spans = spans + (SELECT count(*) FROM store.spans WHERE request_id <= $last),
    exceptions = exceptions + (SELECT count(*) FROM store.exceptions WHERE request_id <= $last),
    log_records = log_records + (SELECT count(*) FROM store.log_records WHERE request_id <= $last);

DELETE FROM store.spans WHERE request_id <= $last;

DELETE FROM store.exceptions WHERE request_id <= $last;

DELETE FROM store.log_records WHERE request_id <= $last;
