-- Requests: spans in which a service was asked to do something. Columns as in `spans`.
CREATE OR REPLACE VIEW requests AS
SELECT * FROM spans WHERE span_kind IN ('SERVER', 'CONSUMER');
