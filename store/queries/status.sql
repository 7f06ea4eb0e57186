-- name: tables
-- Bytes with indexes and partitions; rows as the planner estimates them; days of the newest partition, bytes of the default one.
WITH parts AS (
  SELECT i.inhparent AS parent, count(*) FILTER (WHERE p.relname !~ '_default$') AS parts,
         sum(pg_total_relation_size(i.inhrelid)) AS bytes, sum(greatest(p.reltuples, 0)) AS rows,
         max(right(p.relname, 8)) FILTER (WHERE p.relname ~ '_[0-9]{8}$') AS newest,
         max(p.relname) FILTER (WHERE p.relname ~ '_default$' AND pg_relation_size(p.oid) > 0) AS filled_default
  FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid GROUP BY 1
)
SELECT n.nspname || '.' || c.relname, (pg_total_relation_size(c.oid) + coalesce(parts.bytes, 0))::int8,
       (greatest(c.reltuples, 0) + coalesce(parts.rows, 0))::int8,
       parts.parts, to_date(parts.newest, 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC', NULL::float8, parts.filled_default
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN parts ON parts.parent = c.oid
WHERE n.nspname IN ('reading', 'ingest', 'store') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1;

-- name: hypertables
-- The same of hypertables, compressed chunks included; hours of a chunk to come.
SELECT 'reading.' || h.hypertable_name,
       hypertable_size(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass),
       approximate_row_count(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass),
       h.num_chunks,
       (SELECT max(range_start) FROM timescaledb_information.chunks c
        WHERE c.hypertable_schema = h.hypertable_schema AND c.hypertable_name = h.hypertable_name),
       (SELECT extract(epoch FROM time_interval) / 3600 FROM timescaledb_information.dimensions d
        WHERE d.hypertable_schema = h.hypertable_schema AND d.hypertable_name = h.hypertable_name)::float8,
       NULL::text
FROM timescaledb_information.hypertables h
WHERE h.hypertable_schema = 'reading';

-- name: compression
SELECT 'reading.' || h.hypertable_name, before_compression_total_bytes::float8 / after_compression_total_bytes
FROM timescaledb_information.hypertables h
CROSS JOIN LATERAL hypertable_compression_stats(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass)
WHERE h.hypertable_schema = 'reading' AND after_compression_total_bytes > 0;

-- name: levels
SELECT name, kept_from, done_until, (SELECT count(*) FROM store.rollup_touched WHERE level = name) FROM store.level
ORDER BY array_position(ARRAY['raw', '1m', '1h'], name);

-- name: kinds
SELECT e.kind, count(*), max(l.time) FROM reading.equipment e LEFT JOIN reading.latest l ON l.equipment_id = e.id
WHERE e.same_as IS NULL  -- the others are earlier names
GROUP BY 1 ORDER BY 1;

-- name: delivery
SELECT (SELECT count(*) FROM ingest.ledger), (SELECT count(*) FROM ingest.floor);

-- name: dead_letters
SELECT reason, count(*), sum(copies)::int8 FROM ingest.dead_letter GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: tasks
SELECT task, ran_at, result FROM store.maintenance ORDER BY task;

-- name: count_default
SELECT count(*) FROM (SELECT FROM reading.{table} LIMIT 1000) AS stray;
