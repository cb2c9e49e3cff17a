-- Failing database calls by code: a missing column, a lock, a lost connection, too many of them.
-- The code is db.response.status_code, else an SQLSTATE or ORA code in error.type, in the exception
-- recorded on the call, or in its status. Classes are those of the SQL standard and PostgreSQL,
-- appendix A. Largest rise first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column db_system VARCHAR: db.system.name
-- column code VARCHAR: SQLSTATE or the vendor's code; NULL when none was sent
-- column code_class VARCHAR: first two characters of an SQLSTATE; NULL for other codes
-- column meaning VARCHAR: what the class is about
-- column exception_type VARCHAR: of the exception on the call, else error.type
-- column operation VARCHAR: operation and collection of the latest, else its span name
-- column candidate_failures BIGINT: failing calls of the candidate
-- column candidate_rate DOUBLE: of its calls to that system, 0 to 1, weighted
-- column baseline_failures BIGINT: failing calls of the baseline; NULL without a baseline
-- column baseline_rate DOUBLE: of its calls to that system, weighted
-- column difference DOUBLE: candidate's rate minus the baseline's
-- column first_seen TIMESTAMP_NS: start of the candidate's first
-- column message VARCHAR: message of the latest exception, else its status message
-- column example_trace_id VARCHAR: the candidate's latest failing call, else the baseline's
-- column service_namespace VARCHAR: namespace of the candidate
-- column environment_name VARCHAR: environment both were compared in
-- column deployment_id VARCHAR: roll-out of the candidate
-- column candidate_first_seen TIMESTAMP_NS: first traffic of the candidate
-- column candidate_from TIMESTAMP_NS: start of the candidate's window
-- column candidate_until TIMESTAMP_NS: end of the candidate's window, not included
-- column baseline_version VARCHAR: version compared with; without a kind, one that was deleted
-- column baseline_kind VARCHAR: concurrent, before or named; NULL without a baseline
-- column baseline_from TIMESTAMP_NS: start of the baseline's window
-- column baseline_until TIMESTAMP_NS: end of the baseline's window, not included
WITH the_comparison AS MATERIALIZED (
    FROM comparison(
        $service_name, $service_version, $environment_name, $deployment_id,
        $baseline_version, $since, $until)
), compared AS MATERIALIZED (
    SELECT side, trace_key, span_key, start_time, failure, weight, db_system, db_status_code,
        error_type, status_message,
        coalesce(db_operation || ' ' || db_collection, span_name) AS operation
    FROM sided_spans($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    WHERE db_system IS NOT NULL AND span_kind IN ('CLIENT', 'PRODUCER', 'INTERNAL')
), totals AS (
    SELECT db_system,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight
    FROM compared GROUP BY db_system
), recorded AS (
    SELECT trace_key, span_key, arg_max(exception_type, time) AS type,
        arg_max(exception_message, time) AS message
    FROM exceptions SEMI JOIN (FROM compared WHERE failure) USING (trace_key, span_key)
    WHERE exception_source <> 'status' AND ($until IS NULL OR time < $until::TIMESTAMP_NS)
    GROUP BY trace_key, span_key
), coded AS (
    SELECT k.*, coalesce(e.type, k.error_type) AS exception_type,
        coalesce(e.message, k.status_message) AS message,
        coalesce(k.db_status_code,
            CASE WHEN regexp_full_match(k.error_type, '[0-9][0-9A-Z]{4}|ORA-\d+')
                THEN k.error_type END,
            -- SQLSTATE 42703, SQLSTATE[42S02], ORA-00904
            nullif(regexp_extract(concat_ws(' ', e.message, k.status_message),
                'SQLSTATE\W{1,3}([0-9A-Z]{5})', 1), ''),
            nullif(regexp_extract(concat_ws(' ', e.message, k.status_message),
                'ORA-\d{4,5}'), '')) AS code
    FROM compared AS k
    LEFT JOIN recorded AS e ON e.trace_key = k.trace_key AND e.span_key = k.span_key
    WHERE k.failure
), codes AS (
    SELECT db_system, code, exception_type,
        CASE WHEN regexp_full_match(code, '[0-9A-Z]{5}') THEN left(code, 2) END AS code_class,
        arg_max(operation, (side, start_time, span_key)) AS operation,
        count(*) FILTER (side = 'candidate') AS candidate_failures,
        sum(weight) FILTER (side = 'candidate') AS candidate_weight,
        count(*) FILTER (side = 'baseline') AS baseline_failures,
        sum(weight) FILTER (side = 'baseline') AS baseline_weight,
        min(start_time) FILTER (side = 'candidate') AS first_seen,
        arg_max(message, (side, start_time, span_key)) AS message,
        arg_max(trace_key, (side, start_time, span_key)) AS example_trace_key
    FROM coded
    GROUP BY db_system, code, exception_type
)
SELECT e.db_system, e.code, e.code_class,
    CASE e.code_class
        WHEN '08' THEN 'connection' WHEN '22' THEN 'data' WHEN '23' THEN 'constraint'
        WHEN '25' THEN 'transaction state' WHEN '28' THEN 'authorization'
        WHEN '3D' THEN 'database or catalog' WHEN '3F' THEN 'schema'
        WHEN '40' THEN 'rollback or deadlock' WHEN '42' THEN 'syntax, schema or privilege'
        WHEN '53' THEN 'resources' WHEN '54' THEN 'limit' WHEN '55' THEN 'state or lock'
        WHEN '57' THEN 'operator, timeout or shutdown' WHEN '58' THEN 'system'
        WHEN 'XX' THEN 'system' END AS meaning,
    e.exception_type, e.operation, e.candidate_failures,
    share(e.candidate_weight, t.candidate_weight) AS candidate_rate,
    CASE WHEN c.baseline_kind IS NOT NULL THEN e.baseline_failures END AS baseline_failures,
    share(e.baseline_weight, t.baseline_weight) AS baseline_rate,
    candidate_rate - baseline_rate AS difference,
    e.first_seen, e.message, trace_hex(e.example_trace_key) AS example_trace_id,
    c.*
FROM codes AS e JOIN totals AS t ON t.db_system = e.db_system
CROSS JOIN the_comparison AS c
ORDER BY coalesce(difference, candidate_rate) DESC NULLS LAST, e.candidate_failures DESC,
    e.db_system, e.code, e.exception_type;
