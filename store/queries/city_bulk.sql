-- name: lock
-- One import, enrolment or registration after the other, so that what was looked up still holds when it is written.
SELECT pg_advisory_xact_lock(hashtext('city registry'));

-- name: enterprises
SELECT uscc, name, area, department, head_uscc, sector, industry, industry_edition, is_independent, address, contact, code_state,
  code_problem, verified_by, verified_on, registered_at, registered_by, retired_at
FROM city.enterprise WHERE uscc = ANY (%(usccs)s);

-- name: branch_heads
SELECT DISTINCT head_uscc FROM city.enterprise WHERE head_uscc = ANY (%(usccs)s);

-- name: save_enterprises
INSERT INTO city.enterprise AS e (uscc, name, area, department, head_uscc, sector, industry, industry_edition, is_independent, address,
  contact, code_state, code_problem, verified_by, verified_on, registered_by)
SELECT uscc, name, area, department, head_uscc, sector, industry, industry_edition, is_independent, address, contact, code_state,
  code_problem, verified_by, verified_on, registered_by
FROM json_populate_recordset(NULL::city.enterprise, %(rows)s::json)
ON CONFLICT (uscc) DO UPDATE SET (name, area, department, head_uscc, sector, industry, industry_edition, is_independent, address,
  contact, code_state, code_problem, verified_by, verified_on) = (
  excluded.name, excluded.area, excluded.department, excluded.head_uscc, excluded.sector, excluded.industry,
  excluded.industry_edition, excluded.is_independent, excluded.address, excluded.contact, excluded.code_state,
  excluded.code_problem, excluded.verified_by, excluded.verified_on);

-- name: machines
-- Of these enterprises, with these nameplates, or with readings that these gateways bring.
SELECT id, uscc, kind, label, maker, model, serial_number, nameplate_key, registration_code, made_year, place, gateway, equipment_name,
  is_simulator, registered_by
FROM city.machine
WHERE retired_at IS NULL AND (uscc = ANY (%(usccs)s) OR (nameplate_key <> '' AND nameplate_key = ANY (%(keys)s))
  OR (gateway <> '' AND gateway = ANY (%(gateways)s)))
ORDER BY id;

-- name: add_machines
INSERT INTO city.machine (uscc, kind, label, maker, model, serial_number, nameplate_key, registration_code, made_year, place, gateway,
  equipment_name, is_simulator, registered_by)
SELECT uscc, kind, label, maker, model, serial_number, nameplate_key, registration_code, made_year, place, gateway, equipment_name,
  is_simulator, registered_by
FROM json_populate_recordset(NULL::city.machine, %(rows)s::json);

-- name: change_machines
UPDATE city.machine m SET (kind, label, maker, model, serial_number, nameplate_key, registration_code, made_year, place, gateway,
  equipment_name, is_simulator) = (r.kind, r.label, r.maker, r.model, r.serial_number, r.nameplate_key, r.registration_code,
  r.made_year, r.place, r.gateway, r.equipment_name, r.is_simulator)
FROM json_populate_recordset(NULL::city.machine, %(rows)s::json) r WHERE m.id = r.id;

-- name: labels
SELECT id, uscc, label, level, form, valid_from, valid_to, document, recorded_by
FROM city.enterprise_label WHERE uscc = ANY (%(usccs)s) ORDER BY id;

-- name: add_labels
INSERT INTO city.enterprise_label (uscc, label, level, form, valid_from, valid_to, document, recorded_by)
SELECT uscc, label, level, form, valid_from, valid_to, document, recorded_by
FROM json_populate_recordset(NULL::city.enterprise_label, %(rows)s::json);

-- name: change_labels
UPDATE city.enterprise_label l SET (valid_to, document) = (r.valid_to, r.document)
FROM json_populate_recordset(NULL::city.enterprise_label, %(rows)s::json) r WHERE l.id = r.id;

-- name: declarations
SELECT uscc, year, kind, machines, declared_on, document FROM city.declaration WHERE uscc = ANY (%(usccs)s);

-- name: save_declarations
INSERT INTO city.declaration (uscc, year, kind, machines, declared_on, document)
SELECT uscc, year, kind, machines, declared_on, document FROM json_populate_recordset(NULL::city.declaration, %(rows)s::json)
ON CONFLICT (uscc, year, kind) DO UPDATE SET (machines, declared_on, document) = (
  excluded.machines, excluded.declared_on, excluded.document);

-- name: gateways
SELECT name, uscc, certificate_sha256, is_simulator, enrolled_by, enrolled_at, revoked_at FROM city.gateway
WHERE name = ANY (%(names)s) OR certificate_sha256 = ANY (%(certificates)s);

-- name: save_gateways
-- A gateway that is there already has a new certificate, and has been let in again where it was shut out.
INSERT INTO city.gateway (name, uscc, certificate_sha256, is_simulator, enrolled_by)
SELECT name, uscc, decode(certificate_sha256, 'hex'), is_simulator, enrolled_by
FROM json_to_recordset(%(rows)s::json) AS r (
  name text, uscc text, certificate_sha256 text, is_simulator boolean, enrolled_by text)
ON CONFLICT (name) DO UPDATE SET (uscc, certificate_sha256, is_simulator, revoked_at) = (
  excluded.uscc, excluded.certificate_sha256, excluded.is_simulator, NULL);

-- name: revoke_gateway
UPDATE city.gateway SET revoked_at = now() WHERE name = %(name)s AND revoked_at IS NULL RETURNING uscc;
