-- name: list
SELECT id, gateway, name, kind, first_seen FROM reading.equipment
WHERE same_as IS NULL AND (%(gateway)s::text IS NULL OR gateway = %(gateway)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
ORDER BY gateway, name;

-- name: get
SELECT m.id, m.gateway, m.name, m.kind, m.first_seen
FROM reading.equipment e JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id) WHERE e.id = %s;

-- name: find
SELECT m.id, m.gateway, m.name, m.kind, m.first_seen
FROM reading.equipment e JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id) WHERE e.gateway = %s AND e.name = %s;

-- name: earlier_names
-- A released name ends with a number after a tilde, which no machine can send.
SELECT same_as, gateway, name FROM reading.equipment WHERE same_as IS NOT NULL AND strpos(name, '~') = 0 ORDER BY same_as, named_at;

-- name: last_times
SELECT equipment_id, time FROM reading.latest;

-- name: look_up
SELECT e.gateway, e.name, m.id, m.kind
FROM unnest(%s::text[], %s::text[]) AS wanted (gateway, name)
JOIN reading.equipment e USING (gateway, name) JOIN reading.equipment m ON m.id = coalesce(e.same_as, e.id);

-- name: register
-- Sorted, so that two workers that meet the same new machines do not wait for each other in a ring.
INSERT INTO reading.equipment (gateway, name, kind)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (gateway, name, kind) ORDER BY 1, 2
ON CONFLICT (gateway, name) DO NOTHING;

-- name: tell_kinds
-- Of machines that had only sent texts so far.
UPDATE reading.equipment m SET kind = new.kind
FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (gateway, name, kind) JOIN reading.equipment e USING (gateway, name)
WHERE m.id = coalesce(e.same_as, e.id) AND m.kind = '' AND new.kind <> '';

-- name: name_changes
SELECT number FROM store.name_changes;

-- name: count_name_change
-- Also the lock that lets one person at a time change names.
UPDATE store.name_changes SET number = number + 1;

-- name: row_of_name
SELECT id, kind, same_as FROM reading.equipment WHERE gateway = %s AND name = %s FOR UPDATE;

-- name: give_name
UPDATE reading.equipment SET gateway = %(gateway)s, name = %(name)s, named_at = now() WHERE id = %(id)s;

-- name: add_earlier_name
INSERT INTO reading.equipment (gateway, name, kind, same_as) VALUES (%(gateway)s, %(name)s, %(kind)s, %(id)s);

-- name: make_alias
-- With its own earlier names, so that each leads to the machine in one step.
UPDATE reading.equipment SET same_as = %(machine)s, named_at = now()
WHERE (id = %(alias)s OR same_as = %(alias)s) AND id <> %(machine)s;

-- name: set_kind
UPDATE reading.equipment SET kind = %(kind)s WHERE id = %(id)s;

-- name: keep_first_seen
UPDATE reading.equipment SET first_seen = least(first_seen, (SELECT first_seen FROM reading.equipment WHERE id = %(alias)s))
WHERE id = %(machine)s;

-- name: fresh_aliases
-- Earlier names whose own id may still get rows, from a worker that was stuck for long.
SELECT e.id, m.id, m.kind FROM reading.equipment e JOIN reading.equipment m ON m.id = e.same_as
WHERE e.named_at > now() - INTERVAL '7 days' ORDER BY e.id;

-- name: lock_moves
SELECT pg_advisory_lock(hashtext('shangyun moves'));

-- name: unlock_moves
SELECT pg_advisory_unlock(hashtext('shangyun moves'));

-- name: time_tables
SELECT c.relname
FROM pg_class c
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'time' AND NOT t.attisdropped
JOIN pg_attribute e ON e.attrelid = c.oid AND e.attname = 'equipment_id' AND NOT e.attisdropped
WHERE c.relnamespace = to_regnamespace('reading') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'latest'
ORDER BY c.relname;

-- name: ids_with_rows
SELECT id FROM unnest(%(ids)s::int4[]) AS id WHERE EXISTS (SELECT FROM {table} r WHERE r.equipment_id = id);

-- name: first_and_last
SELECT min(time), max(time) FROM {table} WHERE equipment_id = %(id)s;

-- name: move_rows
WITH moved AS (
  UPDATE {table} SET equipment_id = %(machine)s WHERE equipment_id = %(alias)s AND time >= %(start)s AND time < %(end)s
  RETURNING time
)
SELECT count(*), min(time), max(time) FROM moved;

-- name: move_intervals
UPDATE reading.quality_interval q SET equipment_id = e.same_as
FROM reading.equipment e WHERE e.id = q.equipment_id AND e.id = ANY (%(ids)s::int4[]) AND e.same_as IS NOT NULL;

-- name: merge_latest
WITH gone AS (
  DELETE FROM reading.latest l USING reading.equipment e
  WHERE e.id = l.equipment_id AND e.id = %(alias)s AND e.same_as IS NOT NULL
  RETURNING e.same_as, l.time, l."values", l.qualities
)
INSERT INTO reading.latest (equipment_id, time, "values", qualities) SELECT * FROM gone
ON CONFLICT (equipment_id) DO UPDATE SET
  time = greatest(latest.time, excluded.time),
  "values" = CASE WHEN excluded.time >= latest.time
    THEN latest."values" || excluded."values" ELSE excluded."values" || latest."values" END,
  qualities = CASE WHEN excluded.time >= latest.time
    THEN (latest.qualities - ARRAY(SELECT jsonb_object_keys(excluded."values"))) || excluded.qualities
    ELSE (excluded.qualities - ARRAY(SELECT jsonb_object_keys(latest."values"))) || latest.qualities END;
