-- Traces per minute, by the versions they passed through and those that were settling in.
-- As `trace_minutes`, with what is needed to set roll-out noise apart: traces that met an instance
-- in its first or last seconds are rows of their own.
-- param since TIMESTAMP: start of the window, UTC
-- param until TIMESTAMP: its end, not included, UTC
-- param environment_name VARCHAR = NULL: environment; NULL: all
-- param settling_s BIGINT = 60: seconds that an instance takes to settle
-- column environment_name VARCHAR: deployment.environment.name
-- column minute BIGINT: minutes since 1970, UTC, of the trace's first span in the window
-- column versions VARCHAR[]: service@version, sorted; 'service@' for spans without a version
-- column settling VARCHAR[]: those of them an instance of which was settling, sorted
-- column unanswered VARCHAR[]: services that a failing call in it was not answered by, sorted
-- column traces BIGINT: traces
-- column failed_traces BIGINT: of them with a failing request
SELECT environment_name, minute, versions, settling, unanswered,
    count(*) AS traces,
    count(*) FILTER (failed) AS failed_traces
FROM trace_versions_between($since, $until, $environment_name, $settling_s)
GROUP BY ALL
ORDER BY minute, environment_name, versions, settling, unanswered;
