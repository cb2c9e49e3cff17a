-- Who is affected: users with a failing request, per endpoint and in all.
-- A user is the value of user.id, or of the span attribute you name (tenant.id, session.id), on the
-- request, else on another span of its trace. Requests without one are counted apart. The first row
-- is over all endpoints; then most affected users first.
-- param service_name VARCHAR: service that was deployed
-- param service_version VARCHAR: its version; '' for spans that carry none
-- param environment_name VARCHAR = NULL: environment; NULL: the one the version reached last
-- param deployment_id VARCHAR = NULL: roll-out; NULL: the version's last one
-- param baseline_version VARCHAR = NULL: version to compare with; NULL: concurrent, else before
-- param since TIMESTAMP = NULL: start of the candidate's window, UTC; NULL: its first traffic
-- param until TIMESTAMP = NULL: moment to judge at, UTC; nothing later is read; NULL: now
-- param user_attribute VARCHAR = NULL: attribute that names the user; NULL: user.id
-- column endpoint VARCHAR: endpoint of the service, or (all)
-- column candidate_users BIGINT: distinct users of the candidate; NULL when none was sent
-- column candidate_affected_users BIGINT: of these, with a failing request
-- column candidate_affected_share DOUBLE: of its users, 0 to 1
-- column candidate_users_always_failing BIGINT: of these, without any request that went well
-- column candidate_failures BIGINT: its failing requests
-- column candidate_failures_of_unknown BIGINT: of these, without a user
-- column baseline_users BIGINT: as the candidate's; NULL without a baseline
-- column baseline_affected_users BIGINT: of these, with a failing request
-- column baseline_affected_share DOUBLE: of its users
-- column most_affected_user VARCHAR: user with most failing requests of the candidate
-- column most_affected_failures BIGINT: how many
-- column example_trace_id VARCHAR: latest failing request of the candidate with a user
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
    SELECT side, trace_key, span_key, endpoint, failure, start_time
    FROM sided_requests(
        $service_name, $service_version, (SELECT the_comparison FROM the_comparison))
), named AS (
    SELECT s.trace_key, s.span_key, s.start_time, CASE WHEN $user_attribute IS NULL THEN s.user_id
            ELSE attr(s.attributes, $user_attribute) END AS user_id
    FROM spans AS s
    WHERE ($until IS NULL OR s.start_time < $until::TIMESTAMP_NS)
        AND CASE WHEN $user_attribute IS NULL THEN s.user_id IS NOT NULL
            ELSE contains(s.attributes, $user_attribute) END
), users AS (
    -- The request's own value first, else that of the first span that has one.
    SELECT r.side, r.trace_key, r.span_key,
        arg_min(u.user_id, (u.span_key <> r.span_key, u.start_time, u.span_key)) AS user_id
    FROM compared AS r JOIN named AS u ON u.trace_key = r.trace_key
    WHERE u.user_id IS NOT NULL
    GROUP BY r.side, r.trace_key, r.span_key
), placed AS (
    SELECT r.side, e.endpoint, u.user_id, r.failure, r.trace_key, r.start_time
    FROM compared AS r
    LEFT JOIN users AS u
        ON u.side = r.side AND u.trace_key = r.trace_key AND u.span_key = r.span_key
    CROSS JOIN LATERAL (VALUES (r.endpoint), ('(all)')) AS e(endpoint)
), by_user AS (
    SELECT side, endpoint, user_id, count(*) AS requests, count(*) FILTER (failure) AS failures,
        arg_max(trace_key, (start_time, trace_key)) FILTER (failure) AS trace_key,
        max(start_time) FILTER (failure) AS last_failure
    FROM placed
    GROUP BY side, endpoint, user_id
), sides AS (
    SELECT side, endpoint,
        nullif(count(user_id), 0) AS users,
        CASE WHEN users > 0 THEN count(user_id) FILTER (failures > 0) END AS affected,
        CASE WHEN users > 0 THEN count(user_id) FILTER (failures = requests) END AS always_failing,
        sum(failures)::BIGINT AS failures,
        coalesce(sum(failures) FILTER (user_id IS NULL), 0)::BIGINT AS failures_of_unknown,
        arg_max(user_id, (failures, user_id)) FILTER (failures > 0 AND user_id IS NOT NULL)
            AS most_affected_user,
        max(failures) FILTER (failures > 0 AND user_id IS NOT NULL) AS most_affected_failures,
        arg_max(trace_key, (last_failure, trace_key))
            FILTER (failures > 0 AND user_id IS NOT NULL) AS example_trace_key
    FROM by_user
    GROUP BY side, endpoint
)
SELECT n.endpoint, n.users AS candidate_users,
    n.affected AS candidate_affected_users,
    share(n.affected, n.users) AS candidate_affected_share,
    n.always_failing AS candidate_users_always_failing,
    n.failures AS candidate_failures,
    n.failures_of_unknown AS candidate_failures_of_unknown,
    o.users AS baseline_users,
    o.affected AS baseline_affected_users,
    share(o.affected, o.users) AS baseline_affected_share,
    n.most_affected_user,
    n.most_affected_failures,
    trace_hex(n.example_trace_key) AS example_trace_id,
    c.*
FROM (FROM sides WHERE side = 'candidate') AS n
LEFT JOIN sides AS o ON o.side = 'baseline' AND o.endpoint IS NOT DISTINCT FROM n.endpoint
CROSS JOIN the_comparison AS c
WHERE n.endpoint = '(all)' OR n.failures > 0
ORDER BY n.endpoint = '(all)' DESC, candidate_affected_users DESC NULLS LAST,
    candidate_failures DESC, n.endpoint;
