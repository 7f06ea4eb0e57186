-- name: extent
-- First and last row of a machine: two steps into the index of each day, not a scan.
SELECT (SELECT time FROM reading.{table} WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s ORDER BY time LIMIT 1),
       (SELECT time FROM reading.{table} WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s ORDER BY time DESC LIMIT 1);

-- name: other_signals
-- Signals outside any profile that a machine has sent.
SELECT name FROM reading.other_signal s
WHERE EXISTS (SELECT FROM reading.other WHERE equipment_id = %(id)s AND signal_id = s.id AND time >= %(start)s AND time < %(end)s)
ORDER BY name;
