-- Exceptions whose fingerprint starts like this.
-- One row per strict fingerprint, the one seen last first. Deleted sightings count.
-- param key_start VARCHAR = '': beginning of a strict or loose key, in lower case; '': every one
-- param rows_max BIGINT = 1000: groups to return
-- column exception_type VARCHAR: exception.type
-- column exception_message VARCHAR: message of the latest sighting
-- column top_frame VARCHAR: top in-app frame; of a failed span its endpoint, peer or name
-- column service_names VARCHAR[]: services that recorded it
-- column sightings BIGINT: times it was recorded
-- column first_seen TIMESTAMP_NS: first sighting, UTC
-- column last_seen TIMESTAMP_NS: last sighting
-- column fingerprint VARCHAR: strict key
-- column fingerprint_loose VARCHAR: loose key
-- column fingerprint_version INTEGER: version of the fingerprint algorithm
-- column exception_source VARCHAR: 'event', 'log' or 'status'; NULL: deleted, no example kept
WITH matching AS (
    SELECT
        fingerprint, fingerprint_loose, fingerprint_version, exception_type, exception_message,
        top_frame, exception_source, service_name, time AS first_seen, time AS last_seen,
        1 AS sightings
    FROM exceptions
    WHERE starts_with(fingerprint, $key_start) OR starts_with(fingerprint_loose, $key_start)
    UNION ALL
    SELECT
        fingerprint, fingerprint_loose, fingerprint_version, exception_type, exception_message,
        top_frame, exception_source, service_name, first_seen, last_seen, sightings
    FROM deleted_exceptions
    WHERE starts_with(fingerprint, $key_start) OR starts_with(fingerprint_loose, $key_start)
), groups AS (
    SELECT
        fingerprint,
        arg_max(struct_pack(
            exception_type, exception_message, top_frame, fingerprint_loose, fingerprint_version,
            exception_source), coalesce(epoch_ns(last_seen), 0)) AS latest,
        list_sort(list(DISTINCT service_name)) AS service_names,
        sum(sightings)::BIGINT AS sightings,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM matching
    GROUP BY fingerprint
)
SELECT
    latest.exception_type, latest.exception_message, latest.top_frame,
    service_names, sightings, first_seen, last_seen,
    fingerprint, latest.fingerprint_loose, latest.fingerprint_version, latest.exception_source
FROM groups
ORDER BY last_seen DESC NULLS LAST, fingerprint
LIMIT $rows_max;
