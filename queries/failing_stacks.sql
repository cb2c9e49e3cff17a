-- Stack traces of a deployment, one for each of its exceptions.
-- Of each strict fingerprint the latest text, with the number of traces that show the exception;
-- the most frequent first. Exceptions without a stack trace are left out.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: any
-- param deployment_id VARCHAR = NULL: roll-out; NULL: any
-- param since TIMESTAMP = NULL: only recorded at or after this moment, UTC; NULL: any
-- param until TIMESTAMP = NULL: only recorded before this moment, UTC; NULL: any
-- param rows_max BIGINT = 100: exceptions to return
-- column fingerprint VARCHAR: strict key
-- column exception_type VARCHAR: exception.type
-- column exception_stacktrace VARCHAR: stack trace of the latest sighting
-- column sdk_language VARCHAR: telemetry.sdk.language
-- column sightings BIGINT: times it was recorded
-- column traces BIGINT: distinct traces with a sighting; each one outside a trace counts too
SELECT
    fingerprint,
    arg_max(exception_type, order_key) AS exception_type,
    arg_max(exception_stacktrace, order_key) AS exception_stacktrace,
    arg_max(sdk_language, order_key) AS sdk_language,
    count(*) AS sightings,
    count(DISTINCT trace_key) + count(*) FILTER (trace_key IS NULL) AS traces
FROM (
    SELECT *, {'time': epoch_ns(time), 'trace': trace_id, 'span': span_id} AS order_key
    FROM exceptions
    WHERE service_name = $service_name
        AND coalesce(service_version, '') = $service_version
        AND ($environment_name IS NULL OR environment_name = $environment_name)
        AND ($deployment_id IS NULL OR deployment_id = $deployment_id)
        AND ($since IS NULL OR time >= $since::TIMESTAMP_NS)
        AND ($until IS NULL OR time < $until::TIMESTAMP_NS)
        AND exception_stacktrace IS NOT NULL
)
GROUP BY fingerprint
ORDER BY traces DESC, sightings DESC, fingerprint
LIMIT $rows_max;
