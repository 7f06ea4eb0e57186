-- name: touch
INSERT INTO store.rollup_touched (level, table_name, equipment_id, span)
SELECT '1m', table_name, nullif(equipment_id, -1), tstzrange(to_timestamp(from_seconds), to_timestamp(to_seconds))
FROM unnest(%s::text[], %s::int4[], %s::int8[], %s::int8[]) AS touched (table_name, equipment_id, from_seconds, to_seconds);

-- name: touch_everything
-- A rollup that is made beside a filled table begins with all that is there.
INSERT INTO store.rollup_touched (level, table_name, equipment_id, span)
SELECT '1m', %(table)s, e.id,
       tstzrange(date_trunc('minute', reading.first), date_trunc('minute', reading.last) + INTERVAL '1 minute')
FROM reading.equipment e
CROSS JOIN LATERAL (SELECT min(time), max(time) FROM {table} WHERE equipment_id = e.id) AS reading (first, last)
WHERE reading.first IS NOT NULL;

-- name: levels
SELECT name, kept_from, done_until FROM store.level;

-- name: kept_from
-- Under a lock: of two refreshes at once, each would delete what is there and insert the same again.
SELECT pg_advisory_xact_lock(hashtext('shangyun rollups')), (SELECT kept_from FROM store.level WHERE name = %s);

-- name: made_until
-- Before this instant a level needs nothing more from the one below.
SELECT least(done_until, (SELECT min(lower(span)) FROM store.rollup_touched WHERE level = %s))
FROM store.level WHERE name = %s;

-- name: raise_kept_from
UPDATE store.level SET kept_from = %(kept_from)s WHERE name = %(level)s AND coalesce(kept_from, '-infinity') < %(kept_from)s;

-- name: raise_done_until
UPDATE store.level SET done_until = %(done_until)s WHERE name = %(level)s AND coalesce(done_until, '-infinity') < %(done_until)s;

-- name: take_touched
SELECT id FROM store.rollup_touched
WHERE level = %(level)s AND lower(span) < %(closed)s AND (equipment_id IS NULL) = %(everyone)s
ORDER BY id LIMIT %(limit)s;

-- name: merge_touched
-- What is to be made anew, as rectangles: machines that share a span. Only closed buckets whose source is still whole.
SELECT table_name, lower(span), upper(span), array_agg(equipment_id ORDER BY equipment_id)
FROM (
  SELECT table_name, equipment_id, unnest(range_agg(span * tstzrange(%(kept_from)s, %(closed)s))) AS span
  FROM store.rollup_touched WHERE id = ANY (%(ids)s)
  GROUP BY 1, 2
) AS merged
GROUP BY 1, 2, 3 ORDER BY 2, 1;

-- name: cascade_touched
INSERT INTO store.rollup_touched (level, table_name, equipment_id, span)
SELECT DISTINCT %(next_level)s, table_name, equipment_id, tstzrange(
  date_bin(%(width)s, lower(made), TIMESTAMPTZ '2000-01-01 00:00Z'),
  date_bin(%(width)s, upper(made) - INTERVAL '1 microsecond', TIMESTAMPTZ '2000-01-01 00:00Z') + %(width)s
)
FROM store.rollup_touched CROSS JOIN LATERAL (SELECT span * tstzrange(%(kept_from)s, %(closed)s)) AS clipped (made)
WHERE id = ANY (%(ids)s) AND NOT isempty(made);

-- name: note_late
INSERT INTO result.late_span (equipment_id, span)
SELECT DISTINCT equipment_id, made FROM store.rollup_touched
CROSS JOIN LATERAL (SELECT span * tstzrange(%(kept_from)s, %(closed)s)) AS clipped (made)
WHERE id = ANY (%(ids)s) AND NOT isempty(made);

-- name: forget_touched
DELETE FROM store.rollup_touched WHERE id = ANY (%(ids)s) AND upper(span) <= %(closed)s;

-- name: shorten_touched
UPDATE store.rollup_touched SET span = tstzrange(%(closed)s, upper(span)) WHERE id = ANY (%(ids)s) AND lower(span) < %(closed)s;

-- name: machines_of_kind
SELECT id FROM reading.equipment WHERE kind = %s ORDER BY id;

-- name: allow_compressed
-- Late rows may lie in compressed chunks, whose limit on what one statement unpacks is meant for people.
SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0;

-- name: delete_buckets
DELETE FROM {target} WHERE equipment_id = ANY (%(ids)s) AND time >= %(start)s AND time < %(end)s;

-- name: insert_buckets
-- Machine by machine, along the only index.
INSERT INTO {target} (time, equipment_id, {columns})
SELECT bucket.* FROM unnest(%(ids)s::int4[]) AS machine (id)
CROSS JOIN LATERAL (
  SELECT date_bin(%(width)s, time, TIMESTAMPTZ '2000-01-01 00:00Z'), machine.id, {values}
  FROM {source} WHERE equipment_id = machine.id AND time >= %(start)s AND time < %(end)s
  GROUP BY 1
) AS bucket;
