-- Requests of the candidate and of its baseline, each in its window, of a comparison that is known.
-- Parameters and columns as in sided_spans.
CREATE OR REPLACE MACRO sided_requests(asked_service, asked_version, asked_comparison) AS TABLE
FROM sided_spans(asked_service, asked_version, asked_comparison)
WHERE span_kind IN ('SERVER', 'CONSUMER');
