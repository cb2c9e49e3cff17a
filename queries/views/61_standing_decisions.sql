-- What people had decided about exceptions of a service by a moment, and not taken back.
-- Of each fingerprint and service the latest word counts. A silence that is over is left out.
-- param asked_service VARCHAR: service name
-- param asked_until TIMESTAMP: the moment; NULL: now
-- column kind VARCHAR: 'resolution' or 'silence'
-- column fingerprint VARCHAR: strict or loose key
-- column in_version VARCHAR: version it is resolved from; NULL: from then on
-- column decided_at TIMESTAMP_NS: when
CREATE OR REPLACE MACRO standing_decisions(asked_service, asked_until) AS TABLE
WITH moments AS (
    SELECT
        coalesce(epoch_ns(asked_until::TIMESTAMP), 9_223_372_036_854_775_807) AS unix_nano,
        coalesce(epoch_ns(asked_until::TIMESTAMP), epoch_ns(now())) AS silence_unix_nano
), decisions AS (
    SELECT 'resolution' AS kind, fingerprint, service_name, in_version, withdrawn,
        decided_at_unix_nano, NULL AS until_unix_nano, rowid AS place
    FROM store.resolutions
    UNION ALL
    SELECT 'silence', fingerprint, service_name, NULL, withdrawn,
        decided_at_unix_nano, until_unix_nano, rowid
    FROM store.silences
), latest AS (
    SELECT d.*, m.silence_unix_nano
    FROM decisions AS d CROSS JOIN moments AS m
    WHERE d.decided_at_unix_nano < m.unix_nano
        AND coalesce(d.service_name = asked_service, true)
    QUALIFY row_number() OVER (
        PARTITION BY d.kind, d.fingerprint, d.service_name
        ORDER BY d.decided_at_unix_nano DESC, d.place DESC
    ) = 1
)
SELECT kind, fingerprint, in_version, moment(decided_at_unix_nano) AS decided_at
FROM latest
WHERE NOT withdrawn AND coalesce(until_unix_nano > silence_unix_nano, true);
