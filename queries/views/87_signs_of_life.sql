-- What each deployment showed of itself up to a moment, and when it was marked.
-- A mark belongs to every deployment that it does not contradict; of one that sent nothing there is
-- a row too. Spans that claim to start after they were received are left out.
-- param asked_until TIMESTAMP: nothing at or after this moment is read; NULL reads all
-- column service_namespace VARCHAR: service.namespace
-- column service_name VARCHAR: service.name
-- column service_version VARCHAR: version; NULL when unknown
-- column environment_name VARCHAR: deployment.environment.name; NULL when unknown, or of a mark
-- column deployment_id VARCHAR: deployment.id
-- column marked_at TIMESTAMP_NS: time of the latest mark; NULL without one
-- column first_sign TIMESTAMP_NS: first span, exception or log record; NULL when it sent nothing
-- column last_sign TIMESTAMP_NS: the last
-- column first_request TIMESTAMP_NS: first request that it answered; NULL when none
-- column last_request TIMESTAMP_NS: the last
-- column requests BIGINT: requests answered
-- column exceptions BIGINT: exceptions recorded
-- column log_records BIGINT: log records
CREATE OR REPLACE MACRO signs_of_life(asked_until) AS TABLE
WITH signs AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        moment(start_time_unix_nano) AS time,
        CASE WHEN span_kind IN ('SERVER', 'CONSUMER') THEN 'request' END AS kind
    FROM store.spans
    WHERE believable(start_time_unix_nano, received_at_unix_nano)
    UNION ALL
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        moment(time_unix_nano), 'exception'
    FROM store.exceptions
    WHERE exception_source <> 'status'
    UNION ALL
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        time, 'log_record'
    FROM log_records
), seen AS (
    SELECT service_namespace, service_name, service_version, environment_name, deployment_id,
        min(time) AS first_sign,
        max(time) AS last_sign,
        min(time) FILTER (kind = 'request') AS first_request,
        max(time) FILTER (kind = 'request') AS last_request,
        count(*) FILTER (kind = 'request') AS requests,
        count(*) FILTER (kind = 'exception') AS exceptions,
        count(*) FILTER (kind = 'log_record') AS log_records
    FROM signs
    WHERE time < coalesce(asked_until::TIMESTAMP_NS, 'infinity'::TIMESTAMP_NS)
    GROUP BY service_namespace, service_name, service_version, environment_name, deployment_id
), marks AS (
    SELECT *, moment(marked_at_unix_nano) AS marked_at
    FROM store.deployment_marks
    WHERE moment(marked_at_unix_nano) < coalesce(asked_until::TIMESTAMP_NS,
        'infinity'::TIMESTAMP_NS)
)
SELECT
    coalesce(s.service_namespace, m.service_namespace) AS service_namespace,
    coalesce(s.service_name, m.service_name) AS service_name,
    coalesce(s.service_version, m.service_version) AS service_version,
    coalesce(s.environment_name, m.environment_name) AS environment_name,
    coalesce(s.deployment_id, m.deployment_id) AS deployment_id,
    max(m.marked_at) AS marked_at,
    any_value(s.first_sign) AS first_sign,
    any_value(s.last_sign) AS last_sign,
    any_value(s.first_request) AS first_request,
    any_value(s.last_request) AS last_request,
    coalesce(any_value(s.requests), 0) AS requests,
    coalesce(any_value(s.exceptions), 0) AS exceptions,
    coalesce(any_value(s.log_records), 0) AS log_records
FROM seen AS s
FULL JOIN marks AS m ON m.service_name = s.service_name AND m.service_version = s.service_version
    AND coalesce(m.service_namespace = s.service_namespace, m.service_namespace IS NULL)
    AND coalesce(m.environment_name = s.environment_name, m.environment_name IS NULL)
    AND coalesce(m.deployment_id = s.deployment_id, m.deployment_id IS NULL)
GROUP BY 1, 2, 3, 4, 5;
