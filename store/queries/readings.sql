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

-- name: grids
-- Machine by machine along the only index; the order of the rows is that of the arrays.
SELECT machine.id, found.* FROM unnest(%(ids)s::int4[]) AS machine (id)
CROSS JOIN LATERAL (
  SELECT array_send(array_agg(time)){arrays} FROM (
    SELECT time{columns} FROM {source} WHERE equipment_id = machine.id AND time >= %(start)s AND time < %(end)s ORDER BY time
  ) AS ordered HAVING count(*) > 0
) AS found;

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
-- A long record travels as blocks that follow each other within half a sample (or two microseconds, to which starts are rounded);
-- a block that came twice counts once. Blocks from before and after the time asked for tell which records are whole. Of the newest
-- blocks the sizes are looked at, which does not unpack them; what the oldest of those belongs to is not known where more may come.
WITH newest AS (
  SELECT DISTINCT ON (time) time, rate_hz, octet_length(samples) / 4 AS samples
  FROM reading.waveform
  WHERE equipment_id = %(id)s AND signal = %(signal)s AND time >= %(start)s - %(longest)s::interval AND time < %(end)s
  ORDER BY time DESC LIMIT %(most_blocks)s
), later AS (
  SELECT DISTINCT ON (time) time, rate_hz, octet_length(samples) / 4 AS samples
  FROM reading.waveform
  WHERE equipment_id = %(id)s AND signal = %(signal)s AND time >= %(end)s AND time < %(end)s + %(longest)s::interval
  ORDER BY time LIMIT %(most_blocks)s
), marked AS (
  SELECT time, rate_hz, coalesce(
    rate_hz <> lag(rate_hz) OVER pace
    OR abs(extract(epoch FROM time - lag(time) OVER pace)::float8 * rate_hz - lag(samples) OVER pace) > greatest(0.5, 2e-6 * rate_hz),
    (SELECT count(*) FROM newest) < %(most_blocks)s
  ) AS begins
  FROM (SELECT * FROM newest UNION ALL SELECT * FROM later) AS block WINDOW pace AS (ORDER BY time)
), numbered AS (
  SELECT time, rate_hz, count(*) FILTER (WHERE begins) OVER (ORDER BY time) AS record FROM marked
), record AS (
  SELECT min(time) AS first, max(time) AS last, min(rate_hz) AS rate_hz FROM numbered
  WHERE numbered.record > 0 GROUP BY numbered.record
  HAVING min(time) >= %(start)s AND min(time) < %(end)s
  ORDER BY first DESC LIMIT %(limit)s
)
SELECT record.first, record.rate_hz, whole.samples
FROM record CROSS JOIN LATERAL (
  SELECT string_agg(piece.samples, ''::bytea ORDER BY piece.time) AS samples FROM (
    SELECT DISTINCT ON (time) time, samples FROM reading.waveform
    WHERE equipment_id = %(id)s AND signal = %(signal)s AND time BETWEEN record.first AND record.last
    ORDER BY time
  ) AS piece
) AS whole
ORDER BY record.first DESC;
