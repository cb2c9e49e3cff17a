-- The last time of anything stored, up to a moment; what claims to have happened after it was
-- received does not count. Nearly always it lies within an hour of the last receipt, or of the
-- moment: only this hour is read then.
-- param asked_until TIMESTAMP: nothing that starts at or after this moment is read; NULL reads all
-- column last_seen TIMESTAMP_NS: start of the last span, or time of the last exception; or NULL
CREATE OR REPLACE MACRO last_stored(asked_until) AS TABLE
WITH edge AS MATERIALIZED (
    -- No believable time is later than this: answered from the statistics of the table.
    SELECT least(moments_before(asked_until), received + 5 * 60_000_000_000 + 1) AS unix_nano
    FROM (
        SELECT least(max(received_at_unix_nano), moments_before(NULL)) AS received
        FROM store.spans
    )
), lately AS MATERIALIZED (
    SELECT max(start_time_unix_nano) AS unix_nano
    FROM store.spans
    WHERE believable(start_time_unix_nano, received_at_unix_nano)
        AND start_time_unix_nano >= (SELECT unix_nano - 60 * 60_000_000_000 FROM edge)
        AND start_time_unix_nano < (SELECT unix_nano FROM edge)
)
SELECT moment(max(time_unix_nano)) AS last_seen FROM (
    SELECT unix_nano AS time_unix_nano FROM lately
    UNION ALL
    SELECT max(start_time_unix_nano) FROM store.spans
    WHERE (SELECT unix_nano IS NULL FROM lately)
        AND believable(start_time_unix_nano, received_at_unix_nano)
        AND start_time_unix_nano < moments_before(asked_until)
    UNION ALL
    SELECT max(time_unix_nano)
    FROM store.exceptions LEFT JOIN store.export_requests USING (request_id)
    WHERE exception_source <> 'status' AND believable(time_unix_nano, received_at_unix_nano)
        AND time_unix_nano < moments_before(asked_until)
);
