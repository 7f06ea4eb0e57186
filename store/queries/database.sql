-- name: edition
-- Without preloading, CREATE EXTENSION would close the connection: installed files alone prove nothing.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb'),
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
         AND 'timescaledb' = ANY (regexp_split_to_array(current_setting('shared_preload_libraries', true), '\s*,\s*')),
       current_setting('timescaledb.license', true);

-- name: versions
SELECT 'PostgreSQL', split_part(current_setting('server_version'), ' ', 1)
UNION ALL
SELECT 'TimescaleDB', extversion FROM pg_extension WHERE extname = 'timescaledb';

-- name: lock_migrations
SELECT pg_advisory_lock(hashtext('shangyun migrations'));

-- name: unlock_migrations
SELECT pg_advisory_unlock(hashtext('shangyun migrations'));

-- name: has_bookkeeping
SELECT to_regclass('store.migration') IS NOT NULL;

-- name: applied_migrations
SELECT name FROM store.migration;

-- name: record_migration
INSERT INTO store.migration (name) VALUES (%s);

-- name: reading_columns
-- Tables of readings with their columns in order; partitions and chunks are not among them.
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = to_regnamespace('reading') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname, a.attnum;

-- name: rollup_columns
SELECT c.relname, a.attname
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = to_regnamespace('reading') AND c.relkind IN ('v', 'm')
ORDER BY c.relname, a.attnum;

-- name: partitions
-- Days that have a partition: its name ends with the day.
SELECT right(c.relname, 8)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s) AND c.relname ~ '_[0-9]{8}$';

-- name: tables
-- Bytes with indexes, chunks and partitions; rows as the planner estimates them.
WITH parts AS (
  SELECT i.inhparent AS parent, count(*) AS parts, sum(pg_total_relation_size(i.inhrelid)) AS bytes,
         sum(greatest(p.reltuples, 0)) AS rows
  FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid GROUP BY 1
)
SELECT n.nspname || '.' || c.relname, coalesce(parts.parts, 0)::int8,
       (pg_total_relation_size(c.oid) + coalesce(parts.bytes, 0))::int8,
       (greatest(c.reltuples, 0) + coalesce(parts.rows, 0))::int8
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN parts ON parts.parent = c.oid
WHERE n.nspname IN ('reading', 'ingest') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1;

-- name: state_of_ingest
SELECT (SELECT count(*) FROM ingest.ledger), (SELECT count(*) FROM ingest.floor),
       (SELECT extract(epoch FROM now() - max(time))::float8 FROM reading.latest), (SELECT count(*) FROM reading.equipment);

-- name: dead_letter_counts
SELECT reason, count(*), sum(copies)::int8 FROM ingest.dead_letter GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: lock_partitions
SELECT pg_advisory_xact_lock(hashtext('shangyun partitions'), hashtext(%s));
