-- name: look_up_signals
SELECT name, id FROM reading.other_signal WHERE name = ANY (%s);

-- name: register_signals
INSERT INTO reading.other_signal (name) SELECT * FROM unnest(%s::text[]) AS new (name) ORDER BY 1 ON CONFLICT DO NOTHING;

-- name: counts
SELECT gateway, count(*) FROM store.pending_signal WHERE gateway = ANY (%s) GROUP BY 1;

-- name: look_up
SELECT gateway, kind, signal
FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted (gateway, kind, signal)
JOIN store.pending_signal USING (gateway, kind, signal);

-- name: note
-- Sorted, so that two workers that meet the same names do not wait for each other in a ring.
INSERT INTO store.pending_signal (gateway, kind, signal)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS seen (gateway, kind, signal)
ORDER BY gateway COLLATE "C", kind COLLATE "C", signal COLLATE "C"
ON CONFLICT (gateway, kind, signal) DO UPDATE SET last_seen = now();

-- name: list
SELECT gateway, kind, signal, first_seen, last_seen FROM store.pending_signal
WHERE kind <> 'other' AND adopted_at IS NULL ORDER BY kind, signal, gateway;

-- name: forget
DELETE FROM store.pending_signal WHERE gateway = %s;

-- name: due
-- A second time an hour later: until then a worker that had not seen the new column may have written to the old place.
SELECT DISTINCT kind, signal FROM store.pending_signal
WHERE kind = ANY (%(kinds)s) AND kind <> 'other' AND (adopted_at IS NULL OR adopted_at < now() - INTERVAL '1 hour') ORDER BY 1, 2;

-- name: settle
WITH done AS (SELECT * FROM unnest(%(signals)s::text[]) AS done (signal)), gone AS (
  DELETE FROM store.pending_signal p USING done
  WHERE p.kind = %(kind)s AND p.signal = done.signal AND p.adopted_at IS NOT NULL AND p.last_seen < p.adopted_at
  RETURNING p.gateway, p.kind, p.signal
)
UPDATE store.pending_signal p SET adopted_at = now() FROM done
WHERE p.kind = %(kind)s AND p.signal = done.signal
  AND NOT EXISTS (SELECT FROM gone g WHERE (g.gateway, g.kind, g.signal) = (p.gateway, p.kind, p.signal));

-- name: machines
-- Without earlier names: what stands under their ids is on its way to the machine, value and row one after the other.
SELECT id FROM reading.equipment m
WHERE kind = %(kind)s AND same_as IS NULL AND EXISTS (SELECT FROM reading.other o WHERE o.equipment_id = m.id) ORDER BY id;

-- name: first_value
SELECT min(time) FROM reading.other
WHERE equipment_id = %(id)s AND signal_id = ANY (%(signal_ids)s) AND time >= %(start)s AND ({fits});

-- name: rows_to_fill
CREATE TEMPORARY TABLE adopted ON COMMIT DROP AS SELECT time, {columns} FROM {table} WITH NO DATA;

-- name: take_values
-- One statement takes and remembers: what is committed in between stays where it is.
WITH taken AS (
  DELETE FROM reading.other
  WHERE equipment_id = %(id)s AND signal_id = ANY (%(signal_ids)s) AND time >= %(start)s AND time < %(end)s AND ({fits})
  RETURNING time, signal_id, value
)
INSERT INTO adopted (time, {columns}) SELECT time, {values} FROM taken GROUP BY time;

-- name: fill_rows
UPDATE {table} r SET {assignments} FROM adopted a
WHERE r.equipment_id = %(id)s AND r.time = a.time AND r.time >= %(start)s AND r.time < %(end)s;

-- name: add_rows
INSERT INTO {table} (time, equipment_id, {columns})
SELECT time, %(id)s, {columns} FROM adopted a
WHERE NOT EXISTS (
  SELECT FROM {table} r WHERE r.equipment_id = %(id)s AND r.time = a.time AND r.time >= %(start)s AND r.time < %(end)s
)
ORDER BY time;

-- name: filled_rows
SELECT count(*), min(time), max(time) FROM adopted;

-- name: wait_as
-- A machine has got another kind; the old one stays on the list while another machine of the gateway has it.
WITH gone AS (
  DELETE FROM store.pending_signal p WHERE gateway = %(gateway)s AND kind = %(old)s
    AND NOT EXISTS (SELECT FROM reading.equipment e WHERE e.gateway = p.gateway AND e.kind = p.kind)
)
INSERT INTO store.pending_signal (gateway, kind, signal, first_seen, last_seen)
SELECT gateway, %(new)s, signal, first_seen, last_seen FROM store.pending_signal WHERE gateway = %(gateway)s AND kind = %(old)s
ON CONFLICT (gateway, kind, signal) DO UPDATE SET adopted_at = NULL;
