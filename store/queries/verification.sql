-- name: machines
SELECT id, gateway, name, kind FROM reading.equipment WHERE same_as IS NULL ORDER BY gateway, name;

-- name: columns
-- Of the tables themselves; partitions and chunks are each edition's own business.
SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'reading'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, 2;

-- name: keys
SELECT c.relname, i.indisunique, (
  SELECT string_agg(a.attname, ',' ORDER BY k.place)
  FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum)
FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
WHERE c.relnamespace = 'reading'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1, 2, 3;

-- name: migrations
SELECT name FROM store.migration ORDER BY name;

-- name: buckets
-- A row a day: rows, distinct times, digest of the times; then an array each of values, first and last time, and digest by column.
-- The digest is a sum, so it does not depend on the order, and unlike an exclusive or it sees a pair of equal rows.
SELECT floor(extract(epoch FROM time + make_interval(secs => %(offset_seconds)s)) / 86400)::int8,
  count(*), count(DISTINCT time), min(time), max(time),
  ARRAY[{counts}]::int8[], ARRAY[{firsts}]::timestamptz[], ARRAY[{lasts}]::timestamptz[], ARRAY[{digests}]::text[]
FROM reading.{table}
WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s
GROUP BY 1 ORDER BY 1;

-- name: other_buckets
SELECT floor(extract(epoch FROM time + make_interval(secs => %(offset_seconds)s)) / 86400)::int8,
  count(*), count(DISTINCT time), min(time), max(time), point, {digest}
FROM (
  SELECT o.time, 'other:' || s.name AS point, encode(float8send(o.value), 'hex') AS word
  FROM reading.other o JOIN reading.other_signal s ON s.id = o.signal_id
  WHERE o.equipment_id = %(id)s AND o.time >= %(start)s AND o.time < %(end)s
  UNION ALL
  SELECT w.time, 'waveform:' || w.signal, md5(float8send(w.rate_hz) || w.samples)
  FROM reading.waveform w WHERE w.equipment_id = %(id)s AND w.time >= %(start)s AND w.time < %(end)s
  UNION ALL
  SELECT e.time, 'event:' || e.signal, md5(e.text)
  FROM reading.event e WHERE e.equipment_id = %(id)s AND e.time >= %(start)s AND e.time < %(end)s
  UNION ALL
  SELECT q.start_time, '(quality)', concat_ws('|', array_to_string(q.signals, ','), q.quality, extract(epoch FROM q.end_time))
  FROM reading.quality_interval q WHERE q.equipment_id = %(id)s AND q.start_time >= %(start)s AND q.start_time < %(end)s
) AS narrow
GROUP BY point, 1 ORDER BY point, 1;

-- name: rows
SELECT array_send(array_agg((extract(epoch FROM time) * 1000000)::int8 ORDER BY time)),
  array_send(array_agg(coalesce({column}::float8, 'NaN') ORDER BY time))
FROM reading.{table} WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s;

-- name: orphans
SELECT count(*) FROM (SELECT DISTINCT equipment_id FROM reading.{table} WHERE time >= %(start)s AND time < %(end)s) AS known
WHERE NOT EXISTS (SELECT FROM reading.equipment e WHERE e.id = known.equipment_id);

-- name: signal_orphans
SELECT count(*) FROM reading.other o
WHERE o.time >= %(start)s AND o.time < %(end)s AND NOT EXISTS (SELECT FROM reading.other_signal s WHERE s.id = o.signal_id);

-- name: alarm_counts
SELECT e.gateway, e.name, t.rule, t.act, count(*)
FROM alarm.transition t JOIN reading.equipment own ON own.id = t.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE t.time >= %(start)s AND t.time < %(end)s
GROUP BY 1, 2, 3, 4;

-- name: counter_growth
SELECT floor(extract(epoch FROM time + make_interval(secs => %(offset_seconds)s)) / 86400)::int8,
  (max({column}) - min({column}))::float8, (avg({column}))::float8
FROM reading.{table} WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s AND {column} IS NOT NULL
GROUP BY 1 ORDER BY 1;

-- name: kpi_means
SELECT e.gateway, e.name, k.name, count(*), avg(k.value)::float8
FROM result.kpi k JOIN reading.equipment own ON own.id = k.equipment_id
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
WHERE k.start_time >= %(start)s AND k.end_time <= %(end)s AND k.validity = 'valid'
GROUP BY 1, 2, 3;

-- name: timed
SELECT count(*), avg({column}::float8) FROM reading.{table}
WHERE equipment_id = %(id)s AND time >= %(start)s AND time < %(end)s;
