-- Exceptions that somebody called resolved: the latest word on each fingerprint and service.
-- column fingerprint VARCHAR: strict or loose key
-- column service_name VARCHAR: service it is about; NULL: every one
-- column in_version VARCHAR: version it is resolved from; NULL: from then on
-- column note VARCHAR: what was said
-- column withdrawn BOOLEAN: taken back: it counts no more
-- column decided_at TIMESTAMP_NS: when, UTC
-- column exception_type VARCHAR: exception.type of an example
-- column exception_message VARCHAR: its message
-- column exception_stacktrace VARCHAR: its stack trace
-- column sdk_language VARCHAR: its telemetry.sdk.language
CREATE OR REPLACE VIEW resolutions AS
SELECT
    fingerprint, service_name, in_version, note, withdrawn,
    moment(decided_at_unix_nano) AS decided_at,
    exception_type, exception_message, exception_stacktrace, sdk_language
FROM store.resolutions
QUALIFY row_number() OVER (
    PARTITION BY fingerprint, service_name ORDER BY decided_at_unix_nano DESC, rowid DESC
) = 1;
