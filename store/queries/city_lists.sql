-- name: enterprises_found
-- The lateral join reads one index row a snapshot of the newest ones; there is one of these for each area that is counted.
FROM city.enterprise e
LEFT JOIN LATERAL (
  SELECT s.id, s.last_day, c.counted, c.is_on_cloud, c.is_new
  FROM (
    SELECT DISTINCT ON (area) id, last_day FROM city.snapshot one
    WHERE NOT EXISTS (SELECT FROM city.snapshot later WHERE later.replaces = one.id)
    ORDER BY area, last_day DESC, id DESC
  ) s
  JOIN city.snapshot_enterprise c ON c.snapshot_id = s.id AND c.uscc = e.uscc
  ORDER BY s.last_day DESC, s.id DESC LIMIT 1
) newest ON true
WHERE (%(uscc)s::text IS NULL OR e.uscc = %(uscc)s)
  AND (%(with_retired)s OR e.retired_at IS NULL)
  AND (%(area)s::text IS NULL OR e.area IN (
    WITH RECURSIVE below AS (
      SELECT code FROM city.area WHERE code = %(area)s
      UNION
      SELECT a.code FROM city.area a JOIN below b ON a.parent = b.code
    )
    SELECT code FROM below))
  AND (%(department)s::text IS NULL OR e.department = %(department)s)
  AND (%(is_for_review)s::boolean IS NULL OR (e.code_state = 'for_review') = %(is_for_review)s)
  AND (%(kind)s::text IS NULL OR EXISTS (
    SELECT FROM city.machine m WHERE m.uscc = e.uscc AND m.kind = %(kind)s AND m.retired_at IS NULL))
  AND (%(label)s::text IS NULL OR EXISTS (
    SELECT FROM city.enterprise_label l
    WHERE l.uscc = e.uscc AND l.label = %(label)s AND l.valid_from <= %(day)s AND (l.valid_to IS NULL OR %(day)s <= l.valid_to)))
  AND (%(count)s::text IS NULL OR %(count)s = CASE
    WHEN newest.id IS NULL THEN 'not_counted' WHEN newest.is_on_cloud THEN 'on_cloud' ELSE 'not_on_cloud' END)
  AND (%(search)s = '' OR strpos(lower(concat_ws(' ', e.name, e.uscc)), lower(%(search)s)) > 0)

-- name: count_enterprises
SELECT count(*) {found};

-- name: list_enterprises
SELECT e.uscc, e.name, e.area, e.department, e.head_uscc, e.sector, e.industry, e.code_state, e.registered_at, e.retired_at,
  (SELECT count(*) FROM city.machine m WHERE m.uscc = e.uscc AND m.retired_at IS NULL) AS machines,
  ARRAY(
    SELECT DISTINCT l.label FROM city.enterprise_label l
    WHERE l.uscc = e.uscc AND l.valid_from <= %(day)s AND (l.valid_to IS NULL OR %(day)s <= l.valid_to) ORDER BY l.label),
  newest.id, newest.counted, newest.is_on_cloud, newest.is_new
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: machines_found
FROM city.machine m
LEFT JOIN LATERAL (
  SELECT s.id, c.equipment_id, c.state, c.lost_at, c.reason
  FROM (
    SELECT DISTINCT ON (area) id, last_day FROM city.snapshot one
    WHERE NOT EXISTS (SELECT FROM city.snapshot later WHERE later.replaces = one.id)
    ORDER BY area, last_day DESC, id DESC
  ) s
  JOIN city.snapshot_machine c ON c.snapshot_id = s.id AND c.machine_id = m.id
  ORDER BY s.last_day DESC, s.id DESC LIMIT 1
) newest ON true
LEFT JOIN reading.equipment own ON m.gateway <> '' AND own.gateway = m.gateway AND own.name = m.equipment_name
WHERE m.uscc = %(uscc)s AND (%(with_retired)s OR m.retired_at IS NULL)

-- name: count_machines
SELECT count(*) {found};

-- name: list_machines
SELECT m.id, m.kind, m.label, m.maker, m.model, m.serial_number, m.registration_code, m.made_year, m.place, m.gateway,
  m.equipment_name, m.is_simulator, m.retired_at,
  m.nameplate_key <> '' AND m.retired_at IS NULL AND EXISTS (
    SELECT FROM city.machine twin WHERE twin.nameplate_key = m.nameplate_key AND twin.nameplate_key <> '' AND twin.retired_at IS NULL
      AND twin.id <> m.id),
  coalesce(own.same_as, own.id, newest.equipment_id), newest.id, newest.state, newest.lost_at, newest.reason
{found}
ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s;

-- name: labels
SELECT uscc, label, level, form, valid_from, valid_to, document, recorded_by FROM city.enterprise_label
WHERE uscc = %s ORDER BY valid_from DESC, id DESC;

-- name: declarations
SELECT uscc, year, kind, machines, declared_on, document FROM city.declaration WHERE uscc = %s ORDER BY year DESC, kind;

-- name: gateways
SELECT g.name, g.certificate_sha256, g.is_simulator, g.enrolled_at, g.enrolled_by, g.revoked_at,
  (SELECT count(*) FROM city.machine m WHERE m.gateway = g.name AND m.retired_at IS NULL)
FROM city.gateway g WHERE g.uscc = %s ORDER BY g.name;

-- name: branches
SELECT uscc, name FROM city.enterprise WHERE head_uscc = %s ORDER BY name, uscc;

-- name: machine_owner
SELECT uscc FROM city.machine WHERE id = %s;
