-- name: latest
SELECT equipment_id, time, "values", qualities FROM reading.latest
WHERE %(ids)s::int4[] IS NULL OR equipment_id = ANY (%(ids)s::int4[])
ORDER BY equipment_id;

-- name: rows
-- Whole columns as the bytes of arrays: half the time of COPY, which sends a message per row.
SELECT array_send(array_agg(time)), {arrays} FROM (
  SELECT time, {columns} FROM {source} AS reading
  WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s
  ORDER BY time
) AS ordered;

-- name: buckets
SELECT array_send(array_agg(time)), {arrays} FROM (
  SELECT bucket AS time, {columns} FROM (SELECT {bucket} AS bucket, * FROM (
  {parts}
  ) AS part) AS level
  GROUP BY 1 ORDER BY 1
) AS ordered;

-- name: part
SELECT time, {columns} FROM {source} AS reading
WHERE equipment_id = %(id)s AND time >= %(start_{number})s AND time < %(end_{number})s

-- name: other_side_by_side
(
  SELECT time, equipment_id, {columns}
  FROM reading.other JOIN reading.other_signal s ON s.id = signal_id
  WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s
  GROUP BY 1, 2
);

-- name: events
SELECT equipment_id, time, signal, text FROM reading.event
WHERE (%(id)s::int4 IS NULL OR equipment_id = %(id)s) AND time >= %(start)s AND time < %(end)s
ORDER BY time DESC LIMIT %(limit)s;

-- name: latest_texts
-- Back from the newest event of a machine until the signal comes up: of a known kind each of its text signals, of others what is
-- among their last events.
SELECT e.id, newest.time, wanted.signal, newest.text
FROM unnest(%(kinds)s::text[], %(signals)s::text[]) AS wanted (kind, signal)
JOIN reading.equipment e ON e.kind = wanted.kind AND e.same_as IS NULL
CROSS JOIN LATERAL (
  SELECT time, text FROM reading.event WHERE equipment_id = e.id AND signal = wanted.signal ORDER BY time DESC LIMIT 1
) AS newest
UNION ALL
SELECT e.id, newest.time, newest.signal, newest.text
FROM reading.equipment e
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (signal) time, signal, text
  FROM (SELECT * FROM reading.event WHERE equipment_id = e.id ORDER BY time DESC LIMIT 1000) AS last
  ORDER BY signal, time DESC
) AS newest
WHERE e.same_as IS NULL AND NOT e.kind = ANY (%(known_kinds)s::text[]);

-- name: quality_intervals
SELECT equipment_id, signals, quality, start_time, end_time FROM reading.quality_interval
WHERE equipment_id = %s AND start_time < %s AND end_time >= %s
ORDER BY start_time;

-- name: waveforms
SELECT time, rate_hz, samples FROM reading.waveform
WHERE equipment_id = %s AND signal = %s AND time >= %s AND time < %s
ORDER BY time DESC LIMIT %s;
