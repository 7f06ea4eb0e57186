-- name: progress
-- Pieces of a file that are committed: the numbers, and the floor that is set when all are.
SELECT coalesce((SELECT floor FROM ingest.floor WHERE gateway = %(source)s AND epoch = %(epoch)s), 1),
       ARRAY(SELECT seq FROM ingest.ledger WHERE gateway = %(source)s AND epoch = %(epoch)s);

-- name: overlap
-- First and last row that a machine has within a span.
SELECT (SELECT time FROM reading.{table} WHERE equipment_id = %(id)s AND time BETWEEN %(low)s AND %(high)s ORDER BY time LIMIT 1),
       (SELECT time FROM reading.{table} WHERE equipment_id = %(id)s AND time BETWEEN %(low)s AND %(high)s ORDER BY time DESC LIMIT 1);

-- name: times
SELECT array_send(array_agg(DISTINCT time)) FROM reading.{table} WHERE equipment_id = %(id)s AND time BETWEEN %(low)s AND %(high)s;
