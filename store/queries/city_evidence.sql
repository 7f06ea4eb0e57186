-- name: machine
SELECT m.id, m.uscc, e.name, e.area, e.code_state, m.kind, m.label, m.maker, m.model, m.serial_number, m.nameplate_key, m.registration_code,
  m.made_year, m.place, m.gateway, m.equipment_name, m.is_simulator, m.registered_at, m.registered_by, m.retired_at
FROM city.machine m JOIN city.enterprise e USING (uscc)
WHERE m.id = %s;

-- name: twins
-- Other standing machines with the same nameplate.
SELECT m.id, m.uscc, e.name, m.label, m.registered_at
FROM city.machine m JOIN city.enterprise e USING (uscc)
WHERE m.nameplate_key = %(nameplate_key)s AND m.nameplate_key <> '' AND m.id <> %(machine)s AND m.retired_at IS NULL
ORDER BY m.id LIMIT 100;

-- name: gateway
SELECT g.name, g.uscc, g.certificate_sha256, g.is_simulator, g.enrolled_at, g.enrolled_by, g.revoked_at,
  ARRAY(SELECT o.name FROM city.gateway o WHERE o.certificate_sha256 = g.certificate_sha256 AND o.name <> g.name ORDER BY o.name LIMIT 100)
FROM city.gateway g WHERE g.name = %s;

-- name: newest_day
SELECT max(day) FROM city.day_fact WHERE equipment_id = %s;

-- name: holds
SELECT id, reason, placed_at, placed_by, released_at, released_by FROM city.hold WHERE machine_id = %s
ORDER BY placed_at DESC, id DESC LIMIT 200;
