-- What people decided about exceptions: resolutions and silences, the latest word on each.
-- A decision is about a strict or a loose fingerprint, in one service or in every one. The latest
-- first.
-- param kind VARCHAR = NULL: 'resolution' or 'silence'; NULL: both
-- param service_name VARCHAR = NULL: only those that count for this service; NULL: all
-- param withdrawn BOOLEAN = false: also list those that were taken back, and silences that are over
-- column kind VARCHAR: 'resolution' or 'silence'
-- column fingerprint VARCHAR: strict or loose key
-- column service_name VARCHAR: service it is about; NULL: every one
-- column in_version VARCHAR: of a resolution: version it is resolved from; NULL: from then on
-- column until TIMESTAMP_NS: of a silence: when it ends, UTC; NULL: never
-- column active BOOLEAN: it counts: not taken back, and not over
-- column withdrawn BOOLEAN: it was taken back
-- column note VARCHAR: what was said
-- column decided_at TIMESTAMP_NS: when, UTC
-- column exception_type VARCHAR: exception.type of an example
-- column exception_message VARCHAR: its message
WITH decisions AS (
    SELECT 'resolution' AS kind, fingerprint, service_name, in_version, NULL::TIMESTAMP_NS AS until,
        withdrawn, note, decided_at, exception_type, exception_message
    FROM resolutions
    UNION ALL
    SELECT 'silence', fingerprint, service_name, NULL, until,
        withdrawn, note, decided_at, exception_type, exception_message
    FROM silences
), judged AS (
    SELECT *,
        NOT withdrawn AND coalesce(epoch_ns(until) > epoch_ns(now()), true) AS active
    FROM decisions
)
SELECT kind, fingerprint, service_name, in_version, until, active, withdrawn, note, decided_at,
    exception_type, exception_message
FROM judged
WHERE coalesce(kind = $kind, true)
    AND ($service_name IS NULL OR coalesce(service_name = $service_name, true))
    AND (active OR $withdrawn)
ORDER BY decided_at DESC, kind, fingerprint, service_name;
