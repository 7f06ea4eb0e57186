-- name: hours
SELECT array_send(array_agg(equipment_id)), array_send(array_agg(hour)), {arrays} FROM (
  SELECT equipment_id, date_bin(INTERVAL '1 hour', time, TIMESTAMPTZ '2000-01-01 00:00Z') AS hour, {columns} FROM (
  {parts}
  ) AS part GROUP BY 1, 2
) AS hours;

-- name: part
SELECT equipment_id, time, {columns} FROM {source} AS reading
WHERE equipment_id = ANY (%(ids)s::int4[]) AND time >= %(start_{number})s AND time < %(end_{number})s

