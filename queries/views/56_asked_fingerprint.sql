-- The fingerprint somebody means: a strict or a loose key, whole or its beginning.
-- A beginning is 6 hexadecimal digits or more. No row when no stored or deleted exception has it;
-- an error that names them when several have.
-- param asked_fingerprint VARCHAR: what was written
-- column fingerprint VARCHAR: the whole key
CREATE OR REPLACE MACRO asked_fingerprint(asked_fingerprint) AS TABLE
WITH named AS (
    SELECT fingerprint AS key FROM store.exceptions
    UNION ALL SELECT fingerprint_loose FROM store.exceptions
    UNION ALL SELECT fingerprint FROM store.exception_history
    UNION ALL SELECT fingerprint_loose FROM store.exception_history
), meant AS (
    SELECT DISTINCT key
    FROM named
    WHERE key = asked_fingerprint OR (
        regexp_full_match(asked_fingerprint, '[0-9A-Fa-f]{6,}')
        AND starts_with(key, lower(asked_fingerprint)))
)
SELECT CASE
    WHEN bool_or(key = asked_fingerprint) THEN asked_fingerprint
    WHEN count(*) > 1 THEN error(
        'Fingerprint ' || asked_fingerprint || ' is the beginning of ' || count(*) || ': '
        || list_aggregate(list_sort(list(key))[:5], 'string_agg', ', ')
        || CASE WHEN count(*) > 5 THEN ', ...' ELSE '' END || '. Write more of its digits.')
    ELSE min(key)
END AS fingerprint
FROM meant
HAVING count(*) > 0;
