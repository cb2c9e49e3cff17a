-- Words of the queries over an explicit window: what starts at `since` or later, before `until`.
-- A window is compared with the stored nanoseconds as they are, so that what is stored outside it
-- is not read. An unknown bound holds nothing.
-- within(unix_nano, since, until): it lies in the window.
-- reachable(unix_nano, since, until): or up to 10 minutes before it, as the parents of its spans.
-- asked(asked, value): it is what was asked for; all is, when NULL was.
-- minute_of(unix_nano): minutes since 1970, UTC.
-- ended_believably(start_unix_nano, duration_ns, received): it ended no later than its receipt.

CREATE OR REPLACE MACRO within(unix_nano, asked_since, asked_until) AS
    unix_nano >= epoch_ns(asked_since::TIMESTAMP) AND unix_nano < epoch_ns(asked_until::TIMESTAMP);
CREATE OR REPLACE MACRO reachable(unix_nano, asked_since, asked_until) AS
    unix_nano >= epoch_ns(asked_since::TIMESTAMP) - 10 * 60_000_000_000
    AND unix_nano < epoch_ns(asked_until::TIMESTAMP);
CREATE OR REPLACE MACRO asked(asked, value) AS asked IS NULL OR value = asked;
CREATE OR REPLACE MACRO minute_of(unix_nano) AS unix_nano // 60_000_000_000;
CREATE OR REPLACE MACRO ended_believably(start_unix_nano, duration_ns, received_unix_nano) AS
    believable(ended(start_unix_nano, coalesce(duration_ns, 0)), received_unix_nano);
