-- name: tasks
SELECT task, ran_at FROM store.maintenance;

-- name: record_task
INSERT INTO store.maintenance (task, ran_at, result) VALUES (%s, %s, %s)
ON CONFLICT (task) DO UPDATE SET ran_at = excluded.ran_at, result = excluded.result;

-- name: drop_chunks
SELECT count(*) FROM drop_chunks(%s::regclass, older_than => %s::timestamptz);

-- name: delete_events
DELETE FROM reading.event WHERE time < %s;

-- name: delete_quality_intervals
DELETE FROM reading.quality_interval WHERE end_time < %s;

-- name: delete_dead_letters
DELETE FROM ingest.dead_letter WHERE received_at < %s;

-- name: delete_late_spans
DELETE FROM result.late_span WHERE noted_at < %s;

-- name: chunk_growth
-- Of each table in hours: the interval of its chunks, and how long its newest chunk has been filled; and that one's indexes.
SELECT d.hypertable_name, (extract(epoch FROM d.time_interval) / 3600)::float8, newest.hours, newest.index_bytes
FROM timescaledb_information.dimensions d
CROSS JOIN LATERAL (
  SELECT (extract(epoch FROM least(range_end, %(now)s) - range_start) / 3600)::float8 AS hours,
         pg_indexes_size(format('%%I.%%I', chunk_schema, chunk_name)::regclass) AS index_bytes
  FROM timescaledb_information.chunks c
  WHERE c.hypertable_schema = d.hypertable_schema AND c.hypertable_name = d.hypertable_name
    AND range_start <= %(now)s - INTERVAL '1 hour'
  ORDER BY range_start DESC LIMIT 1
) AS newest
WHERE d.hypertable_schema = 'reading' AND d.hypertable_name = ANY (%(tables)s);

-- name: memory_bytes
SELECT pg_size_bytes(current_setting('effective_cache_size'));

-- name: set_chunk_interval
SELECT set_chunk_time_interval(%s::regclass, %s::interval);
