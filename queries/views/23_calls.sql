-- Calls: spans in which a service asked another one. Columns as in `spans`.
CREATE OR REPLACE VIEW calls AS
SELECT * FROM spans WHERE span_kind IN ('CLIENT', 'PRODUCER');
