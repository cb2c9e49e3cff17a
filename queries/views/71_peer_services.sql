-- Which service stands behind each peer that is called in a window.
-- The one that answered most calls to it in that environment; else a known service that the peer
-- names. It is alive when it answered any request in that environment and window.
-- param asked_since TIMESTAMP: start of the window
-- param asked_until TIMESTAMP: its end, not included
-- param asked_from BIGINT: no span before this is read, nanoseconds since 1970
-- column environment_name VARCHAR: environment of the callers
-- column peer VARCHAR: what is called
-- column peer_service VARCHAR: service behind it; NULL when nothing tells
-- column alive BOOLEAN: it answered requests
CREATE OR REPLACE MACRO peer_services(asked_since, asked_until, asked_from := 0) AS TABLE
WITH received AS NOT MATERIALIZED (
    SELECT trace_id, parent_span_id, environment_name, service_name
    FROM store.spans
    WHERE span_kind IN ('SERVER', 'CONSUMER')
        AND within(start_time_unix_nano, asked_since, asked_until)
        AND start_time_unix_nano >= asked_from
), tallied AS (
    SELECT c.environment_name, c.peer, r.service_name, count(r.trace_id) AS answers
    FROM store.spans AS c
    LEFT JOIN received AS r ON r.trace_id = c.trace_id AND r.parent_span_id = c.span_id
    WHERE c.span_kind IN ('CLIENT', 'PRODUCER') AND c.peer IS NOT NULL
        AND within(c.start_time_unix_nano, asked_since, asked_until)
        AND c.start_time_unix_nano >= asked_from
    GROUP BY c.environment_name, c.peer, r.service_name
), peers AS (
    SELECT environment_name, peer,
        arg_max(service_name, (answers, service_name)) FILTER (service_name IS NOT NULL)
            AS answering
    FROM tallied
    GROUP BY environment_name, peer
), living AS MATERIALIZED (
    SELECT DISTINCT environment_name, service_name FROM received
), known AS (
    SELECT service_name FROM store.resources UNION SELECT service_name FROM living
), named AS (
    SELECT p.peer, arg_max(k.service_name, (length(k.service_name), k.service_name)) AS named
    FROM (SELECT DISTINCT peer FROM peers WHERE answering IS NULL) AS p
    JOIN known AS k ON peer_is(p.peer, k.service_name)
    GROUP BY p.peer
)
SELECT p.environment_name, p.peer,
    coalesce(p.answering, n.named) AS peer_service,
    l.service_name IS NOT NULL AS alive
FROM peers AS p
LEFT JOIN named AS n ON n.peer = p.peer
LEFT JOIN living AS l ON l.service_name = coalesce(p.answering, n.named)
    AND l.environment_name IS NOT DISTINCT FROM p.environment_name;
