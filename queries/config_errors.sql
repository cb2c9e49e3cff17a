-- Exceptions that missing or wrong configuration raises, and on how many instances.
-- A short list of what runtimes and libraries say when an environment variable, a setting or an
-- address is not there. On all instances from the first request: the release lacks it. On some: it
-- was not applied everywhere. Most of the candidate's traces first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- column setting VARCHAR: name of what is missing, where the message tells it
-- column exception_type VARCHAR: exception.type
-- column message VARCHAR: exception.message of the latest
-- column fingerprint VARCHAR: strict key
-- column top_frame VARCHAR: top in-app frame
-- column candidate_traces BIGINT: traces of the candidate with it
-- column candidate_instances BIGINT: instances of the candidate with it; NULL when none is sent
-- column candidate_instances_all BIGINT: all its instances; NULL when none is sent
-- column baseline_traces BIGINT: traces of the baseline with it; NULL without a baseline
-- column first_seen TIMESTAMP_NS: the candidate's first
-- column seconds_after DOUBLE: from the candidate's first traffic to its first
-- column example_trace_id VARCHAR: the candidate's latest such trace, else the baseline's
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
), patterns AS (
    -- Of each: type (whole, without package), message (anywhere), the setting's name within it.
    SELECT * FROM (VALUES
        ('KeyError', '^(key not found: )?[''"]?([A-Z0-9]+(_[A-Z0-9]+)+|[A-Z]{4,})[''"]?$',
            '([A-Z0-9_]{4,})'),
        ('ImproperlyConfigured|.*Config(uration)?(Error|Exception)|OptionsValidationException',
            '.', '\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b'),
        ('.*', '[Ee]nvironment variable', '\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b'),
        ('.*', 'Could not resolve placeholder', 'placeholder ''([^'']+)'''),
        ('.*', 'required key \S+ missing', 'required key (\S+)'),
        ('ValidationError', 'for \w*(Settings|Config)\w*\n(.|\n)*Field required',
            '\n(\S+)\n'),
        ('.*', 'Invalid URL ''?(None|undefined|null)\b|from (None|undefined|null)/', ''),
        ('.*', 'unsupported protocol scheme ""|URI with undefined scheme', ''),
        ('.*', '[Cc]onnection ?[Ss]tring.*(null|not been initialized)|null.*connectionString', ''),
        ('.*', 'System\.getenv\(.*is null', '')
    ) AS p(type, message, setting)
), sightings AS (
    SELECT DISTINCT ON (e.side, e.fingerprint, e.trace_key, e.span_key, e.time) e.*,
        nullif(CASE WHEN p.setting <> '' THEN regexp_extract(e.exception_message, p.setting, 1)
            ELSE '' END, '') AS setting
    FROM sided_exceptions(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison)) AS e
    JOIN patterns AS p
        ON regexp_full_match(coalesce(class_name(e.exception_type), ''), p.type)
        AND regexp_matches(e.exception_message, p.message)
    WHERE e.exception_source <> 'status'
    ORDER BY setting IS NULL, setting
), instances_all AS (
    SELECT nullif(count(DISTINCT instance_id), 0) AS instances
    FROM sided_spans($service_name, $service_version, (SELECT the_comparison FROM the_comparison))
    WHERE side = 'candidate'
), grouped AS (
    SELECT fingerprint,
        min(setting) AS setting,
        arg_max(exception_type, (side, time)) AS exception_type,
        arg_max(exception_message, (side, time)) AS message,
        arg_max(top_frame, (side, time)) AS top_frame,
        count(DISTINCT trace_key) FILTER (side = 'candidate') AS candidate_traces,
        nullif(count(DISTINCT instance_id) FILTER (side = 'candidate'), 0) AS instances,
        count(DISTINCT trace_key) FILTER (side = 'baseline') AS baseline_traces,
        min(time) FILTER (side = 'candidate') AS first_seen,
        arg_max(trace_key, (side, time, span_key)) AS example_trace_key
    FROM sightings
    GROUP BY fingerprint
)
SELECT g.setting, g.exception_type, g.message, g.fingerprint, g.top_frame,
    g.candidate_traces,
    g.instances AS candidate_instances,
    i.instances AS candidate_instances_all,
    CASE WHEN c.baseline_kind IS NOT NULL THEN g.baseline_traces END AS baseline_traces,
    g.first_seen,
    (epoch_ns(g.first_seen) - epoch_ns(c.candidate_first_seen)) / 1e9 AS seconds_after,
    trace_hex(g.example_trace_key) AS example_trace_id,
    c.*
FROM grouped AS g CROSS JOIN instances_all AS i
CROSS JOIN the_comparison AS c
ORDER BY g.candidate_traces DESC, g.baseline_traces DESC, g.setting, g.fingerprint;
