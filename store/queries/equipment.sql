-- name: list
SELECT id, gateway, name, kind, first_seen FROM reading.equipment ORDER BY gateway, name;

-- name: get
SELECT id, gateway, name, kind, first_seen FROM reading.equipment WHERE id = %s;

-- name: find
SELECT id, gateway, name, kind, first_seen FROM reading.equipment WHERE gateway = %s AND name = %s;

-- name: look_up
SELECT e.gateway, e.name, e.id, e.kind
FROM unnest(%s::text[], %s::text[]) AS wanted (gateway, name) JOIN reading.equipment e USING (gateway, name);

-- name: register
-- Sorted, so that two workers that meet the same new machines do not wait for each other in a ring.
INSERT INTO reading.equipment (gateway, name, kind)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (gateway, name, kind) ORDER BY 1, 2
ON CONFLICT (gateway, name) DO UPDATE SET kind = excluded.kind WHERE equipment.kind = '' AND excluded.kind <> '';

-- name: look_up_signals
SELECT name, id FROM reading.other_signal WHERE name = ANY (%s);

-- name: register_signals
INSERT INTO reading.other_signal (name) SELECT * FROM unnest(%s::text[]) AS new (name) ORDER BY 1 ON CONFLICT DO NOTHING;
