-- name: add_key
INSERT INTO usage.key (key_id, public_key) VALUES (substr(encode(sha256(%(key)s), 'hex'), 1, 16), %(key)s)
ON CONFLICT (key_id) DO NOTHING;

-- name: keys
SELECT key_id, public_key FROM usage.key;

-- name: add
INSERT INTO usage.statement (equipment_id, number, day, text, previous_hash, hash, signature, key_id, seen_at)
VALUES (%(equipment_id)s, %(number)s, %(day)s, %(text)s, %(previous_hash)s, %(hash)s, %(signature)s, %(key_id)s, %(seen_at)s);

-- name: chain
SELECT equipment_id, number, day, text, previous_hash, hash, signature, key_id, seen_at, made_at
FROM usage.statement
WHERE equipment_id = %(id)s AND number > %(after)s
ORDER BY number LIMIT %(limit)s;

-- name: newest
SELECT DISTINCT ON (equipment_id)
  equipment_id, number, day, text, previous_hash, hash, signature, key_id, seen_at, made_at
FROM usage.statement
WHERE equipment_id = ANY (%s::int4[])
ORDER BY equipment_id, number DESC;

-- name: last_shown
SELECT DISTINCT ON (s.equipment_id, counter)
  s.equipment_id, counter, s.text::jsonb ->> (counter || '_at_end'),
  (SELECT max(seen.seen_at) FROM usage.statement seen WHERE seen.equipment_id = s.equipment_id)
FROM usage.statement s CROSS JOIN unnest(%(counters)s::text[]) AS counter
WHERE s.equipment_id = ANY (%(ids)s::int4[]) AND s.text::jsonb ->> (counter || '_at_end') IS NOT NULL
ORDER BY s.equipment_id, counter, s.number DESC;

-- name: chains_found
-- A machine that was merged into another one keeps the chain that it had under its own name.
FROM reading.equipment own
JOIN reading.equipment e ON e.id = coalesce(own.same_as, own.id)
JOIN LATERAL (
  SELECT s.number, s.day, s.hash, s.key_id, s.made_at FROM usage.statement s WHERE s.equipment_id = own.id
  ORDER BY s.number DESC LIMIT 1
) AS newest ON true
WHERE (%(id)s::int4 IS NULL OR own.id = %(id)s)
  AND (%(gateways)s::text[] IS NULL OR e.gateway = ANY (%(gateways)s::text[]))
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', own.gateway, own.name)), lower(%(search)s)) > 0)

-- name: count_chains
SELECT count(*) {found};

-- name: list_chains
SELECT own.id, own.gateway, own.name, newest.number,
  (SELECT s.day FROM usage.statement s WHERE s.equipment_id = own.id ORDER BY s.number LIMIT 1),
  newest.day, newest.hash, newest.key_id, newest.made_at
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;
