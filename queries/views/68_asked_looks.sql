-- Deployments as of moments, many in one question: each is a look at one.
-- They come as text, for a parameter of a saved query is one value: a JSON list of objects with
-- service_name, service_version ('' for spans without one), environment_name, deployment_id and
-- until; what is left out is NULL, and means what it does in the query `comparison`. The columns
-- have names that no macro uses: an argument of a macro is looked up within it first.
-- param asked VARCHAR: the list
-- column look BIGINT: place in the list, from 0
-- column look_service VARCHAR: service name
-- column look_version VARCHAR: service version
-- column look_environment VARCHAR: environment name
-- column look_deployment VARCHAR: deployment id
-- column look_until TIMESTAMP: the moment
CREATE OR REPLACE MACRO asked_looks(asked) AS TABLE
SELECT look::BIGINT AS look,
    one.service_name::VARCHAR AS look_service,
    one.service_version::VARCHAR AS look_version,
    one.environment_name::VARCHAR AS look_environment,
    one.deployment_id::VARCHAR AS look_deployment,
    one."until"::TIMESTAMP AS look_until
FROM (
    SELECT generate_subscripts(looks, 1) - 1 AS look, unnest(looks) AS one
    FROM (
        SELECT from_json(asked, '[{"service_name": "VARCHAR", "service_version": "VARCHAR",
            "environment_name": "VARCHAR", "deployment_id": "VARCHAR", "until": "TIMESTAMP"}]')
            AS looks
    )
);
