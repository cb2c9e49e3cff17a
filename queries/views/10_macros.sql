-- Words every saved query is written in.
-- attr(attributes, key): one attribute as text; NULL when absent; the first of duplicate keys.
-- is_failure(outcome): it ended badly; a client's own mistake (client_error) is no failure.
-- weight(adjusted_count): spans it stands for; 1 when the sender did not say. In aggregates only.
-- share(part, whole): part of the whole; 0 when there is no part, NULL when there is no whole.
-- per_minute(n, since, until): a count as a rate over a window; NULL when the window is empty.
-- p50, p95, p99(x): quantiles of the rows there are, interpolated, not weighted.
-- bucket(step, t): the start of the interval that holds t.
-- milliseconds(duration_ns): nanoseconds as milliseconds.
-- peer_is(peer, service): a call's peer is this service by name, also with port or domain.
-- trace_hex, span_hex(key): stored ids as OpenTelemetry writes them.

CREATE OR REPLACE MACRO attr(attributes, key) AS
    json_extract_string(attributes, '$."' || key || '"');
CREATE OR REPLACE MACRO is_failure(outcome) AS outcome IN ('server_error', 'timeout');
CREATE OR REPLACE MACRO weight(adjusted_count) AS coalesce(adjusted_count, 1.0::DOUBLE);
CREATE OR REPLACE MACRO share(part, whole) AS coalesce(part, 0)::DOUBLE / nullif(whole, 0);
CREATE OR REPLACE MACRO per_minute(n, since, until) AS
    n * 60e9 / nullif(epoch_ns(until) - epoch_ns(since), 0);
CREATE OR REPLACE MACRO p50(x) AS quantile_cont(x, 0.50);
CREATE OR REPLACE MACRO p95(x) AS quantile_cont(x, 0.95);
CREATE OR REPLACE MACRO p99(x) AS quantile_cont(x, 0.99);
CREATE OR REPLACE MACRO bucket(step, t) AS time_bucket(step, t)::TIMESTAMP_NS;
CREATE OR REPLACE MACRO milliseconds(duration_ns) AS duration_ns / 1e6;
CREATE OR REPLACE MACRO peer_is(peer, service) AS
    peer = service OR starts_with(peer, service || ':') OR starts_with(peer, service || '.');
CREATE OR REPLACE MACRO trace_hex(key) AS replace(key::VARCHAR, '-', '');
CREATE OR REPLACE MACRO span_hex(key) AS format('{:016x}', key);
