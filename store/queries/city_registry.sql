-- name: save_area
INSERT INTO city.area (code, parent, level, label_zh, label_en, division_codes, valid_from, valid_to, successor, source)
VALUES (%(code)s, %(parent)s, %(level)s, %(label_zh)s, %(label_en)s, %(division_codes)s, %(valid_from)s, %(valid_to)s, %(successor)s,
  %(source)s)
ON CONFLICT (code) DO UPDATE SET (parent, level, label_zh, label_en, division_codes, valid_from, valid_to, successor, source) = (
  excluded.parent, excluded.level, excluded.label_zh, excluded.label_en, excluded.division_codes, excluded.valid_from,
  excluded.valid_to, excluded.successor, excluded.source);

-- name: areas
SELECT code, parent, level, label_zh, label_en, division_codes, valid_from, valid_to, successor, source FROM city.area ORDER BY code;

-- name: save_department
INSERT INTO city.department (code, area, label_zh, label_en, aliases, source)
VALUES (%(code)s, %(area)s, %(label_zh)s, %(label_en)s, %(aliases)s, %(source)s)
ON CONFLICT (code) DO UPDATE SET (area, label_zh, label_en, aliases, source) = (
  excluded.area, excluded.label_zh, excluded.label_en, excluded.aliases, excluded.source);

-- name: departments
SELECT code, area, label_zh, label_en, aliases, source FROM city.department ORDER BY area, code;

-- name: add_enterprise
INSERT INTO city.enterprise (uscc, name, area, department, head_uscc, sector, industry, industry_edition, is_independent, address,
  contact, code_state, code_problem, verified_by, verified_on, registered_by)
VALUES (%(uscc)s, %(name)s, %(area)s, %(department)s, %(head_uscc)s, %(sector)s, %(industry)s, %(industry_edition)s,
  %(is_independent)s, %(address)s, %(contact)s, %(code_state)s, %(code_problem)s, %(verified_by)s, %(verified_on)s, %(registered_by)s)
ON CONFLICT (uscc) DO NOTHING RETURNING uscc;

-- name: enterprise
SELECT uscc, name, area, department, head_uscc, sector, industry, industry_edition, is_independent, address, contact, code_state,
  code_problem, verified_by, verified_on, registered_at, registered_by, retired_at
FROM city.enterprise WHERE uscc = %s;

-- name: add_gateway
INSERT INTO city.gateway (name, uscc, certificate_sha256, is_simulator, enrolled_by)
VALUES (%(name)s, %(uscc)s, %(certificate_sha256)s, %(is_simulator)s, %(enrolled_by)s)
ON CONFLICT (name) DO NOTHING RETURNING name;

-- name: add_machine
INSERT INTO city.machine (uscc, kind, label, maker, model, serial_number, nameplate_key, registration_code, made_year, place, gateway,
  equipment_name, is_simulator, registered_by)
VALUES (%(uscc)s, %(kind)s, %(label)s, %(maker)s, %(model)s, %(serial_number)s, %(nameplate_key)s, %(registration_code)s,
  %(made_year)s, %(place)s, %(gateway)s, %(equipment_name)s, %(is_simulator)s, %(registered_by)s)
RETURNING id;

-- name: labels_in_force
SELECT uscc, label, level, form, valid_from, valid_to, document, recorded_by FROM city.enterprise_label
WHERE uscc = %(uscc)s AND valid_from <= %(day)s AND (valid_to IS NULL OR %(day)s <= valid_to)
ORDER BY label, valid_from, id;

-- name: count_labelled
WITH RECURSIVE inside AS (
  SELECT code FROM city.area WHERE code = %(area)s
  UNION
  SELECT a.code FROM city.area a JOIN inside ON a.parent = inside.code
)
SELECT count(DISTINCT l.uscc) FROM city.enterprise_label l
JOIN city.enterprise e ON e.uscc = l.uscc
WHERE l.label = %(label)s AND l.valid_from <= %(day)s AND (l.valid_to IS NULL OR %(day)s <= l.valid_to)
  AND (%(level)s::text IS NULL OR l.level = %(level)s)
  AND (%(form)s::text IS NULL OR l.form = %(form)s)
  AND (%(area)s::text IS NULL OR e.area IN (SELECT code FROM inside))
  AND e.retired_at IS NULL;

-- name: retire_enterprise
UPDATE city.enterprise SET retired_at = now() WHERE uscc = %(uscc)s AND retired_at IS NULL RETURNING uscc;

-- name: retire_machines_of
UPDATE city.machine SET retired_at = now() WHERE uscc = %(uscc)s AND retired_at IS NULL;

-- name: lock_retired_enterprise
SELECT retired_at FROM city.enterprise WHERE uscc = %(uscc)s AND retired_at IS NOT NULL FOR UPDATE;

-- name: reinstate_machines_of
UPDATE city.machine SET retired_at = NULL WHERE uscc = %(uscc)s AND retired_at = %(retired_at)s;

-- name: reinstate_enterprise
UPDATE city.enterprise SET retired_at = NULL WHERE uscc = %(uscc)s;

-- name: retire_machine
UPDATE city.machine SET retired_at = now() WHERE id = %(id)s AND retired_at IS NULL RETURNING id;

-- name: reinstate_machine
UPDATE city.machine m SET retired_at = NULL FROM city.enterprise e
WHERE m.id = %(id)s AND m.retired_at IS NOT NULL AND e.uscc = m.uscc AND e.retired_at IS NULL RETURNING m.id;
