-- What many deployments were compared with, each as of a moment: `comparison` asked once for all.
-- One row for each look at a deployment that had sent something by then.
-- param looks VARCHAR: JSON list of objects as queries/views/68_asked_looks.sql has them
-- column look BIGINT: place in the list, from 0
-- column service_namespace VARCHAR: namespace of the candidate
-- column environment_name VARCHAR: environment both were compared in
-- column deployment_id VARCHAR: roll-out of the candidate
-- column candidate_first_seen TIMESTAMP_NS: first traffic of the candidate
-- column candidate_from TIMESTAMP_NS: start of the candidate's window
-- column candidate_until TIMESTAMP_NS: end of the candidate's window, not included
-- column baseline_version VARCHAR: version compared with; without a kind, one that was deleted
-- column baseline_kind VARCHAR: concurrent or before; NULL without a baseline
-- column baseline_from TIMESTAMP_NS: start of the baseline's window
-- column baseline_until TIMESTAMP_NS: end of the baseline's window, not included
WITH looks AS MATERIALIZED (
    FROM asked_looks($looks)
)
SELECT look, compared.*
FROM looks,
    LATERAL (
        FROM comparison(
            look_service, look_version, look_environment, look_deployment,
            NULL::VARCHAR, NULL::TIMESTAMP, look_until)
    ) AS compared
ORDER BY look;
