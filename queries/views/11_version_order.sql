-- Which of two versions comes later, by their numbers.
-- version_order(version): a text that sorts as versions do, by precedence of semver.org 2.0.0,
--     item 11: numbers as numbers; a pre-release before its release, its identifiers one by one,
--     numbers before words, the shorter list first. Build metadata counts for nothing. Also taken,
--     because versions are written so: a leading v, two or four numbers (those not written are 0),
--     zeros in front. NULL for anything else (a commit, a name): such a version has no order.

CREATE OR REPLACE MACRO version_number(digits) AS
    format('{:04d}', length(ltrim(digits, '0'))) || ltrim(digits, '0');
CREATE OR REPLACE MACRO version_order(version) AS
    CASE WHEN length(version) <= 250 AND regexp_full_match(version,
        '[vV]?\d+(\.\d+){1,3}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?')
    THEN
        array_to_string(list_transform(
            list_resize(string_split(regexp_extract(version, '[0-9.]+'), '.'), 4, '0'),
            lambda digits: version_number(digits)), '')
        || CASE WHEN contains(split_part(version, '+', 1), '-')
            -- A space ends an identifier: it sorts before all that one can hold, and '~' after.
            THEN '-' || array_to_string(list_transform(
                string_split(regexp_extract(split_part(version, '+', 1), '-(.*)', 1), '.'),
                lambda part: CASE WHEN regexp_full_match(part, '\d+')
                    THEN '0' || version_number(part) ELSE '1' || part END || ' '), '')
            ELSE '~' END
    END;
