-- name: machines
-- An area stands for all areas below it; machines without readings are judged by what is registered alone.
WITH RECURSIVE below AS (
  SELECT code FROM city.area WHERE code = %(area)s
  UNION SELECT a.code FROM city.area a JOIN below b ON a.parent = b.code
)
SELECT m.id, m.uscc, n.name, m.kind, m.label, m.maker, m.model, m.serial_number, m.nameplate_key, m.registration_code, m.gateway,
  m.equipment_name, m.is_simulator, coalesce(g.is_simulator, false), m.registered_at, coalesce(e.same_as, e.id), e.kind
FROM city.machine m
JOIN city.enterprise n USING (uscc)
LEFT JOIN city.gateway g ON g.name = m.gateway
LEFT JOIN reading.equipment e ON e.gateway = m.gateway AND e.name = m.equipment_name
WHERE m.retired_at IS NULL
  AND (%(area)s::text IS NULL OR n.area IN (SELECT code FROM below))
  AND (%(machine_id)s::int4 IS NULL OR m.id = %(machine_id)s)
ORDER BY m.id;

-- name: row_times
SELECT time FROM {source} WHERE equipment_id = %(equipment_id)s AND time >= %(start)s AND time < %(end)s ORDER BY time LIMIT %(limit)s;

-- name: raise
-- What a person has decided on is not raised again for a span that began before the end of what was judged.
INSERT INTO city.suspicion AS s (machine_id, method, score, threshold, since, until, found_at, other_machine_id, explanation, evidence)
SELECT %(machine_id)s, %(method)s, %(score)s, %(threshold)s, %(since)s, %(until)s, %(now)s, %(other)s, %(explanation)s::jsonb,
  %(evidence)s::jsonb
WHERE NOT EXISTS (
  SELECT FROM city.suspicion d
  WHERE d.machine_id = %(machine_id)s AND d.method = %(method)s AND d.state <> 'open' AND d.until > %(since)s)
ON CONFLICT (machine_id, method) WHERE state = 'open' DO UPDATE SET
  (score, threshold, since, until, other_machine_id, explanation, evidence) = (
    excluded.score, excluded.threshold, least(s.since, excluded.since), greatest(s.until, excluded.until), excluded.other_machine_id,
    excluded.explanation, excluded.evidence)
RETURNING s.id, s.xmax = 0;

-- name: suspicions_found
FROM city.suspicion s
JOIN city.machine m ON m.id = s.machine_id
JOIN city.enterprise n USING (uscc)
LEFT JOIN city.machine o ON o.id = s.other_machine_id
LEFT JOIN city.enterprise p ON p.uscc = o.uscc
WHERE (%(id)s::int4 IS NULL OR s.id = %(id)s)
  AND (%(machine_id)s::int4 IS NULL OR s.machine_id = %(machine_id)s)
  AND (%(states)s::text[] IS NULL OR s.state = ANY (%(states)s::text[]))
  AND (%(methods)s::text[] IS NULL OR s.method = ANY (%(methods)s::text[]))
  AND (%(area)s::text IS NULL OR n.area IN (
    WITH RECURSIVE below AS (
      SELECT code FROM city.area WHERE code = %(area)s
      UNION SELECT a.code FROM city.area a JOIN below b ON a.parent = b.code)
    SELECT code FROM below))
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', n.name, n.uscc, m.label, m.serial_number)), lower(%(search)s)) > 0)

-- name: count_suspicions
SELECT count(*) {found};

-- name: list_suspicions
SELECT s.id, s.machine_id, s.method, s.score, s.threshold, s.since, s.until, s.found_at, s.explanation,
  CASE WHEN %(with_evidence)s THEN s.evidence ELSE '[]'::jsonb END, s.state, s.decided_at, s.decided_by, s.note, m.label, m.kind, n.uscc,
  n.name, n.area, s.other_machine_id, coalesce(o.label, ''), coalesce(p.name, ''),
  EXISTS (SELECT FROM city.hold h WHERE h.machine_id = s.machine_id AND h.released_at IS NULL)
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: decide
UPDATE city.suspicion SET state = %(state)s, decided_at = %(now)s, decided_by = %(actor)s, note = %(note)s
WHERE id = %(id)s AND state = 'open' RETURNING machine_id, method;

-- name: state_of
SELECT state, decided_by FROM city.suspicion WHERE id = %s;

-- name: place_hold
INSERT INTO city.hold (machine_id, reason, placed_at, placed_by) VALUES (%(machine_id)s, %(reason)s, %(now)s, %(actor)s)
ON CONFLICT (machine_id) WHERE released_at IS NULL DO NOTHING RETURNING id;

-- name: release_hold
UPDATE city.hold SET released_at = %(now)s, released_by = %(actor)s WHERE machine_id = %(machine_id)s AND released_at IS NULL RETURNING id;

-- name: is_machine
SELECT EXISTS (SELECT FROM city.machine WHERE id = %s);
