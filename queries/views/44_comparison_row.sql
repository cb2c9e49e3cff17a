-- The row of `comparison` that somebody has already, as a table of one row; of none for NULL.
-- Working it out reads a service's whole history. A query that needs it several times has it once:
-- WITH the_comparison AS MATERIALIZED (FROM comparison(...)), and hands it on as
-- (SELECT the_comparison FROM the_comparison).
-- param asked_comparison STRUCT: the row
-- column service_namespace VARCHAR: namespace of the candidate
-- column environment_name VARCHAR: its environment
-- column deployment_id VARCHAR: its deployment id
-- column candidate_first_seen TIMESTAMP_NS: its first traffic
-- column candidate_from TIMESTAMP_NS: start of its window
-- column candidate_until TIMESTAMP_NS: end of its window, not included
-- column baseline_version VARCHAR: version compared with
-- column baseline_kind VARCHAR: 'concurrent', 'before' or 'named'; NULL when there is no baseline
-- column baseline_from TIMESTAMP_NS: start of the baseline's window
-- column baseline_until TIMESTAMP_NS: end of the baseline's window, not included
CREATE OR REPLACE MACRO comparison_row(asked_comparison) AS TABLE
SELECT unnest(c)
FROM (
    SELECT asked_comparison::STRUCT(
        service_namespace VARCHAR, environment_name VARCHAR, deployment_id VARCHAR,
        candidate_first_seen TIMESTAMP_NS,
        candidate_from TIMESTAMP_NS, candidate_until TIMESTAMP_NS,
        baseline_version VARCHAR, baseline_kind VARCHAR,
        baseline_from TIMESTAMP_NS, baseline_until TIMESTAMP_NS) AS c
)
WHERE c IS NOT NULL;
