-- Words every saved query is written in.
-- attr(attributes, key): one attribute as text; NULL when absent; the first of duplicate keys. By
--     JSON pointer (RFC 6901), where any key can be written: a path fails at '"' and expands '*'.
-- is_failure(outcome): it ended badly; a client's own mistake (client_error) is no failure.
-- weight(adjusted_count): spans it stands for; 1 when the sender did not say. In aggregates only.
-- share(part, whole): part of the whole; 0 when there is no part, NULL when there is no whole.
-- per_minute(n, since, until): a count as a rate; NULL for a window shorter than a minute.
-- p50, p95, p99(x): quantiles of the rows there are, interpolated, not weighted.
-- bucket(step, t): the start of the interval that holds t.
-- moment(unix_nano): stored nanoseconds as a time; NULL past the year 2200, a broken sender's.
-- moments_before(t): what stored nanoseconds are below that are a time before t; NULL: any time.
-- ended(start_unix_nano, duration_ns): their sum; the largest BIGINT when too large or unknown.
-- believable(unix_nano, received): not later than its receipt, but for five minutes of clock skew.
-- milliseconds(duration_ns): nanoseconds as milliseconds.
-- peer_is(peer, service): a call's peer is this service by name, also with port or domain.
-- trace_hex, span_hex(key): stored ids as OpenTelemetry writes them.
-- class_name(type): an exception's class without package and type parameters; '' for none.
-- same_message(event, log): of one exception on both signals. Equal; or one of 100 characters or
--     more begins the other, which a limit cut; or the log has the first argument of the exception
--     alone, as Python's logging handler sends it, and the event the text that Python makes of it.
-- with_message(text, message, place): a stack's text with its message back at this offset.

CREATE OR REPLACE MACRO attr(attributes, key) AS
    json_extract_string(attributes, '/' || replace(replace(key, '~', '~0'), '/', '~1'));
CREATE OR REPLACE MACRO is_failure(outcome) AS outcome IN ('server_error', 'timeout');
CREATE OR REPLACE MACRO weight(adjusted_count) AS coalesce(adjusted_count, 1.0::DOUBLE);
CREATE OR REPLACE MACRO share(part, whole) AS coalesce(part, 0)::DOUBLE / nullif(whole, 0);
CREATE OR REPLACE MACRO per_minute(n, since, until) AS
    CASE WHEN epoch_ns(until) - epoch_ns(since) >= 60_000_000_000
        THEN n * 60e9 / (epoch_ns(until) - epoch_ns(since)) END;
CREATE OR REPLACE MACRO p50(x) AS quantile_cont(x, 0.50);
CREATE OR REPLACE MACRO p95(x) AS quantile_cont(x, 0.95);
CREATE OR REPLACE MACRO p99(x) AS quantile_cont(x, 0.99);
CREATE OR REPLACE MACRO bucket(step, t) AS time_bucket(step, t)::TIMESTAMP_NS;
CREATE OR REPLACE MACRO moment(unix_nano) AS
    CASE WHEN unix_nano <= 7_258_118_400_000_000_000 THEN make_timestamp_ns(unix_nano) END;
CREATE OR REPLACE MACRO moments_before(t) AS
    coalesce(epoch_ns(t::TIMESTAMP), 7_258_118_400_000_000_001);
CREATE OR REPLACE MACRO ended(start_unix_nano, duration_ns) AS
    start_unix_nano + least(duration_ns, 9_223_372_036_854_775_807 - start_unix_nano);
CREATE OR REPLACE MACRO believable(unix_nano, received_unix_nano) AS
    coalesce(unix_nano <= received_unix_nano + 5 * 60_000_000_000, true);
CREATE OR REPLACE MACRO milliseconds(duration_ns) AS duration_ns / 1e6;
CREATE OR REPLACE MACRO peer_is(peer, service) AS
    peer = service OR starts_with(peer, service || ':') OR starts_with(peer, service || '.');
CREATE OR REPLACE MACRO trace_hex(key) AS replace(key::VARCHAR, '-', '');
CREATE OR REPLACE MACRO span_hex(key) AS format('{:016x}', key);
CREATE OR REPLACE MACRO class_name(type) AS
    regexp_extract(type, '([^.:\\/+$\[]*)(?:\[.*)?$', 1);
CREATE OR REPLACE MACRO same_message(event, log) AS
    event IS NOT DISTINCT FROM log
    OR length(event) >= 100 AND starts_with(log, event)
    OR length(log) >= 100 AND starts_with(event, log)
    OR event IN ('''' || log || '''', '"' || log || '"')
    OR starts_with(event, '(''' || log || ''',') OR starts_with(event, '[Errno ' || log || ']');
CREATE OR REPLACE MACRO with_message(text, message, place) AS
    CASE WHEN place IS NULL THEN text
        ELSE substring(text, 1, place) || coalesce(message, '') || substring(text, place + 1) END;
