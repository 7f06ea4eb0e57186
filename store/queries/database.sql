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

-- name: lock_schema
-- Held by a migration and by maintenance, so that neither meets the other nor itself.
SELECT pg_advisory_lock(hashtext('shangyun schema'));

-- name: try_lock_schema
SELECT pg_try_advisory_lock(hashtext('shangyun schema'));

-- name: unlock_schema
SELECT pg_advisory_unlock(hashtext('shangyun schema'));

-- name: has_bookkeeping
SELECT to_regclass('store.migration') IS NOT NULL;

-- name: has_levels
SELECT to_regclass('store.level') IS NOT NULL;

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

-- name: partitions
-- Days that have a partition: its name ends with the day.
SELECT right(c.relname, 8)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s) AND c.relname ~ '_[0-9]{8}$';

-- name: lock_partitions
SELECT pg_advisory_xact_lock(hashtext('shangyun partitions'), hashtext(%s));
